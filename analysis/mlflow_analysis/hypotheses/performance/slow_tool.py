"""A tool that most of the waiting goes to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Effect, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows
from mlflow_analysis.statistics.contrasts import share_of_total

_FEWEST_TRACES = 10
_FELT_MS = 1_000.0
_OUT_OF_LINE = 3.0
_DOMINATES = 0.25


class SlowTool(Hypothesis):
    """A tool takes out-of-line time on the critical path.

    ## Why it matters
    Time on the critical path is time the user waits: making this one tool faster makes the answer
    faster by as much.

    ## Test
    One case for each tool called in at least 10 traces. A call is out of line if it lasts at least 1 s and
    either 3 times the tool's own median, or the tool's median is 3 times that of the other operations
    (median over the medians of the other tools and the models). The effect is the share of the calling
    traces' duration that such calls hold on the critical path, with a cluster-bootstrap interval.
    Confirmed if its lower bound is above 25 %, refuted if its upper bound is below 10 %. Affected: traces
    where they hold more than 25 %.

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
        return traces.index[(traces["tool_calls"] > 0) & (traces["duration_ms"] > 0)]

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces that any tool dominates."""
        return pd.concat([case.affected for case in self.cases(features)] or [_none()])

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each tool, in order of the names."""
        calls = features.calls
        calls = calls[
            calls["trace_id"].isin(self.eligible(features)) & calls["duration_ms"].notna()
        ]
        medians = calls.groupby("tool")["duration_ms"].median()
        models = features.model_calls.groupby("model")["duration_ms"].median()
        for tool, of_tool in calls.groupby("tool", sort=True):
            others = pd.concat([medians.drop(tool), models]).dropna()
            usual = float(others.median()) if len(others) else float("inf")
            median = float(medians[tool])
            slower_than_rest = median >= _OUT_OF_LINE * usual
            out_of_line = (of_tool["duration_ms"] >= _FELT_MS) & (
                slower_than_rest | (of_tool["duration_ms"] >= _OUT_OF_LINE * median)
            )
            why = (
                f"its median call takes {median:.0f} ms, that of the other operations {usual:.0f} ms"
                if slower_than_rest
                else f"its slow calls take {_OUT_OF_LINE:.0f} times its median of {median:.0f} ms or more"
            )
            yield dominance(features, str(tool), of_tool, out_of_line, why)


def dominance(
    features: Features, subject: str, calls: pd.DataFrame, out_of_line: pd.Series, why: str
) -> Case:
    """The case that the ``out_of_line`` (bool) ones of ``calls`` hold much of their traces' critical path."""
    slow = calls[out_of_line]
    by_trace = slow.groupby("trace_id")["critical_ms"].sum()
    calling = features.complete.loc[features.complete.index.isin(calls["trace_id"])]
    part = by_trace.reindex(calling.index).fillna(0.0)
    whole = calling["duration_ms"]
    value, interval = share_of_total(
        part.clip(upper=whole), whole, calling["session"], seed=features.seed
    )
    share = part / whole
    dominated = share[share > _DOMINATES]
    longest = slow.sort_values("critical_ms", kind="stable").drop_duplicates(
        "trace_id", keep="last"
    )
    longest = longest.set_index("trace_id").reindex(dominated.index)
    ms = longest["duration_ms"].round().astype("Int64").astype(str)
    rows = affected_rows(
        dominated.index,
        dominated.index,
        longest["span_id"],
        subject
        + " took "
        + ms
        + " ms of "
        + whole.reindex(dominated.index).round().astype(int).astype(str)
        + " ms",
        f"Out-of-line calls of {subject} hold "
        + (100 * dominated).round().astype(int).astype(str)
        + f" % of the critical path; {why}.",
    )
    return Case(
        calling.index,
        rows,
        subject=subject,
        contrast=Contrast(Effect("share of the critical path", value, interval), None),
        statement=f"{subject} holds {value:.0%} of the waiting in the traces that call it with "
        f"out-of-line calls: {why}.",
        seconds_lost=float(part.sum()) / 1000,
        test_without_effect=(
            f"fewer than {_FEWEST_TRACES} traces call {subject}"
            if len(calling) < _FEWEST_TRACES
            else ""
        ),
    )


def _none() -> pd.DataFrame:
    return affected_rows(pd.Index([]), pd.Index([]), pd.Series(dtype=object), "", "")
