"""A tool that most of the waiting goes to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule
from mlflow_analysis.hypotheses.performance.critical_path import (
    NOTHING,
    dominance,
    model_calls,
    tool_calls,
)

_FELT_MS = 1_000.0
_OUT_OF_LINE = 3.0


class SlowTool(Hypothesis):
    """A tool takes out-of-line time on the critical path.

    ## Why it matters
    Time on the critical path is time the user waits: making this one tool faster makes the answer
    faster by as much.

    ## Test
    One case for each tool. Eligible: ended traces that call it, at least 10. A call is out of line if it
    lasts at least 1 s and either 3 times the tool's own median, or the tool's median is 3 times that of
    the other operations (the median over the medians of the other tools and of the models). The effect is
    the critical-path time of such calls, summed over the calling traces (cut at a trace's duration), over
    the sum of those traces' durations. Interval: 499 bootstrap resamples of whole sessions, 2.5th to
    97.5th percentile. Confirmed if its lower bound is above 25 %, refuted if its upper bound is below
    10 %. Affected: traces where such calls hold more than 25 %. Impact: a replay of the span trees with
    the out-of-line calls at the tool's own median.

    ## Not flagged
    A tool that takes much of a short trace but is as quick as the rest; time spent in parallel with
    something longer; models (slow-model); tools called in fewer than 10 traces.

    ## Recommendation
    Cache or index what it looks up, ask for less, batch, or start it earlier; give its slow tail a
    timeout and a fallback.

    ## Sources
    Kelley and Walker 1959, Critical-Path Planning and Scheduling. Nielsen 1993, Usability Engineering,
    ch. 5 (after 1 s the user's flow of thought is interrupted). Dean and Barroso 2013, The Tail at Scale.
    """

    id: ClassVar[str] = "slow-tool"
    title: ClassVar[str] = "Slow tool"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 0.25
    refuted_below: ClassVar[float | None] = 0.10
    needs: ClassVar[frozenset[Field]] = frozenset(
        {Field.TOOL_SPANS, Field.DURATIONS, Field.DURATIONS_MEASURED}
    )
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces that call a tool."""
        traces = features.complete
        return pd.Index(
            traces.loc[(traces["tool_calls"] > 0) & (traces["duration_ms"] > 0), "place"]
        )

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces that any tool dominates."""
        return pd.concat([case.affected for case in self.cases(features)] or [NOTHING])

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each tool, in order of the names."""
        calls, models = features.shared(tool_calls), features.shared(model_calls)
        medians, of_models = calls.medians(calls.ms), models.medians(models.ms)
        others = [np.append(np.delete(medians, n), of_models) for n in range(len(medians))]
        usual = np.array([np.median(each) if len(each) else np.inf for each in others], dtype=float)
        slower_than_rest = medians >= _OUT_OF_LINE * usual
        out_of_line = (calls.ms >= _FELT_MS) & (
            slower_than_rest[calls.code] | (calls.ms >= _OUT_OF_LINE * medians[calls.code])
        )
        why = [
            f"its median call takes {own:,.0f} ms, that of the other operations {rest:,.0f} ms"
            if slower
            else f"its slow calls take {_OUT_OF_LINE:,.0f} times its median of {own:,.0f} ms or more"
            for own, rest, slower in zip(medians, usual, slower_than_rest, strict=True)
        ]
        yield from dominance(features, calls, out_of_line, medians[calls.code], why)
