"""Recorded traces: are the failures found that the environment recorded, and what goes with success?

Counted per trace and class. A label tells that a call failed and, by its category, in which classes
it may be (``tool_error`` in any). *Recall*: labelled pairs of trace and category in which a failure
of such a class was found. *Precision*: pairs of trace and class that were found in which a label
agrees. Labels are not exhaustive, so what was found beyond them is listed on stderr, to be read: it
is wrong only if no error can be read there. A file of readings (lines of ``{"trace_id", "span_id",
"real": true | false}``) gives the second figure, in which extras that are real errors count as
right and those that nobody has read count as wrong. People's labels (a decisive mistake) are no
failures of calls and are left out.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import associations
from benchmarks.figures import Figure
from benchmarks.neutral import DataSet, Label, data_sets
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.features.failure_classes import classify
from mlflow_analysis.features.failure_patterns import CODE, CONTENTION, OTHER, TIMEOUT
from mlflow_analysis.features.failures import Failure, failure_of
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.records import SpanRecord
from mlflow_analysis.source import RecordedTraces

_LIMIT = 0.95
_ANY: frozenset[str] = frozenset()
"""The category names no class: any will do."""
_CATEGORIES = {
    "tool_error": _ANY,
    "code_execution_failed": frozenset({CODE, TIMEOUT, CONTENTION}),
    "code_execution_error": frozenset({CODE, TIMEOUT, CONTENTION}),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A failure that the analysis found."""

    trace_id: str
    span: SpanRecord
    failure: Failure


@dataclass(frozen=True, slots=True)
class Score:
    """How what was found agrees with what was recorded, in pairs of trace and class."""

    labelled: int
    recalled: int
    found: int
    agreeing: int
    real: int
    """Pairs found without a label that a reader called real errors."""
    spans_hit: int
    misses: tuple[Label, ...]
    extras: tuple[Found, ...]

    @property
    def recall(self) -> float:
        """Share of the labelled pairs that were found; 1 where nothing was labelled."""
        return self.recalled / self.labelled if self.labelled else 1.0

    @property
    def strict(self) -> float:
        """Precision if every extra is wrong."""
        return self.agreeing / self.found if self.found else 1.0

    @property
    def reviewed(self) -> float:
        """Precision if the extras that a reader called real are right."""
        return (self.agreeing + self.real) / self.found if self.found else 1.0


def measure(folder: Path, readings: Path | None = None) -> tuple[list[Figure], str]:
    """Figures of every data set in ``folder``, and a table of what goes with its outcomes."""
    real = _readings(readings)
    figures: list[Figure] = []
    tables: list[str] = []
    for data in data_sets(folder):
        result = score(data, real)
        _tell(data, result)
        figures += _figures(data, result)
        if data.outcomes:
            print(f"  {data.name}: analysing {len(data.records)} traces …", file=sys.stderr)
            tables.append(
                f"\n{data.name}: what goes with {associations.OUTCOME} ({data.outcomes} outcomes)"
            )
            tables.append(associations.table(_analysis(data), data.records))
    return figures, "\n".join(tables)


def score(data: DataSet, real: frozenset[tuple[str, str]] = frozenset()) -> Score:
    """The failures found in ``data`` against the recorded ones."""
    found = [
        Found(record.info.trace_id, span, failure)
        for record in data.records
        for span in record.spans
        if (failure := failure_of(span)) is not None
    ]
    classes: dict[str, set[str]] = {}
    for each in found:
        classes.setdefault(each.trace_id, set()).add(each.failure.error_class)
    admitted: dict[str, list[frozenset[str]]] = {}
    for label in data.failures:
        admitted.setdefault(label.trace_id, []).append(admissible(label))
    labelled = {(label.trace_id, label.category): label for label in data.failures}
    missed = [
        label
        for (trace_id, _), label in labelled.items()
        if not _agrees(classes.get(trace_id, set()), admissible(label))
    ]
    pairs = {(each.trace_id, each.failure.error_class): each for each in found}
    extras = {
        pair: each
        for pair, each in pairs.items()
        if not any(_agrees({pair[1]}, allowed) for allowed in admitted.get(pair[0], ()))
    }
    located = {(each.trace_id, each.span.span_id) for each in found}
    return Score(
        labelled=len(labelled),
        recalled=len(labelled) - len(missed),
        found=len(pairs),
        agreeing=len(pairs) - len(extras),
        real=sum((each.trace_id, each.span.span_id) in real for each in extras.values()),
        spans_hit=sum((label.trace_id, label.span_id) in located for label in data.failures),
        misses=tuple(missed),
        extras=tuple(extras.values()),
    )


def admissible(label: Label) -> frozenset[str]:
    """The classes that a label allows; empty for any."""
    if label.category in _CATEGORIES:
        return _CATEGORIES[label.category]
    name = label.category.replace("_", "-").lower()
    told = {classify("", exception_type=each) for each in (label.category, label.native)} - {OTHER}
    # a hypothesis id is the class itself; the name of an exception tells it
    return frozenset(told) if told else (frozenset({name}) if "-" in name else _ANY)


def _agrees(classes: set[str], allowed: frozenset[str]) -> bool:
    return bool(classes & allowed) if allowed else bool(classes)


def _analysis(data: DataSet) -> Analysis:
    *_, last = analyze(RecordedTraces(data.records, data.name))
    assert isinstance(last, AnalysisReady)
    return last.analysis


def _figures(data: DataSet, result: Score) -> list[Figure]:
    if not data.failures:
        count = f"{result.found} in {len(data.records)} traces"
        return [Figure(f"{data.name}: failures found, none recorded", count)]
    return [
        Figure(
            f"{data.name}: recall ({result.recalled} of {result.labelled} pairs, "
            f"{result.spans_hit} of {len(data.failures)} spans)",
            f"{result.recall:.3f}",
            f"≥ {_LIMIT}",
            result.recall >= _LIMIT,
        ),
        Figure(
            f"{data.name}: precision, strict ({result.agreeing} of {result.found} pairs)",
            f"{result.strict:.3f}",
        ),
        Figure(
            f"{data.name}: precision, extras read ({result.real} of {len(result.extras)} real)",
            f"{result.reviewed:.3f}",
            f"≥ {_LIMIT}",
            result.reviewed >= _LIMIT,
        ),
    ]


def _tell(data: DataSet, result: Score) -> None:
    for label in result.misses:
        print(
            f"  {data.name}: missed {label.trace_id} {label.span_id} {label.category}",
            file=sys.stderr,
        )
    for each in result.extras:
        print(
            f"  {data.name}: unlabelled {each.trace_id} {each.span.span_id} {each.span.name}: "
            f"{each.failure.error_class}: {each.failure.message[:160]!r}",
            file=sys.stderr,
        )


def _readings(path: Path | None) -> frozenset[tuple[str, str]]:
    if path is None:
        return frozenset()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return frozenset((each["trace_id"], each["span_id"]) for each in lines if each["real"])
