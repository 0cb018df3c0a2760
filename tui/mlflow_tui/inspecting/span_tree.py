"""Which spans are lines of the waterfall: alike ones folded, subtrees collapsed, the way to any span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from mlflow_analysis.protocol import SpanView
from mlflow_analysis.untrusted import single_line

FEWEST_ALIKE = 2


class FoldBy(Enum):
    """What makes siblings alike. The value says so in a sentence."""

    NONE = "every span on a line of its own"
    NAME = "alike spans folded by name"
    TYPE = "alike spans folded by type"


@dataclass(frozen=True, slots=True)
class SpanGroup:
    """Siblings that are alike, as one line."""

    parent: int
    """Place of their parent, -1 for roots."""
    label: str
    members: tuple[int, ...]
    failed: int
    total_ms: float


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line: a span, or (``group``) several; ``span`` is then the first of them."""

    depth: int
    span: int
    group: SpanGroup | None = None


class SpanTree:
    """The spans of a trace (depth first, as ``TraceView`` has them), and what of them is folded."""

    def __init__(self, spans: Sequence[SpanView] = ()) -> None:
        self.spans = spans
        self.parents: list[int] = []
        self.children: list[list[int]] = [[] for _ in spans]
        self.roots: list[int] = []
        self._sizes = [1] * len(spans)
        self.critical = [span.critical_ms > 0 for span in spans]
        """Whether a span, or one that it waited for, is on the critical path."""
        self.fold = FoldBy.NONE
        self._collapsed: set[int] = set()
        self._opened: set[tuple[int, str]] = set()
        above: list[int] = []
        for place, span in enumerate(spans):
            del above[span.depth :]
            parent = above[-1] if above else -1
            (self.children[parent] if above else self.roots).append(place)
            self.parents.append(parent)
            above.append(place)
        for place in range(len(spans) - 1, -1, -1):
            parent = self.parents[place]
            if parent >= 0:
                self._sizes[parent] += self._sizes[place]
                self.critical[parent] |= self.critical[place]

    # ---- lines --------------------------------------------------------------------------

    def rows(self) -> list[TreeRow]:
        """The lines there are now, from the top."""
        rows: list[TreeRow] = []
        ahead = self._entries(-1, self.roots, 0)[::-1]
        while ahead:
            row = ahead.pop()
            rows.append(row)
            if row.group is not None:
                if self.is_open(row):
                    ahead += [
                        TreeRow(row.depth + 1, member) for member in reversed(row.group.members)
                    ]
            elif row.span not in self._collapsed:
                ahead += self._entries(row.span, self.children[row.span], row.depth + 1)[::-1]
        return rows

    def _entries(self, parent: int, places: Sequence[int], depth: int) -> list[TreeRow]:
        if self.fold is FoldBy.NONE or len(places) < FEWEST_ALIKE:
            return [TreeRow(depth, place) for place in places]
        alike: dict[str, list[int]] = {}
        for place in places:
            alike.setdefault(self._label(place), []).append(place)
        return [
            TreeRow(depth, members[0])
            if len(members) < FEWEST_ALIKE
            else TreeRow(depth, members[0], self._group(parent, label, members))
            for label, members in alike.items()
        ]

    def _label(self, place: int) -> str:
        record = self.spans[place].record
        return single_line(record.name if self.fold is FoldBy.NAME else record.kind) or "(no name)"

    def _group(self, parent: int, label: str, members: Sequence[int]) -> SpanGroup:
        spans = [self.spans[place] for place in members]
        return SpanGroup(
            parent,
            label,
            tuple(members),
            sum(span.failed for span in spans),
            sum(
                (span.record.end_ns - span.record.start_ns) / 1e6
                for span in spans
                if span.record.end_ns is not None
            ),
        )

    def can_open(self, row: TreeRow) -> bool:
        """Whether a line holds others."""
        return row.group is not None or bool(self.children[row.span])

    def is_open(self, row: TreeRow) -> bool:
        """Whether the lines that it holds are shown."""
        if row.group is not None:
            return (row.group.parent, row.group.label) in self._opened
        return row.span not in self._collapsed

    def held(self, row: TreeRow) -> int:
        """How many spans a line holds besides itself."""
        return len(row.group.members) if row.group is not None else self._sizes[row.span] - 1

    # ---- folding ------------------------------------------------------------------------

    def set_open(self, row: TreeRow, opened: bool) -> None:
        """Open or close a line."""
        if row.group is not None:
            key = (row.group.parent, row.group.label)
            (self._opened.add if opened else self._opened.discard)(key)
        else:
            (self._collapsed.discard if opened else self._collapsed.add)(row.span)

    def fold_by(self, fold: FoldBy) -> None:
        """Fold alike siblings otherwise; all groups are closed at first."""
        self.fold = fold
        self._opened.clear()

    def reveal(self, place: int) -> None:
        """Open whatever hides a span."""
        if self.fold is not FoldBy.NONE:
            self._opened.add((self.parents[place], self._label(place)))
        parent = self.parents[place]
        while parent >= 0:
            self._collapsed.discard(parent)
            if self.fold is not FoldBy.NONE:
                self._opened.add((self.parents[parent], self._label(parent)))
            parent = self.parents[parent]
