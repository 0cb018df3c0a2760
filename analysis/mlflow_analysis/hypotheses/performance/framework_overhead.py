"""Time that goes to neither tools nor models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import (
    AFFECTED_COLUMNS,
    Case,
    Contrast,
    Hypothesis,
    Rule,
    affected_rows,
)
from mlflow_analysis.records import MODEL_KINDS, TOOL_KINDS
from mlflow_analysis.statistics.shares import shares_of_totals
from mlflow_analysis.timing.replay import Mend

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_OVERHEAD = 0.20
_FELT_MS = 100.0
_WORK = TOOL_KINDS | MODEL_KINDS | {"EMBEDDING", "PARSER", "GUARDRAIL", "EVALUATOR"}


class FrameworkOverhead(Hypothesis):
    """Much of the time is spent between the calls, in the orchestration itself.

    ## Why it matters
    Nobody asked for this time: it is serialisation, imports, set-up of clients, locks, sleeps, or a step
    that is not traced.

    ## Test
    Eligible: ended traces that call a tool or a model. The effect is the sum of their self time, on the
    critical path, of spans which have children and are neither tool nor model call (agents, chains,
    workflows, untyped spans), where it is at least 100 ms in a trace, over the sum of their durations,
    with a 95 % percentile interval of 499 bootstrap resamples of whole sessions. Confirmed if its lower
    bound is above 20 %, refuted if its upper bound is below. Affected: traces where it is more than 20 %
    and at least 100 ms. Impact: a replay with the time between the calls of the affected traces cut to
    20 % of the trace.

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
        return pd.Index(traces.loc[calls & (traces["duration_ms"] > 0), "place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces with much time between the calls."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all traces."""
        eligible = self.eligible(features)
        spans, at, rows = features.spans, features.trace_at, eligible.to_numpy(np.int64)
        whole = features.traces["duration_ms"].to_numpy(dtype=float)[rows]
        critical = spans["critical_ms"].to_numpy(dtype=float)
        between = _between(features)
        part = np.bincount(at[between], critical[between], minlength=len(features.traces))[rows]
        felt = np.minimum(np.where(part >= _FELT_MS, part, 0.0), whole)
        shares = shares_of_totals(
            felt,
            whole,
            np.zeros(len(rows), dtype=np.int64),
            features.session_codes[rows],
            1,
            features.seed,
        )
        value = float(shares.value[0])
        high = (part / whole > _OVERHEAD) & (part >= _FELT_MS)
        yield Case(
            eligible,
            _rows(features, rows[high], part[high], whole[high], between),
            contrast=Contrast(
                Effect(
                    "share of the duration", value, (float(shares.low[0]), float(shares.high[0]))
                ),
                None,
            ),
            statement=f"{value:.0%} of the time is spent between the calls, in the orchestration itself.",
            mended=_mend(features, rows[high], part[high], whole[high], between),
        )


def _between(features: Features) -> Rows:
    """Rows of ``features.spans`` that have children and are no call."""
    holds = np.zeros(len(features.spans), dtype=bool)
    holds[features.parent_at[features.parent_at >= 0]] = True
    works = features.spans.coded("kind").among(*_WORK)
    return np.flatnonzero(holds & ~works).astype(np.int64)


def _mend(features: Features, traces: Rows, part: Floats, whole: Floats, between: Rows) -> Mend:
    """The orchestration's own time in these traces, cut in proportion to a fifth of the duration."""
    left = np.ones(len(features.traces))
    left[traces] = _OVERHEAD * whole / part
    own = features.spans["self_ms"].to_numpy(dtype=float)[between]
    times = pd.Series(own * left[features.trace_at[between]], index=between)
    high = np.isin(features.trace_at[between], traces)
    return Mend("the time between the calls at 20% of each trace", own_times=times[high])


def _rows(
    features: Features, traces: Rows, part: Floats, whole: Floats, between: Rows
) -> pd.DataFrame:
    """Affected rows of these traces, at the span that most of it is spent in."""
    if not len(traces):
        return pd.DataFrame(columns=AFFECTED_COLUMNS)
    critical = features.spans["critical_ms"].to_numpy(dtype=float)[between]
    of = features.trace_at[between]
    order = np.lexsort((between, critical, of))
    last = order[np.append(of[order][1:] != of[order][:-1], True)]
    most = features.spans.take(between[last[np.isin(of[last], traces)]])
    ids = features.traces.index[traces]
    ms = pd.Series(part).round().astype(int).map("{:,}".format).astype(str)
    percent = pd.Series(100 * part / whole).round().astype(int).astype(str)
    return affected_rows(
        pd.Index(traces),
        ids,
        most["span_id"],
        most["name"].astype(str).reset_index(drop=True) + ": " + ms + " ms outside its calls",
        ms + " ms of the trace, " + percent + " %, are spent between the calls, not in them.",
    )
