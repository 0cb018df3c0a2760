"""A quick look into an experiment: enough for a person to tell whether it is the right one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from mlflow_analysis.protocol import ExperimentSummary, FieldCheck
from mlflow_analysis.records import TOOL_KINDS, TraceInfo, TraceRecord
from mlflow_analysis.source import TraceSource, never

NEWEST = 5_000
"""So many infos are read at most: about half a second."""
BUCKETS = 48
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Survey:
    """What was read for a summary."""

    experiment_id: str
    total: int
    exact: bool
    """Whether ``total`` is all there is, or at least so many."""
    infos: tuple[TraceInfo, ...]
    """The newest, newest first."""
    records: tuple[TraceRecord, ...]
    """A few of them with spans, spread evenly."""


def survey(
    source: TraceSource, *, spans_of: int = 60, cancelled: Callable[[], bool] = never
) -> Survey:
    """Read up to ``NEWEST`` infos, and the spans of ``spans_of`` of those.

    Raises ``ConnectionProblem``.
    """
    infos: list[TraceInfo] = []
    complete = True
    for page in source.infos(cancelled=cancelled):
        infos += page
        if len(infos) >= NEWEST:
            complete = False
            break
    counted = len(infos) if complete else source.count()
    step = max(1, ceil(len(infos) / spans_of))
    sample = [
        outcome
        for outcome in source.traces(infos[::step], cancelled=cancelled)
        if isinstance(outcome, TraceRecord)
    ]
    return Survey(
        source.experiment_id,
        len(infos) if counted is None else counted,
        counted is not None,
        tuple(infos),
        tuple(sample),
    )


def summary(of: Survey) -> ExperimentSummary:
    """The figures. ``testable`` and ``not_testable`` stay empty: hypotheses are not known here."""
    infos, records = of.infos, of.records
    times = [info.start_ms for info in infos]
    durations = sorted(info.duration_ms for info in infos if info.duration_ms is not None)
    kinds = Counter(span.kind for record in records for span in record.spans)
    return ExperimentSummary(
        experiment_id=of.experiment_id,
        traces=of.total,
        exact=of.exact,
        first_ms=min(times, default=None),
        last_ms=max(times, default=None),
        states=dict(Counter(info.state for info in infos)),
        p50_ms=quantile(durations, 0.5),
        p95_ms=quantile(durations, 0.95),
        per_hour=_buckets(times),
        fields=_field_checks(infos, records),
        span_kinds=dict(kinds.most_common()),
        testable=(),
        not_testable=(),
    )


def _field_checks(
    infos: tuple[TraceInfo, ...], records: tuple[TraceRecord, ...]
) -> tuple[FieldCheck, ...]:
    def of_infos(name: str, has: Callable[[TraceInfo], bool]) -> FieldCheck:
        return FieldCheck(name, sum(map(has, infos)), len(infos))

    def of_spans(name: str, kinds: frozenset[str]) -> FieldCheck:
        there = sum(any(span.kind in kinds for span in record.spans) for record in records)
        return FieldCheck(name, there, len(records))

    return (
        of_infos("inputs", lambda info: bool(info.request_preview)),
        of_infos("outputs", lambda info: bool(info.response_preview)),
        of_infos("sessions", lambda info: bool(info.session_id)),
        of_infos("users", lambda info: bool(info.user_id)),
        of_infos("token usage", lambda info: info.total_tokens is not None),
        of_infos("assessments", lambda info: bool(info.assessments)),
        of_spans("tool spans", TOOL_KINDS - {"RETRIEVER"}),
        of_spans("retriever spans", frozenset({"RETRIEVER"})),
        of_spans("model spans", frozenset({"LLM", "CHAT_MODEL"})),
    )


def _buckets(times: list[int]) -> tuple[int, ...]:
    """Traces per hour, or per as many hours as keep the buckets within ``BUCKETS``."""
    if not times:
        return ()
    first, last = min(times) // HOUR_MS, max(times) // HOUR_MS
    width = (last - first) // BUCKETS + 1
    counts = [0] * ((last - first) // width + 1)
    for time_ms in times:
        counts[(time_ms // HOUR_MS - first) // width] += 1
    return tuple(counts)


def quantile(ordered: list[float], share: float) -> float | None:
    """The nearest-rank quantile of ``ordered``; ``None`` of nothing."""
    if not ordered:
        return None
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
