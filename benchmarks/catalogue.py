"""How long the whole catalogue takes on the tables of 10,000 traces of 8 spans: from features to findings.

The limit holds for processor time: seconds on a clock depend on what else the machine does, and stand beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from benchmarks.figures import Figure
from mlflow_analysis.demo.faults import ALL_FAULTS
from mlflow_analysis.demo.scenario import make_scenario
from mlflow_analysis.evidence.weighing import Weighing
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract
from mlflow_analysis.hypotheses.catalogue import catalogue
from mlflow_analysis.process import collector
from mlflow_analysis.records import SpanRecord, TraceRecord

_TRACES = 10_000
_SPANS = 8
_LONGEST_S = 5.0
_SHOWN = 10

Result = TypeVar("Result")


class _Stopwatch:
    """Seconds by name, of the processor and of a clock on the wall."""

    def __init__(self) -> None:
        self.processor: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], Result]) -> Result:
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        self.processor[name] = time.process_time() - processor
        self.wall[name] = time.perf_counter() - wall
        return result

    def shown(self, name: str) -> str:
        return _shown(self.processor[name], self.wall[name])


def measure(traces: int = _TRACES) -> list[Figure]:
    """Seconds for all hypotheses, weighed and concluded, and the slowest ten of them."""
    records = [_with_steps(record) for record in make_scenario(0, traces, ALL_FAULTS).records]
    before, weighed = _Stopwatch(), _Stopwatch()
    extracted = before.time("extracting", lambda: [extract(record) for record in records])
    features = before.time("building", lambda: build_features(extracted))
    collector.relax()  # as the program does: else what is timed is a look at the records above
    weighing = weighed.time("what all share", lambda: Weighing(features))
    for hypothesis in catalogue():
        weighed.time(hypothesis.id, lambda each=hypothesis: weighing.add(each))  # type: ignore[misc]
    weighed.time("concluding", weighing.conclude)
    total = sum(weighed.processor.values())
    slowest = sorted(weighed.processor, key=lambda name: (-weighed.processor[name], name))
    return [
        Figure(
            "spans a trace", f"{len(features.spans) / traces:.1f}", f"≥ {_SPANS}",
            len(features.spans) >= _SPANS * traces,
        ),
        Figure(f"extracting {traces} traces", before.shown("extracting")),
        Figure("building the tables, requests grouped", before.shown("building")),
        Figure(
            f"the whole catalogue, {len(catalogue())} hypotheses",
            _shown(total, sum(weighed.wall.values())),
            f"< {_LONGEST_S:.0f} s",
            total < _LONGEST_S,
        ),
        *(Figure(f"  {name}", weighed.shown(name)) for name in slowest[:_SHOWN]),
    ]  # fmt: skip


def _shown(processor: float, wall: float) -> str:
    return f"{processor:.2f} s ({wall:.2f} s on the wall)"


def _with_steps(record: TraceRecord) -> TraceRecord:
    """The trace as frameworks record it that put a step around each call: about twice as many spans."""
    spans = []
    for span in record.spans:
        if span.parent_id is None:
            spans.append(span)
        else:
            step = _step_around(span)
            spans += [step, replace(span, parent_id=step.span_id)]
    return replace(record, spans=tuple(spans))


def _step_around(span: SpanRecord) -> SpanRecord:
    return replace(
        span, span_id=f"{span.span_id}-step", name=f"step: {span.name}", kind="CHAIN", attributes={}
    )
