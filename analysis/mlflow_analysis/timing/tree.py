"""The span tree of one trace, with self times and the critical path.

Children are clipped to their parents, spans whose parent is missing stand at the top, and a span that
is still running ends with its last child.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from mlflow_analysis.records import SpanRecord

_NS = 1e6
_START = attrgetter("start_ns", "span_id")
_Children = Mapping[str | None, list[SpanRecord]]
"""By the id of their parent, in order of start; every span has an entry."""


class TimedSpan(NamedTuple):
    """A span and where it stands; times in milliseconds."""

    record: SpanRecord
    depth: int
    ancestors_failed: bool
    """Every span from its parent to the root ended with status ERROR."""
    self_ms: float
    """Duration not covered by children."""
    critical_ms: float
    """Time on the trace's critical path that is this span's own."""


def timed(spans: Sequence[SpanRecord]) -> list[TimedSpan]:
    """The spans depth first, children in order of start.

    The critical path is walked backwards from the end of each root: the child that ends last is on it,
    then the child that runs until that one starts, and so on; what no child covers is the parent's own
    (as in Zhang et al. 2022, "CRISP: Critical Path Analysis of Large-Scale Microservice Architectures").
    """
    children: dict[str | None, list[SpanRecord]] = {span.span_id: [] for span in spans}
    roots: list[SpanRecord] = []
    for span in sorted(spans, key=_START):
        parent = span.parent_id
        if parent in children and parent != span.span_id:
            children[parent].append(span)
        else:
            roots.append(span)
    order = _depth_first(roots, children)
    if len(order) < len(spans):  # parents in a circle: break it at the earliest span
        reached = {span.span_id for span, _, _ in order}
        stray = [span for span in spans if span.span_id not in reached]
        return timed(
            [span for span in spans if span.span_id in reached] + [_rootless(s) for s in stray]
        )
    ends: dict[str, int] = {}
    for span, _, _ in reversed(order):
        end = span.end_ns
        if end is None:
            end = max([span.start_ns, *(ends[each.span_id] for each in children[span.span_id])])
        ends[span.span_id] = end
    critical = _critical_path(roots, children, ends)
    return [
        TimedSpan(
            span,
            depth,
            failed_above,
            _self_ns(span, children[span.span_id], ends) / _NS,
            critical.get(span.span_id, 0) / _NS,
        )
        for span, depth, failed_above in order
    ]


def _rootless(span: SpanRecord) -> SpanRecord:
    return SpanRecord(
        span.span_id, None, span.name, span.kind, span.status, span.status_message, span.start_ns,
        span.end_ns, span.inputs, span.outputs, span.attributes, span.events,
    )  # fmt: skip


def _depth_first(
    roots: list[SpanRecord], children: _Children
) -> list[tuple[SpanRecord, int, bool]]:
    order: list[tuple[SpanRecord, int, bool]] = []
    stack = [(root, 0, True) for root in reversed(roots)]
    while stack:
        here = stack.pop()
        order.append(here)
        span, depth, failed = here
        within = children[span.span_id]
        if within:
            failed = failed and span.status == "ERROR"
            stack += [(child, depth + 1, failed) for child in reversed(within)]
    return order


def _self_ns(span: SpanRecord, within: list[SpanRecord], ends: dict[str, int]) -> int:
    cursor, end = span.start_ns, ends[span.span_id]
    free = end - cursor
    for child in within:
        begin, stop = child.start_ns, ends[child.span_id]
        if begin < cursor:
            begin = cursor
        if stop > end:
            stop = end
        if stop > begin:
            free -= stop - begin
            cursor = stop
    return max(0, free)


def _critical_path(
    roots: list[SpanRecord], children: _Children, ends: dict[str, int]
) -> dict[str, int]:
    """Own nanoseconds on the critical path, by span id."""
    own: dict[str, int] = {}
    stack = [(root, root.start_ns, ends[root.span_id]) for root in roots]
    while stack:
        span, low, high = stack.pop()
        cursor, mine = high, 0
        within = children[span.span_id]
        if len(within) > 1:
            within = sorted(within, key=lambda each: ends[each.span_id], reverse=True)
        for child in within:
            begin, stop = child.start_ns, ends[child.span_id]
            if begin < low:
                begin = low
            if stop > cursor:
                stop = cursor
            if stop > begin:
                mine += cursor - stop
                cursor = begin
                if children[child.span_id]:
                    stack.append((child, begin, stop))
                else:
                    own[child.span_id] = stop - begin
        own[span.span_id] = max(0, mine + cursor - low)
    return own
