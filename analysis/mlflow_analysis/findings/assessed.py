"""Assessments of many traces, column by column.

A finding may assess every trace of fifty thousand, for a few reasons. Few of these are ever looked at one by one, while
all are masked and written: that is done by column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from typing import overload

from mlflow_analysis.findings.examples import TraceAssessment

Columns = tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str]]
"""Trace ids, span ids, names and rationales."""
_COLUMNS = tuple(map(attrgetter, ("trace_id", "span_id", "name", "rationale")))


@dataclass(frozen=True, eq=False, slots=True)
class Assessments(Sequence[TraceAssessment]):
    """Assessments of one name, each made when it is asked for; equal to a tuple of the same."""

    trace_ids: tuple[str, ...]
    span_ids: tuple[str, ...]
    name: str
    rationales: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.trace_ids)

    @overload
    def __getitem__(self, index: int) -> TraceAssessment: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TraceAssessment]: ...
    def __getitem__(self, index: int | slice) -> TraceAssessment | Sequence[TraceAssessment]:
        places = range(len(self))[index]
        return self._at(places) if isinstance(places, int) else tuple(map(self._at, places))

    def __iter__(self) -> Iterator[TraceAssessment]:
        return map(
            TraceAssessment, self.trace_ids, self.span_ids, repeat(self.name), self.rationales
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def _at(self, place: int) -> TraceAssessment:
        return TraceAssessment(
            self.trace_ids[place], self.span_ids[place], self.name, self.rationales[place]
        )


def columns_of(assessments: Sequence[TraceAssessment]) -> Columns:
    """The columns of these assessments, whoever holds them."""
    if isinstance(assessments, Assessments):
        names = [assessments.name] * len(assessments)
        return assessments.trace_ids, assessments.span_ids, names, assessments.rationales
    trace_ids, span_ids, names, rationales = (list(map(get, assessments)) for get in _COLUMNS)
    return trace_ids, span_ids, names, rationales
