"""Answers within the time that people wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Outcome, affected_rows

_GOAL_MS = 10_000.0


class FastPath(Hypothesis):
    """Nearly all answers come within ten seconds.

    ## Why it matters
    Up to about ten seconds people keep their attention on the dialogue; an application that stays below
    can be used while thinking.

    ## Test
    Eligible: ended traces that did not fail. Affected (in the good sense): those of at most 10 s.
    Confirmed if the lower bound of the share (Wilson) is above 95 %.

    ## Not flagged
    Quick failures; batch jobs are judged by the same goal, reject the finding for them.

    ## Recommendation
    Make the present p95 the alert threshold, so that this stays true.

    ## Sources
    Miller 1968, Response time in man-computer conversational transactions, AFIPS. Nielsen 1993,
    Usability Engineering, ch. 5 (0.1, 1 and 10 s).
    """

    id: ClassVar[str] = "fast-path"
    title: ClassVar[str] = "Fast answers"
    category: ClassVar[Category] = Category.STRENGTH
    is_outcome = frozenset(Outcome)
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.95
    needs: ClassVar[frozenset[Field]] = frozenset({Field.DURATIONS, Field.DURATIONS_MEASURED})

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces that did not fail."""
        return pd.Index(_timed(features)["place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Those within the goal."""
        traces = _timed(features)
        fast = traces[traces["duration_ms"] <= _GOAL_MS]
        seconds = (fast["duration_ms"] / 1000).round(2).tolist()
        goal = f"{_GOAL_MS / 1000:.0f}"
        excerpts = {each: f"took {each} s" for each in set(seconds)}
        told = {
            each: f"The answer took {each} s, within the goal of {goal} s." for each in excerpts
        }
        return affected_rows(
            fast["place"],
            fast.index,
            fast["root_span_id"],
            list(map(excerpts.__getitem__, seconds)),
            list(map(told.__getitem__, seconds)),
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the p95."""
        duration = _timed(features)["duration_ms"]
        told = ""
        if len(duration):
            told = (
                f"Answers come within {_GOAL_MS / 1000:.0f} s; half of them within "
                f"{duration.median() / 1000:.1f} s, 95 % within {duration.quantile(0.95) / 1000:.1f} s."
            )
        yield Case(self.eligible(features), self.affected(features), statement=told)


def _timed(features: Features) -> pd.DataFrame:
    traces = features.complete[["place", "failed", "duration_ms", "root_span_id"]]
    return traces[~traces["failed"] & traces["duration_ms"].notna()]
