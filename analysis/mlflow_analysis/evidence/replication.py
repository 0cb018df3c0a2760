"""Form a claim on one half of the sessions, decide it on the other.

A claim about a tool, a model, a topic or a window of time is *formed from the data*: nobody named its
subject beforehand, so the traces that raise it must not also be the ones that prove it. The sessions are
split once, by a hash of their names, so that a session stays in its half however the experiment grows.

With ``ENOUGH_TRACES`` traces or more:

- *formed*: on the first half the estimate (of the effect, or of the share for claims about a share) is
  above the minimum effect of interest. The second half is not looked at.
- *decided*: for a claim that was formed, by the second half alone: its interval, and its p-value, which is
  the one that enters the correction for many tests. All formed claims are tested, also the hopeless ones,
  so what is in the family of tests does not depend on the second half.
- A claim that was not formed is never confirmed. It is refuted if the interval over all traces says so.
- Counts, interval and effect that are shown are of all traces.

With fewer traces the split would cost too much power: the claim is tested on all of them.

In both cases the finding says whether it *replicates*: whether the estimates of both halves are above the
minimum effect. Recorded facts (``Rule.FACT``) and what the user asks were not formed from the data.

Cox (1975), Biometrika 62:441 (data splitting); Dahl et al. (2008), Biostatistics 9:441 (power of it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.evidence.prevalence import Figures, Flags, Places, prevalence
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule

ENOUGH_TRACES = 500


@dataclass(frozen=True)
class Halves:
    """Which units are of the first half, and whether the second is kept from forming claims."""

    first: Flags
    held_out: bool


@dataclass(frozen=True)
class HalfCase:
    """A case as one half of the sessions shows it, without the units."""

    case: Case
    counted: Figures

    def shown(self, hypothesis: Hypothesis) -> bool:
        """Whether the half's estimate is above the minimum effect."""
        return estimate(hypothesis, self.case, self.counted) > hypothesis.minimum_effect


@dataclass(frozen=True)
class Replication:
    """What the two halves say of a claim that was formed from the data."""

    held_out: bool
    formed: bool
    """Whether the first half shows it."""
    replicates: bool
    """Whether both do."""
    decided: HalfCase | None
    """The second half, where it decides and can tell."""


def formed_from_data(hypothesis: Hypothesis, case: Case) -> bool:
    """Whether nobody could have named the subject before seeing the traces."""
    if hypothesis.rule is Rule.FACT or hypothesis.category is Category.USER:
        return False
    return hypothesis.formed_from_data or bool(case.subject)


def in_first_half(sessions: npt.NDArray[np.object_]) -> Flags:
    """Whether each session is of the first half: by a bit of the hash of its name."""
    codes, names = pd.factorize(sessions)
    bits = np.array(
        [hashlib.sha256(str(name).encode("utf-8", "replace")).digest()[0] & 1 for name in names],
        dtype=bool,
    )
    return bits[codes] if len(names) else np.zeros(0, dtype=bool)


def estimate(hypothesis: Hypothesis, case: Case, counted: Figures) -> float:
    """The figure that the minimum effect is for: the effect, or the share. NaN if there is none."""
    if case.test_without_effect or not counted.eligible:
        return float("nan")
    if hypothesis.rule is Rule.EFFECT:
        return case.contrast.effect.value if case.contrast else float("nan")
    return counted.rate


class Split:
    """The tables of each half, and what a hypothesis says on them."""

    def __init__(self, features: Features) -> None:
        first = in_first_half(features.traces["session"].to_numpy(dtype=object))
        self.held_out = len(features.traces) >= ENOUGH_TRACES
        self._masks = (first, ~first)
        self._halves = [features.part(mask) for mask in self._masks]

    def halves(self, first: Places) -> Halves:
        """The half of each unit, of which ``first`` is the first trace (``Members.first``)."""
        return Halves(np.append(self._masks[0], False)[first], self.held_out)

    def replications(
        self, hypothesis: Hypothesis, cases: list[Case]
    ) -> dict[str, Replication | None]:
        """By subject; ``None`` for cases that were not formed from the data."""
        formed = {case.subject: formed_from_data(hypothesis, case) for case in cases}
        if not any(formed.values()):
            return dict.fromkeys(formed)
        first = self._on(0, hypothesis, hypothesis.estimates)
        raised = {
            subject: half.shown(hypothesis)
            for subject, half in first.items()
            if formed.get(subject)
        }
        second = self._on(1, hypothesis, hypothesis.cases) if any(raised.values()) else {}
        result: dict[str, Replication | None] = dict.fromkeys(formed)
        for subject in (each for each, is_formed in formed.items() if is_formed):
            other = second.get(subject)
            result[subject] = Replication(
                self.held_out,
                raised.get(subject, False),
                raised.get(subject, False) and other is not None and other.shown(hypothesis),
                other if self.held_out and raised.get(subject, False) else None,
            )
        return result

    def _on(
        self, half: int, hypothesis: Hypothesis, cases: Callable[[Features], Iterable[Case]]
    ) -> dict[str, HalfCase]:
        features = self._halves[half]
        if not len(features.traces) or not all(map(features.has, hypothesis.needs)):
            return {}
        return {
            case.subject: HalfCase(case.claim, prevalence(hypothesis, case, features).figures)
            for case in cases(features)
        }
