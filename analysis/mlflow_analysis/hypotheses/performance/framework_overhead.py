"""Time that goes to neither tools nor models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Effect, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows
from mlflow_analysis.records import MODEL_KINDS, TOOL_KINDS
from mlflow_analysis.statistics.contrasts import share_of_total

_OVERHEAD = 0.20
_FELT_MS = 100.0
_WORK = TOOL_KINDS | MODEL_KINDS | {"EMBEDDING", "PARSER", "GUARDRAIL", "EVALUATOR"}


class FrameworkOverhead(Hypothesis):
    """Much of the time is spent between the calls, in the orchestration itself.

    ## Why it matters
    Nobody asked for this time: it is serialisation, imports, set-up of clients, locks, sleeps, or a step
    that is not traced.

    ## Test
    Eligible: ended traces that call a tool or a model. The effect is the share of their duration that is
    self time, on the critical path, of spans which have children and are neither tool nor model call
    (agents, chains, workflows, untyped spans), with a cluster-bootstrap interval. Confirmed if its lower
    bound is above 20 %. Affected: traces where it is more than 20 % and at least 100 ms.

    ## Not flagged
    Spans without children, which do work themselves; traces without any call, which are simply not
    instrumented; gaps that nobody feels.

    ## Recommendation
    Profile between the calls (py-spy), reuse clients, move set-up out of the request, and put a span
    around what is not traced yet.

    ## Sources
    Graham, Kessler and McKusick 1982, gprof: a Call Graph Execution Profiler (self time). Nielsen 1993,
    Usability Engineering, ch. 5.
    """

    id: ClassVar[str] = "framework-overhead"
    title: ClassVar[str] = "Time spent between the calls"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = _OVERHEAD
    needs: ClassVar[frozenset[Field]] = frozenset(
        {Field.SPANS, Field.DURATIONS, Field.DURATIONS_MEASURED}
    )
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces that call something."""
        traces = features.complete
        calls = (traces["tool_calls"] + traces["model_calls"]) > 0
        return traces.index[calls & (traces["duration_ms"] > 0)]

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces with much time between the calls."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all traces."""
        eligible = self.eligible(features)
        traces = features.complete.loc[eligible]
        spans = features.spans[features.spans["trace_id"].isin(eligible)]
        parents = set((spans["trace_id"] + "/" + spans["parent_id"])[spans["parent_id"] != ""])
        between = spans[~spans["kind"].isin(_WORK) & spans.index.isin(parents)]
        part = between.groupby("trace_id")["critical_ms"].sum().reindex(eligible).fillna(0.0)
        whole = traces["duration_ms"]
        felt = part.where(part >= _FELT_MS, 0.0).clip(upper=whole)
        value, interval = share_of_total(felt, whole, traces["session"], seed=features.seed)
        high = part[(part / whole > _OVERHEAD) & (part >= _FELT_MS)]
        most = between.sort_values("critical_ms", kind="stable").drop_duplicates(
            "trace_id", keep="last"
        )
        most = most.set_index("trace_id").reindex(high.index)
        ms = high.round().astype(int).astype(str)
        percent = (100 * high / whole.reindex(high.index)).round().astype(int).astype(str)
        yield Case(
            eligible,
            affected_rows(
                high.index,
                high.index,
                most["span_id"],
                most["name"].astype(str) + ": " + ms + " ms outside its calls",
                ms
                + " ms of the trace, "
                + percent
                + " %, are spent between the calls, not in them.",
            ),
            contrast=Contrast(Effect("share of the duration", value, interval), None),
            statement=f"{value:.0%} of the time is spent between the calls, in the orchestration itself.",
            seconds_lost=float(felt.sum()) / 1000,
        )
