"""What a person looks at: examples, one assessment a trace, and the course over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.evidence.prevalence import Prevalence
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Example, ToolCall, TraceAssessment, TrendPoint
from mlflow_analysis.hypotheses.base import Case, Hypothesis

MOST_EXAMPLES = 5
_LONGEST_TEXT = 500
_LONGEST_EXCERPT = 400
_MOST_TOOLS = 12
_BUCKETS = 24


def evidence_rows(case: Case, counted: Prevalence) -> pd.DataFrame:
    """The affected rows of eligible units, one for each trace, in order of time (trace order)."""
    rows = case.affected[case.affected["unit"].isin(counted.units)]
    return rows.drop_duplicates("trace_id", keep="first")


def in_time_order(rows: pd.DataFrame, features: Features) -> pd.DataFrame:
    """Rows ordered by the start of their trace; rows of unknown traces are left out."""
    known = rows[rows["trace_id"].isin(features.traces.index)]
    rank = pd.Series(np.arange(len(features.traces)), index=features.traces.index)
    return known.assign(order=rank.reindex(known["trace_id"]).to_numpy()).sort_values(
        "order", kind="stable"
    )


def examples(rows: pd.DataFrame, typical: set[str], features: Features) -> tuple[Example, ...]:
    """Up to five examples, spread over time; traces in ``typical`` (with the main cause) come first."""
    preferred = rows[rows["trace_id"].isin(typical)] if typical else rows
    pool = preferred if len(preferred) >= min(MOST_EXAMPLES, len(rows)) else rows
    spots = np.unique(
        np.linspace(0, len(pool) - 1, min(MOST_EXAMPLES, len(pool))).round().astype(int)
    )
    chosen = pool.iloc[spots[::-1]] if len(pool) else pool  # newest first
    calls, traces = features.shared(calls_by_trace), features.traces
    requests, responses = traces["request"], traces["response"]
    places = traces.index.get_indexer(pd.Index(chosen["trace_id"], dtype=object))
    result = []
    for row, place in zip(chosen.to_dict("records"), places.tolist(), strict=True):
        first, last = np.searchsorted(calls.at, [place, place + 1])
        tools = calls.table.iloc[first : min(last, first + _MOST_TOOLS)]
        result.append(
            Example(
                trace_id=str(row["trace_id"]),
                span_id=str(row["span_id"]),
                request=str(requests.iat[place])[:_LONGEST_TEXT],
                response=str(responses.iat[place])[:_LONGEST_TEXT],
                tools=tuple(
                    ToolCall(str(tool), _duration(duration), "ERROR" if failed else "OK")
                    for tool, duration, failed in zip(
                        tools["tool"], tools["duration_ms"], tools["failed"], strict=True
                    )
                ),
                excerpt=str(row["excerpt"])[:_LONGEST_EXCERPT],
                excerpt_offset=int(row["offset"]),
                rationale=str(row["rationale"]),
            )
        )
    return tuple(result)


def _duration(value: float) -> float:
    return 0.0 if np.isnan(value) else round(float(value), 3)


def assessments(hypothesis: Hypothesis, rows: pd.DataFrame) -> tuple[TraceAssessment, ...]:
    """One assessment for each affected trace, named as MLflow names them."""
    name = hypothesis.id.replace("-", "_")
    return tuple(
        TraceAssessment(str(trace_id), str(span_id), name, str(rationale))
        for trace_id, span_id, rationale in zip(
            rows["trace_id"], rows["span_id"], rows["rationale"], strict=True
        )
    )


def trend(
    counted: Prevalence, first: npt.NDArray[np.int64], features: Features
) -> tuple[TrendPoint, ...]:
    """Eligible and affected units in equal buckets of time, at most 24, by their ``first`` trace."""
    if not counted.eligible:
        return ()
    starts = features.traces["start_ms"].to_numpy(dtype=float)
    low, high = float(starts.min()), float(starts.max())
    width = max(1.0, (high - low) / _BUCKETS)
    bucket = np.clip(((starts[first] - low) // width).astype(int), 0, _BUCKETS - 1)
    eligible = np.bincount(bucket, minlength=_BUCKETS)
    affected = np.bincount(bucket[counted.shows], minlength=_BUCKETS)
    return tuple(
        TrendPoint(int(low + number * width), int(eligible[number]), int(affected[number]))
        for number in range(_BUCKETS)
    )


@dataclass(frozen=True)
class CallsByTrace:
    """Calls of tools, and where in the table of traces the trace of each stands, ascending."""

    table: pd.DataFrame
    at: npt.NDArray[np.int64]


def calls_by_trace(features: Features) -> CallsByTrace:
    """The calls in the order of their traces, with what an example shows of them."""
    table = features.calls[["tool", "duration_ms", "failed"]]
    return CallsByTrace(table, features.trace_at[features.spans.index.get_indexer(table.index)])
