"""Long lists that travel from process to process without being unpacked where nobody looks into them.

A finding may name every trace of fifty thousand, each with a rationale. To make those objects takes a second of
Python's time, under which a held key stands still; their number is known without.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar, overload

from mlflow_analysis.events import AnalysisReady, Event, FindingReady
from mlflow_analysis.findings.examples import TraceAssessment
from mlflow_analysis.findings.finding import Finding

Item = TypeVar("Item")


class Packed(Sequence[Item], Generic[Item]):
    """A sequence that is made when one of its items is asked for; equal to a tuple of the same items."""

    __slots__ = ("_content", "_count", "_items", "_make")

    def __init__(self, content: bytes, count: int, make: Callable[..., Item] | None) -> None:
        self._content, self._count, self._make = content, count, make
        self._items: tuple[Item, ...] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._content, self._count, self._make)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        return self._unpacked()[index]

    def __iter__(self) -> Iterator[Item]:
        return iter(self._unpacked())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Packed):
            return self._content == other._content
        return isinstance(other, tuple) and self._unpacked() == other

    def __hash__(self) -> int:
        return hash(self._unpacked())

    def __repr__(self) -> str:
        return f"<{self._count} packed>"

    def _unpacked(self) -> tuple[Item, ...]:
        if self._items is None:
            rows = pickle.loads(self._content)  # noqa: S301 - packed by our own engine process
            self._items = tuple(rows) if self._make is None else tuple(map(self._made, rows))
        return self._items

    def _made(self, row: list[Any]) -> Item:
        assert self._make is not None
        return self._make(*row)


def _content(rows: list[Any]) -> bytes:
    return pickle.dumps(rows, pickle.HIGHEST_PROTOCOL)


def packed_texts(texts: Sequence[str]) -> Packed[str]:
    """These texts, packed."""
    return Packed(_content(list(texts)), len(texts), None)


def packed_assessments(assessments: Sequence[TraceAssessment]) -> Packed[TraceAssessment]:
    """These assessments, packed."""
    rows = [(each.trace_id, each.span_id, each.name, each.rationale) for each in assessments]
    return Packed(_content(rows), len(rows), TraceAssessment)


def packed_finding(finding: Finding) -> Finding:
    """An equal finding whose lists of traces are packed."""
    return replace(
        finding,
        trace_ids=packed_texts(finding.trace_ids),
        assessments=packed_assessments(finding.assessments),
        aliases=tuple(
            replace(each, trace_ids=packed_texts(each.trace_ids)) for each in finding.aliases
        ),
    )


class Packing:
    """Packs the events of a run. A finding that comes twice, alone and with all, is packed once."""

    def __init__(self) -> None:
        self._packed: dict[str, tuple[Finding, Finding]] = {}
        """By fingerprint: as it came, and packed."""

    def of(self, event: Event) -> Event:
        """An equal event whose findings are packed."""
        if isinstance(event, FindingReady):
            return FindingReady(self._finding(event.finding))
        if isinstance(event, AnalysisReady):
            findings = tuple(map(self._finding, event.analysis.findings))
            self._packed = {}
            return AnalysisReady(replace(event.analysis, findings=findings), event.interrupted)
        return event

    def _finding(self, finding: Finding) -> Finding:
        before = self._packed.get(finding.fingerprint)
        if before is None or before[0] is not finding:
            before = finding, packed_finding(finding)
            self._packed[finding.fingerprint] = before
        return before[1]
