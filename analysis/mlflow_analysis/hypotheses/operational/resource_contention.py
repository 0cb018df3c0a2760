"""Hypothesis ``resource-contention``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Severity, Unit
from mlflow_analysis.hypotheses.base import Case, affected_rows
from mlflow_analysis.hypotheses.failure_class import FailureClass
from mlflow_analysis.hypotheses.performance.critical_path import tool_calls
from mlflow_analysis.timing.replay import Mend

_SMALLEST_CORRELATION = 0.2
_SMALLEST_RATIO = 1.2
_FEWEST_TRACES = 60


@dataclass(frozen=True)
class LoadedTool:
    """How one tool's self time goes with the traces in flight."""

    tool: str
    correlation: float
    interval: tuple[float, float]
    calm_ms: float
    busy_ms: float
    slow: pd.DataFrame
    """Its calls under high load that took longer than the calm median by the smallest ratio."""


class ResourceContention(FailureClass):
    """Traces compete for a shared resource: memory, a connection pool, a lock, a worker.

    ## Why it matters
    What is fast alone becomes slow or fails when it is shared, so it shows in production and in no
    test, and more replicas of the application make it worse.

    ## Test
    A trace counts if a call in it began to fail for want of memory, a pooled connection or a lock. It also
    counts if it ran in the busiest third and waited longer than 1.2 times the calm median for a tool
    whose self time rises with load: the 95 % interval of Spearman's correlation with the traces
    started in the 60 s before lies above 0.2 (Bonett & Wright's error, effective n = sessions), and
    the median in the busiest third is over 1.2 times that in the calmest, per tool, from 60 traces on (not
    where durations look synthetic). Confirmed with 3 traces or 1 %. Impact: a replay with the self time
    of the calls that waited cut to the median of the calmest third.

    ## Not flagged
    Tools that are slow whatever the load is.

    ## Recommendation
    Measure the waiting time of the pool or lock that the slow tool uses; size the pool to the traffic, put
    a bounded queue in front of it, shorten what holds the lock, and shed load before memory runs out.

    ## Sources
    J. Little (1961), Operations Research 9:383; N. Gunther, Guerrilla Capacity Planning (2007); Bonett &
    Wright (2000), Psychometrika 65:23 (interval of Spearman's correlation).
    """

    id = "resource-contention"
    title = "Shared resources are contended"
    unit = Unit.TRACE
    severity = Severity.HIGH
    not_causes = FailureClass.not_causes | {"load"}
    live = False
    what_happened = "could not get a shared resource"

    def cases(self, features: Features) -> Iterable[Case]:
        """One case: failures for want of a resource, and waits that rise with load."""
        spans = self.spans(features)
        loaded = list(_tools_that_slow_down(features))
        text = self.statement(features, spans) if len(spans) else self.documentation().claim
        yield Case(
            self.eligible(features),
            self._rows(features, spans, loaded),
            statement=" ".join([text, *map(_told, loaded)]),
            mended=_mend(loaded) if loaded else None,
        )

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces that failed for want of a resource, and traces that waited under load."""
        return self._rows(features, self.spans(features), list(_tools_that_slow_down(features)))

    def _rows(
        self, features: Features, spans: pd.DataFrame, loaded: list[LoadedTool]
    ) -> pd.DataFrame:
        rows = self.rows(features, spans)
        waits = [_waiting_rows(features, each) for each in loaded]
        return pd.concat([rows, *waits], ignore_index=True) if waits else rows


def _mend(loaded: list[LoadedTool]) -> Mend:
    """The slow calls under load with the self time that the tool has in calm times."""
    return Mend(
        "the calls that waited under load as quick as in the calmest third",
        own_times=pd.concat(
            [pd.Series(each.calm_ms, index=each.slow.index, dtype=float) for each in loaded]
        ),
    )


def _told(loaded: LoadedTool) -> str:
    low, high = loaded.interval
    return (
        f"{loaded.tool} takes {loaded.busy_ms / 1000:.2f} s in the busiest third and "
        f"{loaded.calm_ms / 1000:.2f} s in the calmest (rank correlation with load "
        f"{loaded.correlation:.2f}, {low:.2f} to {high:.2f})."
    )


def _waiting_rows(features: Features, loaded: LoadedTool) -> pd.DataFrame:
    slow = loaded.slow
    load = slow["trace_id"].map(features.traces["load"]).map("{:.0f}".format).astype(str)
    took = (slow["self_ms"] / 1000).map("{:.2f}".format).astype(str)
    told = (
        f"{loaded.tool} took "
        + took
        + f" s, against {loaded.calm_ms / 1000:.2f} s in calm times, with "
        + load
        + " traces started in the 60 s before"
    )
    return affected_rows(slow["trace_id"], slow["trace_id"], slow["span_id"], told, told + ".")


def _tools_that_slow_down(features: Features) -> Iterator[LoadedTool]:
    if not features.durations_measured:
        return
    calls, spans = features.shared(tool_calls), features.spans
    own_ms = spans["self_ms"].to_numpy(dtype=float)[calls.row]
    worked = ~spans["failed"].to_numpy(dtype=bool)[calls.row] & (own_ms > 0)
    all_load = features.traces["load"].to_numpy(dtype=float)
    for number, tool in enumerate(calls.names):
        mine = np.flatnonzero((calls.code == number) & worked)
        by_trace = pd.Series(own_ms[mine]).groupby(calls.trace[mine]).median()
        if len(by_trace) < _FEWEST_TRACES:
            continue
        traces, self_ms = by_trace.index.to_numpy(), by_trace.to_numpy(dtype=float)
        load = all_load[traces]
        calm_edge, busy_edge = np.quantile(load, [1 / 3, 2 / 3])
        calm, busy = self_ms[load <= calm_edge], self_ms[load > busy_edge]
        if not len(calm) or not len(busy) or np.ptp(load) == 0 or np.ptp(self_ms) == 0:
            continue
        correlation = float(scipy.stats.spearmanr(load, self_ms).statistic)
        sessions = len(np.unique(features.session_codes[traces]))
        interval = _spearman_interval(correlation, sessions)
        calm_ms, busy_ms = float(np.median(calm)), float(np.median(busy))
        if interval[0] <= _SMALLEST_CORRELATION or busy_ms <= _SMALLEST_RATIO * calm_ms:
            continue
        slow = mine[
            (all_load[calls.trace[mine]] > busy_edge) & (own_ms[mine] > _SMALLEST_RATIO * calm_ms)
        ]
        shown = spans.take(calls.row[slow])[["trace_id", "span_id", "self_ms"]]
        yield LoadedTool(tool, correlation, interval, calm_ms, busy_ms, shown)


def _spearman_interval(correlation: float, n: int) -> tuple[float, float]:
    """95 % interval by Fisher's z with the error of Bonett & Wright (2000)."""
    if n < 4 or not np.isfinite(correlation):
        return -1.0, 1.0
    bounded = float(np.clip(correlation, -0.999, 0.999))
    half = 1.96 * np.sqrt((1 + bounded**2 / 2) / (n - 3))
    low, high = np.tanh(np.arctanh(bounded) + np.array([-half, half]))
    return float(low), float(high)
