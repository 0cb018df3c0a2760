"""A claim of the user's own that a language model decides on, trace by trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

import pandas as pd

from mlflow_analysis.brief.focus import Focus
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.judged import JudgedTrace
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Documentation, Hypothesis, affected_rows


class JudgedClaim(Hypothesis):
    """Traces show what the user says, as a language model reads them.

    ## Why it matters
    The user asked: this claim was typed by a person who knows the application.

    ## Test
    Eligible: traces of a random sample of those that ended, of which the judge said yes or no. Affected: those
    of which it said yes. Their share is counted with its interval as every other; that of all traces is
    within it if the judge is right. The verdict is the judge's as far as the judge is: nothing checks it.

    ## Not flagged
    Traces of which the judge could not tell, and those that it did not answer for, count for neither side.

    ## Recommendation
    Read some of the traces that the judge names before you act on it: it may be wrong in the same way each time.

    ## Sources
    Zheng et al. 2023, Judging LLM-as-a-Judge, NeurIPS (agreement with people, and its biases).
    """

    category: ClassVar[Category] = Category.USER
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.05
    live: ClassVar[bool] = False
    focus: ClassVar[Focus]
    model: ClassVar[str]
    said: ClassVar[Mapping[str, JudgedTrace]]
    """By trace id, of those that were answered for."""
    drawn: ClassVar[int]
    objection: ClassVar[str]
    """What was not done, and why; "" if all was."""

    @classmethod
    def documentation(cls) -> Documentation:
        """As of all such claims, but the claim is what the user typed."""
        return replace(super().documentation(), claim=cls.focus.judge)

    def eligible(self, features: Features) -> pd.Index:
        """Traces of which the judge said yes or no."""
        decided = [each for each, said in self.said.items() if said.agrees is not None]
        return features.complete.index[features.complete.index.isin(decided)]

    def affected(self, features: Features) -> pd.DataFrame:
        """Those of which it said yes."""
        ids = self.eligible(features)
        ids = ids[[bool(self.said[each].agrees) for each in ids]]
        traces = features.traces.loc[ids]
        return affected_rows(
            ids,
            ids,
            traces["root_span_id"],
            traces["response"].str.slice(0, 700),
            [f"The judge: {self.said[each].rationale}" for each in ids],
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case; or why nothing was decided."""
        eligible, rows = self.eligible(features), self.affected(features)
        if not len(eligible):
            reason = self.objection or "the judge could not tell of any trace that it was shown"
            yield Case(eligible, rows, test_without_effect=_sentence(reason))
            return
        missing = f" Not done by the judge: {self.objection}." if self.objection else ""
        yield Case(
            eligible,
            rows,
            statement=f"By {self.model}, a language model, that was shown {self.drawn} of "
            f"{len(features.complete)} traces, drawn at random, and could tell of {len(eligible)}: "
            f"it is the judge's word, not the statistics'.{missing}",
        )


def judged_claim(
    focus: Focus,
    model: str = "",
    said: Mapping[str, JudgedTrace] | None = None,
    drawn: int = 0,
    objection: str = "",
) -> Hypothesis:
    """The hypothesis that counts what the judge ``said`` of ``focus``; without, it is not testable."""

    class Asked(JudgedClaim):
        id: ClassVar[str] = f"own-{focus.key}"
        title: ClassVar[str] = focus.claim

    Asked.__doc__ = JudgedClaim.__doc__
    Asked.focus, Asked.model, Asked.said = focus, model, said or {}
    Asked.drawn, Asked.objection = drawn, objection
    return Asked()


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."
