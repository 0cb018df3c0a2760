"""The lines of a payload that are seen now, and a text found in all of them, folded ones too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlflow_tui.inspecting.lines import Fold, Item, Line, Link, indented, shown

MOST_MATCHES = 5_000


@dataclass(frozen=True, slots=True)
class Match:
    """A place where a text was found, and the folds that hide it, the outermost first."""

    item: Item
    at: int
    within: tuple[Fold, ...]


class Outline:
    """Lines made from items. ``opened`` and ``closed`` are the signs before a fold."""

    def __init__(self, items: Sequence[Item] = (), opened: str = "▾", closed: str = "▸") -> None:
        self.items = items
        self._signs = (closed, opened)
        self.rows: list[Item] = []
        self.lines: list[Line] = []
        self.lay_out()

    def lay_out(self) -> None:
        """Work out what is seen; to be called after folds were opened or closed."""
        self.rows = list(shown(self.items))
        self.lines = [item if isinstance(item, Line) else self._head(item) for item in self.rows]

    def _head(self, fold: Fold) -> Line:
        sign = self._signs[fold.opened]
        return fold.head._replace(text=f"{indented(fold.indent)}{sign} {fold.head.text}")

    def toggle(self, number: int) -> bool:
        """Open or close the fold on a line; whether there is one."""
        item = self.rows[number] if number < len(self.rows) else None
        if not isinstance(item, Fold):
            return False
        item.opened = not item.opened
        self.lay_out()
        return True

    def link(self, number: int) -> Link | None:
        """Where a line leads to."""
        item = self.rows[number] if number < len(self.rows) else None
        return item.link if isinstance(item, Line) else None

    # ---- finding ------------------------------------------------------------------------

    def find(self, needle: str) -> list[Match]:
        """Every place of ``needle``, case ignored, from the top; at most ``MOST_MATCHES``."""
        found: list[Match] = []
        if needle:
            for match in self._seek(needle.casefold()):
                found.append(match)
                if len(found) == MOST_MATCHES:
                    break
        return found

    def _seek(self, wanted: str) -> Iterator[Match]:
        words = re.findall(r"\w+", wanted)
        ahead: list[tuple[Iterator[Item], tuple[Fold, ...]]] = [(iter(self.items), ())]
        while ahead:
            items, within = ahead[-1]
            item = next(items, None)
            if item is None:
                ahead.pop()
                continue
            text = item.text if isinstance(item, Line) else self._head(item).text
            folded = text.casefold()
            at = folded.find(wanted)
            while at >= 0:
                yield Match(item, at, within)
                at = folded.find(wanted, at + len(wanted))
            if isinstance(item, Fold) and (item.opened or _may_hold(item, words)):
                ahead.append((iter(item.items), (*within, item)))

    def reveal(self, match: Match) -> int:
        """Open what hides a match; the number of its line."""
        closed = [fold for fold in match.within if not fold.opened]
        for fold in closed:
            fold.opened = True
        if closed:
            self.lay_out()
        return next(number for number, item in enumerate(self.rows) if item is match.item)


def _may_hold(fold: Fold, words: Sequence[str]) -> bool:
    """Whether it is worth looking into a fold that is not open."""
    if fold.holds is None or not words:
        return True
    text = fold.holds().casefold()
    return all(word in text for word in words)
