"""What the terminal shows, so that of each frame only the cells are sent that look otherwise than before.

Textual sends whole lines of whatever it draws anew, and with every piece of a line all of its colours. That is
five to twenty times the bytes that change anything, and over SSH bytes are time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from rich.cells import get_character_cell_size
from rich.color import Color, ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

_RESET = "\x1b[m"
_SMALL_GAP = 4
"""Fewer cells than that between two changes are written again: a jump over them takes as many bytes."""
_MARKS = {
    "bold": "1", "dim": "2", "italic": "3", "underline": "4", "blink": "5", "reverse": "7",
    "strike": "9", "underline2": "21", "overline": "53",
}  # fmt: skip
"""What a style may be besides coloured, and its SGR code."""
_SEEN_ON_BLANKS = frozenset({"4", "7", "9", "21", "53"})


class Pen(NamedTuple):
    """How a cell is drawn, in SGR codes."""

    marks: tuple[str, ...] = ()
    colour: str | None = "39"
    """``None`` for a blank, which has none."""
    ground: str = "49"


_PLAIN = Pen()
_PENS: dict[Pen, Pen] = {}
"""Each pen once, so that equal ones are one and the same. Themes have a few dozen of them."""


class Shown:
    """The cells of the terminal, as far as they are known."""

    def __init__(self) -> None:
        self._size = Size(0, 0)
        self._signs: list[list[str | None]] = []
        self._pens: list[list[Pen | None]] = []

    def forget(self) -> None:
        """The terminal was cleared, or somebody else may have drawn on it: send all of the next frame."""
        self._size = Size(0, 0)

    def changes(self, update: CompositorUpdate, size: Size, system: ColorSystem) -> Changes:
        """What of ``update`` changes a screen of ``size``, in the colours that ``system`` has."""
        return Changes(self, update, size, system)

    def resize(self, size: Size) -> None:
        """Of another size nothing is known."""
        if size != self._size:
            self._size = size
            self._signs = [[None] * size.width for _ in range(size.height)]
            self._pens = [[None] * size.width for _ in range(size.height)]

    def taken(self, x: int, y: int, signs: list[str], pens: list[Pen]) -> Iterator[tuple[int, int]]:
        """Put cells on line ``y`` from column ``x`` on; from where to where of them something changed."""
        end = x + len(signs)
        old_signs, old_pens = self._signs[y][x:end], self._pens[y][x:end]
        if signs == old_signs and pens == old_pens:
            return
        self._signs[y][x:end] = signs
        self._pens[y][x:end] = pens
        first, last = -1, -1
        for at, (sign, pen, old_sign, old_pen) in enumerate(
            zip(signs, pens, old_signs, old_pens, strict=True)
        ):
            if sign == old_sign and pen is old_pen:
                continue
            if first < 0:
                first = at
            elif at - last > _SMALL_GAP:
                yield first, last + 1
                first = at
            last = at
        yield first, last + 1


class Changes(CompositorUpdate):
    """A frame as the terminal needs it. What it shows is known anew once this has been rendered."""

    def __init__(
        self, shown: Shown, update: CompositorUpdate, size: Size, system: ColorSystem
    ) -> None:
        self._shown, self._update, self._size, self._system = shown, update, size, system
        self._sent: list[str] = []
        self._pen = _PLAIN
        self._at: tuple[int, int] | None = None
        """Column and line of the terminal's cursor, where that is certain."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from ()

    def render_segments(self, console: Console) -> str:
        """The bytes to send."""
        self._shown.resize(self._size)
        for x, y, strip in _pieces(self._update):
            if 0 <= y < self._size.height and 0 <= x < self._size.width:
                self._draw(x, y, strip)
        if self._pen != _PLAIN:
            self._sent.append(_RESET)
        return "".join(self._sent)

    def _draw(self, x: int, y: int, strip: Strip) -> None:
        signs, pens, simple = _cells(strip, self._system)
        room = self._size.width - x
        for start, stop in self._shown.taken(x, y, signs[:room], pens[:room]):
            self._move(x + start, y)
            for pen, cells in groupby(pens[start:stop]):
                self._take(pen)
                end = start + sum(1 for _ in cells)
                self._sent += signs[start:end]
                start = end
            # terminals differ on how wide some characters are
            self._at = (x + stop, y) if simple else None

    def _move(self, x: int, y: int) -> None:
        if self._at == (x, y):
            return
        same_line = self._at is not None and self._at[1] == y
        self._sent.append(f"\x1b[{x + 1}G" if same_line else f"\x1b[{y + 1};{x + 1}H")

    def _take(self, pen: Pen) -> None:
        """From the pen in hand to ``pen``, in as few codes as it takes."""
        marks, colour, ground = self._pen
        if pen.colour is None:
            pen = Pen(() if _SEEN_ON_BLANKS.intersection(marks) else marks, colour, pen.ground)
        if pen == self._pen:
            return
        codes: list[str] = []
        if pen.marks != marks:
            if marks:
                codes.append("0")
                colour, ground = _PLAIN.colour, _PLAIN.ground
            codes += pen.marks
        if pen.colour != colour:
            codes.append(str(pen.colour))
        if pen.ground != ground:
            codes.append(pen.ground)
        self._sent.append(f"\x1b[{';'.join(codes)}m")
        self._pen = pen


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Column, line and cells of what Textual would draw."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, first, last in update.spans:
            pieces: Iterable[tuple[int, tuple[int, Strip | None]]] = zip(
                update.chop_ends[y], update.chops[y].items(), strict=False
            )
            for end, (x, piece) in pieces:
                if piece is not None and x <= last and end > first:
                    yield x, y, piece.crop(0, min(end, last) - x)
    else:
        raise TypeError(f"Textual draws in another way: {type(update).__name__}")


def _cells(strip: Strip, system: ColorSystem) -> tuple[list[str], list[Pen], bool]:
    """The text and the pen of each cell, and whether every character takes one."""
    signs: list[str] = []
    pens: list[Pen] = []
    simple = True
    for text, style, control in strip:
        if control:
            continue
        pen, blank = _pens(style or Style.null(), system)
        if text.isascii() or all(get_character_cell_size(sign) == 1 for sign in text):
            signs += text
            pens += [blank if sign == " " else pen for sign in text]
            continue
        simple = False
        for sign in text:
            width = get_character_cell_size(sign)
            if width:
                signs += [sign, *[""] * (width - 1)]
                pens += [pen] * width
            elif signs:  # it belongs to the character, however many cells that takes
                last = next((at for at in range(len(signs) - 1, 0, -1) if signs[at]), 0)
                signs[last] += sign
    return signs, pens, simple


@lru_cache(maxsize=4096)
def _pens(style: Style, system: ColorSystem) -> tuple[Pen, Pen]:
    """What draws the text of a style, and what its blanks, on which little of it is seen."""
    marks = tuple(code for name, code in _MARKS.items() if getattr(style, name))
    ground = _codes(style.bgcolor, system, foreground=False)
    pen = _once(Pen(marks, _codes(style.color, system, foreground=True), ground))
    return pen, (pen if _SEEN_ON_BLANKS.intersection(marks) else _once(Pen((), None, ground)))


def _once(pen: Pen) -> Pen:
    return _PENS.setdefault(pen, pen)


def _codes(colour: Color | None, system: ColorSystem, *, foreground: bool) -> str:
    if colour is None:
        return "39" if foreground else "49"
    return ";".join(colour.downgrade(system).get_ansi_codes(foreground=foreground))
