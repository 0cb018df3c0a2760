"""An experiment in slices: which traces are read when, and what reading some of them gives.

Workers in other processes load this module, so it loads neither MLflow nor pandas.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from mlflow_analysis.features.batch import Batch, batch_of
from mlflow_analysis.features.extract import Extracted, extract, extract_together
from mlflow_analysis.records import SkippedTrace, TraceOutline, TraceRecord
from mlflow_analysis.source import SourceSpec, TraceSource, never

logger = logging.getLogger(__name__)

_TOGETHER = 10
"""Traces that follow one another: a store keeps them side by side, and finds them sooner."""
_PLACES = 20
"""The rest is read in strides, so that so many such runs are spread over all of the time."""

_EXTRACTED_AT_ONCE = 25
"""Of more traces, what was decoded would take memory, and little time were saved."""


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
    outcomes = iter(source.read(outlines, cancelled=cancelled))
    while some := list(islice(outcomes, _EXTRACTED_AT_ONCE)):
        records = [each for each in some if isinstance(each, TraceRecord)]
        skipped += (each for each in some if isinstance(each, SkippedTrace))
        rows, records, odd = _extracted(records)
        extracted += rows
        read += (marks[each.info.trace_id] or each.mark for each in records)
        skipped += odd
    try:
        batch = batch_of(extracted, read)
    except Exception:  # noqa: BLE001 - a number may be larger than any column takes
        batch, odd = _without_odd(extracted, read)
        skipped += odd
    return SliceRead(batch, tuple(skipped))


def _extracted(
    records: list[TraceRecord],
) -> tuple[list[Extracted], list[TraceRecord], list[SkippedTrace]]:
    """The rows of these traces, which of them they are of, and the others: one odd trace must not cost its slice."""
    try:
        return extract_together(records), records, []
    except Exception:  # noqa: BLE001 - which one it is shows one by one
        rows: list[Extracted] = []
        fine: list[TraceRecord] = []
        odd: list[SkippedTrace] = []
    for each in records:
        try:
            rows.append(extract(each))
        except Exception as error:  # noqa: BLE001 - said of the trace
            odd.append(_odd(each.info.trace_id, error, each.mark))
        else:
            fine.append(each)
    return rows, fine, odd


def _without_odd(
    extracted: Sequence[Extracted], marks: Sequence[str]
) -> tuple[Batch, list[SkippedTrace]]:
    """The rows of those traces that can be laid out as columns, and the others."""
    kept: list[tuple[Extracted, str]] = []
    odd: list[SkippedTrace] = []
    for each, mark in zip(extracted, marks, strict=True):
        try:
            batch_of([each], [mark])
        except Exception as error:  # noqa: BLE001 - said of the trace
            odd.append(_odd(each.trace[0], error, mark))
        else:
            kept.append((each, mark))
    return batch_of([each for each, _ in kept], [mark for _, mark in kept]), odd


def _odd(trace_id: str, error: Exception, mark: str) -> SkippedTrace:
    logger.error("Trace %s could not be analysed", trace_id, exc_info=error)
    reason = f"What it holds could not be analysed ({type(error).__name__})."
    return SkippedTrace(trace_id, reason, mark)


def reopen_and_read(
    spec: SourceSpec, outlines: Sequence[TraceOutline], cancelled: Callable[[], bool] = never
) -> SliceRead:
    """``read_slice`` of the experiment that ``spec`` names: what a worker does with a slice."""
    from mlflow_analysis.tracking.reopening import reopened

    return read_slice(reopened(spec), outlines, cancelled)


def reading_order(outlines: Sequence[TraceOutline]) -> list[TraceOutline]:
    """Failing traces, then the slowest tenth, then the rest in strides through time, a few neighbours at each step."""
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
    runs = [rest[start : start + _TOGETHER] for start in range(0, len(rest), _TOGETHER)]
    stride = max(1, len(runs) // _PLACES)
    spread = (run for start in range(stride) for run in runs[start::stride])
    return [*failing, *slowest, *chain.from_iterable(spread)]
