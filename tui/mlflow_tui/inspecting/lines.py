"""What a payload is made of: lines, and folds that hold more lines until they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

OPENED_DEPTH = 4
OPENED_LINES = 400
"""So deep, and so many lines, are open at first."""
DEEPEST_INDENT = 20


class Link(NamedTuple):
    """Where a line leads to. ``kind``: trace or finding."""

    kind: str
    key: str


class Line(NamedTuple):
    """One line. ``kind``: text, markdown, code, json, heading, muted, bad or good."""

    kind: str
    text: str
    link: Link | None = None


@dataclass(slots=True, eq=False)
class Fold:
    """A line that holds others."""

    head: Line
    make: Callable[[], Sequence[Item]]
    """What it holds; called once, when that is first looked at."""
    holds: Callable[[], str] | None = None
    """All words that it holds, for looking without opening; ``None`` to look at the lines themselves."""
    indent: int = 0
    eager: bool = True
    """Whether it may be open at first."""
    opened: bool = False
    _made: Sequence[Item] | None = field(default=None, repr=False)

    @property
    def items(self) -> Sequence[Item]:
        """What it holds."""
        if self._made is None:
            self._made = self.make()
        return self._made


Item = Line | Fold


def indented(indent: int) -> str:
    """The blank before a line so deep."""
    return "  " * min(indent, DEEPEST_INDENT)


def open_first(items: Sequence[Item]) -> Sequence[Item]:
    """Open what may be open at first, level by level, as long as it is not too deep or too long."""
    lines, level = len(items), list(items)
    for _ in range(OPENED_DEPTH):
        below: list[Item] = []
        for item in level:
            if isinstance(item, Fold) and item.eager and lines < OPENED_LINES:
                item.opened = True
                lines += len(item.items)
                below += item.items
        level = below
    return items


def shown(items: Iterable[Item]) -> Iterator[Item]:
    """The lines and folds that are seen: those in open folds too."""
    ahead = [iter(items)]
    while ahead:
        item = next(ahead[-1], None)
        if item is None:
            ahead.pop()
            continue
        yield item
        if isinstance(item, Fold) and item.opened:
            ahead.append(iter(item.items))


def texts(items: Iterable[Item]) -> Iterator[str]:
    """The text of every line that is seen."""
    return (item.head.text if isinstance(item, Fold) else item.text for item in shown(items))
