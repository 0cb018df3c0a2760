"""How sessions end that have a finding, against those that could have it and do not.

A wording or a pattern is not a harm by itself: whether it does any is told by what the sessions came to.
The outcome is what people, checks or judges say of them: for each assessment that passes or fails traces,
a session ends badly if any of its traces fails it. Where nothing says so, a session ends badly if its
last trace failed. Contrasts are by session, so that Fisher's exact test holds, with Newcombe's interval;
their p-values enter the one correction of the report, and they are reported whether they differ or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.evidence.prevalence import Places, places_in
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import OutcomeContrast
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Outcome
from mlflow_analysis.hypotheses.quality.failing_assessment import verdicts
from mlflow_analysis.statistics.exact import fisher_p
from mlflow_analysis.statistics.intervals import Interval, newcombe
from mlflow_analysis.statistics.multiple_testing import FALSE_DISCOVERY_RATE, told

FEWEST_SESSIONS = 5
"""So many sessions with and without the finding must have the outcome recorded."""
MOST_ASSESSMENTS = 3
"""The assessments that cover most sessions; more would only cost power."""
LAST_TRACE_FAILED = "the last trace failed"
WORSE, BETTER = "associated with worse outcomes", "associated with better outcomes"
NONE_SHOWN = "no association shown"


@dataclass(frozen=True)
class Recorded:
    """One outcome of the sessions."""

    name: str
    """What counts as ending badly."""
    kind: Outcome
    assessment: str
    """Its name, "" for the state."""
    known: npt.NDArray[np.bool_]
    """By session code."""
    bad: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Contrasted:
    """A contrast before correction for the number of tests."""

    outcome: str
    rates: tuple[float, float]
    """With the finding, without it."""
    sessions: tuple[int, int]
    interval: Interval
    p_value: float

    def corrected(self, q_value: float) -> OutcomeContrast:
        """As a finding carries it."""
        difference = self.rates[0] - self.rates[1]
        clear = q_value < FALSE_DISCOVERY_RATE
        return OutcomeContrast(
            outcome=self.outcome,
            rate_with=self.rates[0],
            rate_without=self.rates[1],
            sessions_with=self.sessions[0],
            sessions_without=self.sessions[1],
            difference=difference,
            interval=self.interval,
            p_value=self.p_value,
            q_value=q_value,
            association=(WORSE if difference > 0 else BETTER) if clear else NONE_SHOWN,
        )


class Outcomes:
    """The outcomes of an experiment's sessions."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._codes = features.session_codes
        self._sessions = int(self._codes.max()) + 1 if len(self._codes) else 0
        self.recorded = self._assessed() or self._states()

    def contrasts(
        self, hypothesis: Hypothesis, case: Case, could_show: Places, affected: Places
    ) -> tuple[Contrasted, ...]:
        """Of the sessions of the affected traces with the others that could have shown it.

        Both are told by where traces stand in the table of traces.
        Nothing for outcomes that the claim itself is about, and for what the user asks.
        """
        told = [
            each
            for each in self.recorded
            if each.kind not in hypothesis.is_outcome and each.assessment != (case.subject or None)
        ]
        if not told or hypothesis.category is Category.USER:
            return ()
        could = self._of(could_show)
        has = self._of(affected) & could
        found = []
        for each in told:
            inside, outside = each.bad[has & each.known], each.bad[could & ~has & each.known]
            if min(len(inside), len(outside)) < FEWEST_SESSIONS:
                continue
            k1, n1, k2, n2 = int(inside.sum()), len(inside), int(outside.sum()), len(outside)
            p_value = float(fisher_p(k1, n1, k1 + k2, n1 + n2, two_sided=True)[0])
            rates = (k1 / n1, k2 / n2)
            found.append(Contrasted(each.name, rates, (n1, n2), newcombe(k1, n1, k2, n2), p_value))
        return tuple(found)

    def _of(self, places: Places) -> npt.NDArray[np.bool_]:
        """Which sessions hold any of the traces at these places; those of no known trace are -1."""
        chosen = np.zeros(self._sessions, dtype=bool)
        chosen[self._codes[places[places >= 0]]] = True
        return chosen

    def _at(self, trace_ids: pd.Series | pd.Index) -> Places:
        return places_in(self._features.traces.index, trace_ids)

    def _assessed(self) -> list[Recorded]:
        said = verdicts(self._features)
        found = []
        for name, rows in said.groupby("name", sort=True):
            known = self._of(self._at(rows["trace_id"]))
            bad = self._of(self._at(rows.loc[~rows["good"].astype(bool), "trace_id"]))
            if bad.any() and (known & ~bad).any():
                found.append(Recorded(f"{name} fails", Outcome.ASSESSMENTS, str(name), known, bad))
        found.sort(key=lambda each: -int(each.known.sum()))
        return found[:MOST_ASSESSMENTS]

    def _states(self) -> list[Recorded]:
        ended = self._features.complete
        last = ended.index[~ended.duplicated("session", keep="last")]
        failed = ended["failed"].astype(bool).reindex(last)
        known = self._of(self._at(last))
        bad = self._of(self._at(last[failed.to_numpy()]))
        if not bad.any() or not (known & ~bad).any():
            return []
        return [Recorded(LAST_TRACE_FAILED, Outcome.STATE, "", known, bad)]


def harm_in_words(contrasts: tuple[OutcomeContrast, ...]) -> str:
    """What a claim about wording may say of harm, as a sentence."""
    if not contrasts:
        return (
            "The pattern is present; no outcome is recorded that could tell whether it does harm."
        )
    for association, words in ((WORSE, "worse"), (BETTER, "better")):
        clear = next((each for each in contrasts if each.association == association), None)
        if clear is not None:
            return (
                f"It is associated with {words} outcomes: {clear.outcome} in {clear.rate_with:.1%} of "
                f"sessions with it and {clear.rate_without:.1%} of those without ({told(clear.q_value)})."
            )
    each_told = "; ".join(f"{each.outcome}: {told(each.q_value)}" for each in contrasts)
    return f"No association with outcomes is shown ({each_told})."
