"""Why a trace comes without its spans, in words."""

from __future__ import annotations

from typing import Any

from mlflow_analysis.records import SkippedTrace, TraceInfo
from mlflow_analysis.tracking.convert import SPANS_LOCATION
from mlflow_analysis.tracking.stored_infos import StoredInfo, size_stats


def damaged(info: TraceInfo, error: Exception) -> SkippedTrace:
    """A trace whose spans are there and cannot be decoded."""
    return SkippedTrace(
        info.trace_id,
        f"One of its spans is damaged and cannot be decoded ({type(error).__name__}).",
    )


def expected_spans(info: TraceInfo) -> int:
    """How many spans the trace's own statistics speak of; 0 if they don't say."""
    stated = stated_size(info).get("num_spans")
    return stated if isinstance(stated, int) else 0


def why_missing(info: TraceInfo) -> str:
    """Why no spans, or too few, are stored for a trace, in one sentence."""
    expected = expected_spans(info)
    if info.state == "IN_PROGRESS":
        return "It is still running and its spans are not stored yet."
    if expected > 0:
        return f"Not all of its {expected} spans are stored."
    return "No spans are stored for it."


def stated_size(info: TraceInfo) -> dict[str, Any]:
    """MLflow's own statistics of a finished trace: ``num_spans``, ``total_size_bytes`` …"""
    return info.size_stats if isinstance(info, StoredInfo) else size_stats(info.metadata)


def spans_location(info: TraceInfo) -> str | None:
    """Where MLflow keeps its spans; ``None`` for a file of its own."""
    return info.spans_location if isinstance(info, StoredInfo) else info.tags.get(SPANS_LOCATION)
