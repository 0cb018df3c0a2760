"""What a person looks at: examples, one assessment a trace, and the course over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlflow_analysis.evidence.prevalence import Flags, Places, Prevalence, places_in
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.assessed import Assessments
from mlflow_analysis.findings.evidence import TrendPoint
from mlflow_analysis.findings.examples import Example, ToolCall
from mlflow_analysis.findings.kinds import Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis

MOST_EXAMPLES = 5
_LONGEST_TEXT = 500
_LONGEST_EXCERPT = 400
_MOST_TOOLS = 12
_BUCKETS = 24


@dataclass(frozen=True)
class Rows:
    """The affected rows of eligible units, one for each trace, in order of time."""

    at: Places
    """Where each stands in the case's table of what is affected."""
    trace: Places
    """Where its trace stands in the table of traces, ascending."""
    unit: Places
    """Number of its unit among the eligible ones."""
    trace_id: npt.NDArray[np.object_]
    span_id: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.at)


def evidence_rows(unit: Unit, case: Case, counted: Prevalence, features: Features) -> Rows:
    """The first row of each trace; rows of unknown traces are left out."""
    if unit in (Unit.TRACE, Unit.SPAN):
        is_unit = counted.unit_of_row >= 0
        place = np.full(len(is_unit), -1)
        place[is_unit] = counted.traces[counted.unit_of_row[is_unit]]
    else:
        place = places_in(features.traces.index, case.affected["trace_id"])
    usable = np.flatnonzero((counted.unit_of_row >= 0) & (place >= 0))
    first = np.full(len(features.traces), -1)
    first[place[usable][::-1]] = usable[::-1]
    trace = np.flatnonzero(first >= 0)
    at = first[trace]
    return Rows(
        at,
        trace,
        counted.unit_of_row[at],
        features.traces.index.to_numpy(dtype=object)[trace],
        case.affected["span_id"].to_numpy(dtype=object)[at],
    )


def examples(
    rows: Rows, case: Case, typical: Flags | None, features: Features
) -> tuple[Example, ...]:
    """Up to five examples, spread over time.

    ``typical`` are the traces (t, bool) that come first, those with the main cause.
    """
    pool = np.arange(len(rows))
    if typical is not None:
        preferred = np.flatnonzero(typical[rows.trace])
        pool = preferred if len(preferred) >= min(MOST_EXAMPLES, len(rows)) else pool
    spots = np.unique(
        np.linspace(0, len(pool) - 1, min(MOST_EXAMPLES, len(pool))).round().astype(int)
    )
    chosen = pool[spots[::-1]]  # newest first
    excerpts, offsets, rationales = (
        case.affected[column].to_numpy(dtype=object)[rows.at[chosen]]
        for column in ("excerpt", "offset", "rationale")
    )
    traces, calls = features.shared(_texts), features.shared(calls_by_trace)
    return tuple(
        Example(
            trace_id=str(rows.trace_id[row]),
            span_id=str(rows.span_id[row]),
            request=str(traces.request[rows.trace[row]])[:_LONGEST_TEXT],
            response=str(traces.response[rows.trace[row]])[:_LONGEST_TEXT],
            tools=calls.of(int(rows.trace[row])),
            excerpt=str(excerpt)[:_LONGEST_EXCERPT],
            excerpt_offset=int(offset),
            rationale=str(rationale),
        )
        for row, excerpt, offset, rationale in zip(
            chosen.tolist(), excerpts, offsets, rationales, strict=True
        )
    )


def _duration(value: float) -> float:
    return 0.0 if np.isnan(value) else round(float(value), 3)


def assessments(hypothesis: Hypothesis, rows: Rows, case: Case) -> Assessments:
    """One assessment for each affected trace, named as MLflow names them."""
    rationales = list(map(str, case.affected["rationale"].to_numpy(dtype=object)[rows.at]))
    # equal rationales as one object: there may be one for each trace, and most say the same
    first: dict[str, str] = {}
    told = tuple(map(first.setdefault, rationales, rationales))
    trace_ids, span_ids = tuple(rows.trace_id.tolist()), tuple(map(str, rows.span_id.tolist()))
    return Assessments(trace_ids, span_ids, hypothesis.id.replace("-", "_"), told)


def trend(counted: Prevalence, first: Places, features: Features) -> tuple[TrendPoint, ...]:
    """Eligible and affected units in equal buckets of time, at most 24, by their ``first`` trace."""
    if not counted.eligible:
        return ()
    buckets = features.shared(_buckets)
    bucket = buckets.of_trace[first]
    eligible = np.bincount(bucket, minlength=_BUCKETS).tolist()
    affected = np.bincount(bucket[counted.shows], minlength=_BUCKETS).tolist()
    return tuple(map(TrendPoint, buckets.starts_ms, eligible, affected))


@dataclass(frozen=True)
class _Buckets:
    starts_ms: list[int]
    of_trace: Places


def _buckets(features: Features) -> _Buckets:
    starts = features.traces["start_ms"].to_numpy(dtype=float)
    low, high = float(starts.min()), float(starts.max())
    width = max(1.0, (high - low) / _BUCKETS)
    of_trace = np.clip(((starts - low) // width).astype(np.int64), 0, _BUCKETS - 1)
    return _Buckets([int(low + number * width) for number in range(_BUCKETS)], of_trace)


@dataclass(frozen=True)
class _Texts:
    request: npt.NDArray[np.object_]
    response: npt.NDArray[np.object_]


def _texts(features: Features) -> _Texts:
    traces = features.traces
    return _Texts(
        traces["request"].to_numpy(dtype=object), traces["response"].to_numpy(dtype=object)
    )


@dataclass(frozen=True)
class CallsByTrace:
    """Calls of tools in the order of their traces, and where the calls of each trace begin and end."""

    tool: npt.NDArray[np.object_]
    duration_ms: npt.NDArray[np.float64]
    failed: Flags
    bounds: Places

    def of(self, trace: int) -> tuple[ToolCall, ...]:
        """The first calls of the trace at this place."""
        first, last = self.bounds[trace], self.bounds[trace + 1]
        some = slice(first, min(last, first + _MOST_TOOLS))
        return tuple(
            ToolCall(str(tool), _duration(duration), "ERROR" if failed else "OK")
            for tool, duration, failed in zip(
                self.tool[some], self.duration_ms[some], self.failed[some], strict=True
            )
        )


def calls_by_trace(features: Features) -> CallsByTrace:
    """The calls with what an example shows of them."""
    calls = features.calls
    return CallsByTrace(
        calls["tool"].to_numpy(dtype=object),
        calls["duration_ms"].to_numpy(dtype=float),
        calls["failed"].to_numpy(dtype=bool),
        np.searchsorted(calls["trace"], np.arange(len(features.traces) + 1)),
    )
