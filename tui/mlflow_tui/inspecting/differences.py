"""How two texts, two spans, two traces differ, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from rapidfuzz.distance import LCSseq

from mlflow_analysis.protocol import SpanView, TraceView, unpacked
from mlflow_analysis.untrusted import single_line
from mlflow_tui.inspecting.as_json import as_json
from mlflow_tui.inspecting.export import as_written
from mlflow_tui.widgets.moments import state_word

AROUND = 3
"""So many lines that are alike are shown around those that differ."""
MOST_COMPARED = 4_000
"""Lines, between the beginning and the end that are alike, that are compared one by one."""
_OWN = frozenset(
    {
        "mlflow.artifactLocation",
        "mlflow.traceInputs",
        "mlflow.traceOutputs",
        "mlflow.trace.sizeBytes",
        "mlflow.trace.sizeStats",
        "mlflow.trace.tokenUsage",
    }
)
"""What every trace has of its own, so that it says nothing of a change; tokens are told above."""


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One line of both texts. ``kind``: heading, same, changed, left, right, muted."""

    kind: str
    left: str = ""
    right: str = ""


def trace_rows(left: TraceView, right: TraceView) -> list[DiffRow]:
    """What differs about the traces themselves: state, name, tags, metadata."""
    return _named_rows("fields of the trace", _of_trace(left), _of_trace(right))


def _of_trace(trace: TraceView) -> dict[str, Any]:
    info = trace.info
    return {
        "state": state_word(info.state),
        "name": info.name,
        "session": info.session_id or "–",
        "user": info.user_id or "–",
        **{key: text for key, text in {**info.metadata, **info.tags}.items() if key not in _OWN},
    }


def span_rows(left: SpanView | None, right: SpanView | None) -> list[DiffRow]:
    """Attributes that differ, then inputs and outputs line by line. One of the two may be missing."""
    only = "only in A" if right is None else "only in B" if left is None else ""
    rows = [DiffRow("muted", only)] if only else []
    rows += _named_rows("attributes", _of_span(left), _of_span(right))
    for name in ("inputs", "outputs"):
        texts = ["" if span is None else _written(span, name) for span in (left, right)]
        found = text_rows(*texts)
        alike = texts[0] == texts[1]
        rows += [DiffRow("heading", f"{name}{', alike' if alike else ''}"), *found]
    return rows


def differs(left: SpanView, right: SpanView) -> bool:
    """Whether two spans hold different payloads or ended otherwise."""
    one, two = left.record, right.record
    return (
        left.failed != right.failed
        or one.status != two.status
        or left.model != right.model
        or one.inputs != two.inputs
        or one.outputs != two.outputs
    )


def _of_span(span: SpanView | None) -> dict[str, Any]:
    if span is None:
        return {}
    record = span.record
    return {
        "name": record.name,
        "type": record.kind,
        "status": record.status,
        "status message": record.status_message,
        "model": span.model,
        **record.attributes,
    }


def _written(span: SpanView, name: str) -> str:
    value = unpacked(getattr(span.record, name))
    return "(not recorded)" if value is None else as_written(value)


def _named_rows(title: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> list[DiffRow]:
    rows = []
    for name in dict.fromkeys([*left, *right]):
        one, two = left.get(name, ""), right.get(name, "")
        if one == two:
            continue
        shown = [
            f"{single_line(name)}: {single_line(each if isinstance(each, str) else as_json(each, indent=False))}"
            for each in (one, two)
        ]
        kind = "changed" if name in left and name in right else "left" if name in left else "right"
        rows.append(
            DiffRow(kind, shown[0] if name in left else "", shown[1] if name in right else "")
        )
    return [DiffRow("heading", f"{title} that differ"), *rows] if rows else []


# ---- texts ----------------------------------------------------------------------------------


def text_rows(left: str, right: str) -> list[DiffRow]:
    """Two texts line by line; long stretches that are alike are left out and counted."""
    return list(_shortened(list(_rows(left.split("\n"), right.split("\n")))))


def _rows(left: Sequence[str], right: Sequence[str]) -> Iterator[DiffRow]:
    start = 0
    shorter = min(len(left), len(right))
    while start < shorter and left[start] == right[start]:
        start += 1
    end = 0
    while end < shorter - start and left[-1 - end] == right[-1 - end]:
        end += 1
    yield from (DiffRow("same", line, line) for line in left[:start])
    one, two = left[start : len(left) - end], right[start : len(right) - end]
    if max(len(one), len(two)) > MOST_COMPARED:
        yield DiffRow(
            "muted",
            f"{len(one):,} lines against {len(two):,}: too many to be matched one by one",
        )
        yield from _changed(one, two)
    else:
        yield from _matched(one, two)
    yield from (DiffRow("same", line, line) for line in left[len(left) - end :])


def _matched(left: Sequence[str], right: Sequence[str]) -> Iterator[DiffRow]:
    gone: list[str] = []
    come: list[str] = []
    for step in LCSseq.opcodes(left, right):
        if step.tag == "equal":
            yield from _changed(gone, come)
            gone, come = [], []
            yield from (DiffRow("same", line, line) for line in left[step.src_start : step.src_end])
        else:
            gone += left[step.src_start : step.src_end]
            come += right[step.dest_start : step.dest_end]
    yield from _changed(gone, come)


def _changed(left: Sequence[str], right: Sequence[str]) -> Iterator[DiffRow]:
    for one, two in zip_longest(left, right):
        if one is None:
            yield DiffRow("right", "", two)
        elif two is None:
            yield DiffRow("left", one, "")
        else:
            yield DiffRow("changed", one, two)


def _shortened(rows: Sequence[DiffRow]) -> Iterator[DiffRow]:
    """Without the middle of long stretches that are alike."""
    changed = [place for place, row in enumerate(rows) if row.kind != "same"]
    near: set[int] = set()
    for place in changed:
        near.update(range(place - AROUND, place + AROUND + 1))
    left_out = 0
    for place, row in enumerate(rows):
        if row.kind != "same" or place in near or len(rows) <= 2 * AROUND:
            if left_out:
                yield _alike(left_out)
                left_out = 0
            yield row
        else:
            left_out += 1
    if left_out:
        yield _alike(left_out)


def _alike(count: int) -> DiffRow:
    return DiffRow("muted", f"… {count:,} line{'s' if count != 1 else ''} alike")
