"""Self time and critical path of small trees that can be worked out by hand."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from mlflow_analysis.records import SpanRecord
from mlflow_analysis.timing.tree import forest, recorded, timed
from trace_factory import chain, tool, trace


def by_name(record) -> dict:
    return {node.record.name: node for node in timed(record.spans)}


def test_sequential_children_are_all_on_the_path() -> None:
    nodes = by_name(trace(tool("a", ms=100), tool("b", ms=200), ms=350))
    assert nodes["a"].critical_ms == 100
    assert nodes["b"].critical_ms == 200
    assert nodes["agent"].self_ms == nodes["agent"].critical_ms == 50


def test_of_parallel_children_the_last_to_end_is_on_the_path() -> None:
    nodes = by_name(trace(tool("short", ms=100, start=0), tool("long", ms=300, start=0)))
    assert nodes["long"].critical_ms == 300
    assert nodes["short"].critical_ms == 0
    assert nodes["agent"].self_ms == 0


def test_the_path_adds_up_to_the_duration() -> None:
    record = trace(
        chain("plan", tool("a", ms=50), tool("b", ms=70, start=20)), tool("c", ms=30), ms=400
    )
    assert sum(node.critical_ms for node in timed(record.spans)) == 400


def test_a_missing_parent_makes_a_root_and_a_circle_is_broken() -> None:
    record = trace(tool("a"), tool("b"))
    root, first, second = record.spans
    orphaned = [root, replace(first, parent_id="gone"), second]
    assert [node.depth for node in timed(orphaned)] == [0, 1, 0]
    circle = [
        root,
        replace(first, parent_id=second.span_id),
        replace(second, parent_id=first.span_id),
    ]
    assert [(node.record.name, node.depth) for node in timed(circle)] == [
        ("agent", 0),
        ("a", 0),
        ("b", 0),
    ]
    own_parent = [
        root,
        replace(first, parent_id=first.span_id),
        replace(second, parent_id=first.span_id),
    ]
    assert [node.depth for node in timed(own_parent)] == [0, 0, 1]


def test_a_child_that_began_before_its_parent_still_stands_below_it() -> None:
    record = trace(chain("plan", tool("a", ms=50)), tool("b"))
    root, plan, first, second = record.spans
    skewed = [replace(first, start_ns=plan.start_ns - 1), root, plan, second]
    assert [(node.record.name, node.depth) for node in timed(skewed)] == [
        ("agent", 0), ("plan", 1), ("a", 2), ("b", 1)
    ]  # fmt: skip


def test_a_running_span_ends_with_its_last_child() -> None:
    record = trace(tool("a", ms=100), state="IN_PROGRESS")
    assert by_name(record)["agent"].self_ms == 0


def test_a_chain_of_thousands_is_walked_without_recursion() -> None:
    spans = [SpanRecord("0", None, "s", "CHAIN", "OK", "", 0, 10_000_000)]
    spans += [
        SpanRecord(str(n), str(n - 1), "s", "CHAIN", "OK", "", n, 10_000_000 - n)
        for n in range(1, 5_000)
    ]
    assert timed(spans)[-1].depth == 4_999


def test_many_traces_at_once_are_what_walking_each_span_by_span_gives() -> None:
    draw = random.Random(5)
    traces = [_any_tree(draw, draw.randrange(1, 12)) for _ in range(300)]
    first = np.cumsum([0, *map(len, traces)])[:-1].tolist()
    failed = [span.status == "ERROR" for each in traces for span in each]
    laid_out = forest([recorded(each) for each in traces], np.array(failed))
    told = zip(
        laid_out.row,
        laid_out.depth,
        laid_out.ancestors_failed,
        laid_out.self_ns,
        laid_out.critical_ns,
        strict=True,
    )
    assert [tuple(each) for each in told] == [
        (begin + row, *rest)
        for each, begin in zip(traces, first, strict=True)
        for row, *rest in _walked(each)
    ]


def _any_tree(draw: random.Random, count: int) -> list[SpanRecord]:
    """Children overlap, outlive their parents, begin before them, take no time, or are still running."""
    spans = []
    for number in range(count):
        parent = str(draw.randrange(number)) if number and draw.random() < 0.9 else None
        start = draw.randrange(30)
        end = None if draw.random() < 0.1 else start + draw.randrange(20)
        status = draw.choice(["OK", "ERROR"])
        spans.append(SpanRecord(str(number), parent, "s", "CHAIN", status, "", start, end))
    return sorted(spans, key=lambda span: (span.start_ns, span.span_id))


def _walked(spans: list[SpanRecord]) -> list[tuple[int, int, bool, int, int]]:
    """Row, depth, whether all above failed, self time and time on the critical path; depth first."""
    parents = recorded(spans).parents
    below = [
        [at for at, parent in enumerate(parents) if parent == row] for row in range(len(spans))
    ]
    critical = dict.fromkeys(range(len(spans)), 0)

    def end(row: int) -> int:
        known = spans[row].end_ns
        return known if known is not None else max([spans[row].start_ns, *map(end, below[row])])

    def on_path(row: int, low: int, high: int) -> None:
        cursor = high
        for child in sorted(below[row], key=end, reverse=True):
            begin, stop = max(spans[child].start_ns, low), min(end(child), cursor)
            if begin < stop:
                on_path(child, begin, stop)
                critical[row] += cursor - stop
                cursor = begin
        critical[row] += cursor - low

    def walk(row: int, depth: int, failed: bool) -> list[tuple[int, int, bool, int, int]]:
        moments = set(range(spans[row].start_ns, end(row)))
        for child in below[row]:
            moments -= set(range(spans[child].start_ns, end(child)))
        failed_here = failed and spans[row].status == "ERROR"
        inner = [each for child in below[row] for each in walk(child, depth + 1, failed_here)]
        return [(row, depth, failed, len(moments), critical[row]), *inner]

    roots = [row for row, parent in enumerate(parents) if parent < 0]
    for row in roots:
        on_path(row, spans[row].start_ns, end(row))
    return [each for row in roots for each in walk(row, 0, True)]
