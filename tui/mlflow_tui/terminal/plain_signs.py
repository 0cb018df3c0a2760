"""The net for terminals that draw little more than ASCII: every sign has a plain one of the same width."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_ALIKE = {
    ">": "▌▐›→▸▶»↦",
    "<": "‹←◂◀«",
    "^": "↑▴▲",
    "v": "↓▾▼",
    "-": "─━═–—‐‑−╌┄▔▁",
    "|": "│┃║┆┊▏▎▕",
    "+": "┌┐└┘├┤┬┴┼╭╮╯╰╔╗╚╝╠╣╦╩╬✓✔",
    "x": "×✗✘✕",
    "*": "●•★◉⋆",
    "o": "○◦◌",
    "#": "█▉▊▋◆■▓▇▆",
    "=": "▅▄≡",
    "_": "▂▃",
    ":": "▒░",
    ".": "·∙",
    "~": "…≈◐∼",
    "@": "◎",
    "'": "‘’",
    '"': "“”„",
    "s": "σ",
}
_PLAIN = {ord(sign): plain for plain, signs in _ALIKE.items() for sign in signs}


class PlainSigns(LineFilter):
    """Draws signs in ASCII. With ``letters`` others than ASCII stay: the terminal has them, if no signs."""

    def __init__(self, *, letters: bool) -> None:
        super().__init__()
        self._letters = letters

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """``segments`` in plain signs; control segments are Textual's own."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(self._plain(segment.text), segment.style)
            for segment in segments
        ]

    def _plain(self, text: str) -> str:
        text = text.translate(_PLAIN)
        return text if text.isascii() else "".join(map(self._one, text))

    def _one(self, character: str) -> str:
        if character.isascii() or (self._letters and character.isalpha() and character < "\u0250"):
            return character
        return "?" * cell_len(character)
