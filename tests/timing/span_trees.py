"""Made span trees as tables, and a small simulator of programs that call tools."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

Row = tuple[str, str, str, int, float, float]
"""trace id, span id, parent id, depth, start and end in ms."""


def tables(rows: list[Row], complete: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``spans`` and ``traces`` with the columns that a replay reads, recorded as a tracer would."""
    columns = ["trace_id", "span_id", "parent_id", "depth", "start_ms", "end_ms"]
    spans = pd.DataFrame(rows, columns=columns)
    roots = spans[spans["depth"] == 0].groupby("trace_id", sort=False)
    traces = pd.DataFrame({"duration_ms": roots["end_ms"].max() - roots["start_ms"].min()})
    number = {(row[0], row[1]): number for number, row in enumerate(rows)}
    parent = [number.get((trace_id, parent), -1) for trace_id, _, parent, *_ in rows]
    spans = spans.assign(trace=traces.index.get_indexer(spans["trace_id"]), parent=parent)
    return spans, traces.assign(complete=complete)


def random_tree(draw: np.random.Generator, trace_id: str, spans: int) -> list[Row]:
    """A tree of any shape: children that overlap, outlive their parent, start late or take no time."""
    rows: list[Row] = [(trace_id, "0", "", 0, 1e12, 1e12 + float(draw.uniform(0, 500)))]
    for number in range(1, spans):
        if draw.random() < 0.05:
            start = 1e12 + float(draw.uniform(0, 100))
            rows.append((trace_id, str(number), "", 0, start, start + float(draw.uniform(0, 50))))
            continue
        _, parent, _, depth, low, high = rows[int(draw.integers(len(rows)))]
        start = float(draw.uniform(low, high + 5))
        if draw.random() < 0.3:  # at the very moment at which another one begins or ends
            start = float(rows[int(draw.integers(len(rows)))][4 + int(draw.integers(2))])
        length = 0.0 if draw.random() < 0.15 else float(draw.exponential(60))
        rows.append((trace_id, str(number), parent, depth + 1, start, start + length))
    return rows


@dataclass
class Step:
    """A part of a program: a call of ``ms``, or a sequence or a gathering of other steps."""

    name: str
    ms: float = 0.0
    steps: list[Step] = field(default_factory=list)
    together: bool = False
    pause_ms: float = 0.0
    """What the program itself does before this step."""


def run(step: Step, start: float, parent: str, depth: int, trace_id: str, rows: list[Row]) -> float:
    """Run the program from ``start``; its end. Each step leaves a span."""
    span_id = str(len(rows))
    rows.append((trace_id, f"{span_id}:{step.name}", parent, depth, start, start))
    own = f"{span_id}:{step.name}"
    now = end = start
    for each in step.steps:
        now += each.pause_ms
        ended = run(each, now, own, depth + 1, trace_id, rows)
        end = max(end, ended)
        now = now if step.together else ended
    end = max(end, now) + step.ms
    rows[int(span_id)] = (trace_id, own, parent, depth, start, end)
    return end
