"""An experiment in slices: which traces are read when, and what reading some of them gives.

Workers in other processes load this module, so it loads neither MLflow nor pandas.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlflow_analysis.features.batch import Batch, batch_of
from mlflow_analysis.features.extract import Extracted, extract
from mlflow_analysis.records import SkippedTrace, TraceOutline
from mlflow_analysis.source import SourceSpec, TraceSource, never

logger = logging.getLogger(__name__)

_READ_AT_ONCE = 200
"""The rest is read in strides, so that this many traces are spread over all of the time."""


@dataclass(frozen=True, slots=True)
class SliceRead:
    """What became of the traces of a slice."""

    batch: Batch
    skipped: tuple[SkippedTrace, ...] = ()


def read_slice(
    source: TraceSource, outlines: Sequence[TraceOutline], cancelled: Callable[[], bool] = never
) -> SliceRead:
    """Read these traces and extract their rows: a function of what is stored, and of nothing else.

    Once ``cancelled`` says so, of those that were read until then. Raises what the source raises.
    """
    marks = {outline.trace_id: outline.mark for outline in outlines}
    extracted: list[Extracted] = []
    read: list[str] = []
    skipped: list[SkippedTrace] = []
    for outcome in source.read(outlines, cancelled=cancelled):
        if isinstance(outcome, SkippedTrace):
            skipped.append(outcome)
            continue
        trace_id = outcome.info.trace_id
        try:
            extracted.append(extract(outcome))
        except Exception as error:  # one odd trace must not cost its slice
            logger.exception("Trace %s could not be analysed", trace_id)
            reason = f"What it holds could not be analysed ({type(error).__name__})."
            skipped.append(SkippedTrace(trace_id, reason, outcome.mark))
        else:
            read.append(marks[trace_id] or outcome.mark)
    return SliceRead(batch_of(extracted, read), tuple(skipped))


def reopen_and_read(
    spec: SourceSpec, outlines: Sequence[TraceOutline], cancelled: Callable[[], bool] = never
) -> SliceRead:
    """``read_slice`` of the experiment that ``spec`` names: what a worker does with a slice."""
    from mlflow_analysis.tracking.reopening import reopened

    return read_slice(reopened(spec), outlines, cancelled)


def reading_order(outlines: Sequence[TraceOutline]) -> list[TraceOutline]:
    """Failing traces, then the slowest tenth, then the rest in strides through time."""
    newest_first = sorted(outlines, key=lambda each: (-each.start_ms, each.trace_id))
    durations = sorted(each.duration_ms for each in outlines if each.duration_ms is not None)
    slow = durations[int(0.9 * len(durations))] if durations else float("inf")
    failing: list[TraceOutline] = []
    slowest: list[TraceOutline] = []
    rest: list[TraceOutline] = []
    for each in newest_first:
        if each.state == "ERROR":
            failing.append(each)
        else:
            (slowest if (each.duration_ms or 0.0) > slow else rest).append(each)
    stride = max(1, len(rest) // _READ_AT_ONCE)
    return failing + slowest + [each for start in range(stride) for each in rest[start::stride]]
