"""Self time and critical path of small trees that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

from mlflow_analysis.records import SpanRecord
from mlflow_analysis.timing.tree import timed
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
    assert {node.record.name for node in timed(circle)} == {"agent", "a", "b"}


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
