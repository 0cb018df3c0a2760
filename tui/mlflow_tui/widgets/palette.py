"""The few text styles that cards, details and charts are drawn in, taken from the stylesheet."""

from __future__ import annotations

from dataclasses import dataclass, fields

from rich.style import Style
from textual.widget import Widget


@dataclass(frozen=True)
class Palette:
    """A style for each role of a piece of text. None sets a background, so all lie on any row."""

    text: Style
    muted: Style
    strong: Style
    heading: Style
    good: Style
    bad: Style
    warn: Style
    accent: Style


ROLES = frozenset(f"palette--{field.name}" for field in fields(Palette))
"""Component classes that a widget must declare to have a palette; the colours are in board.tcss."""


def palette_of(widget: Widget) -> Palette:
    """The palette of a widget that declares ``ROLES`` among its component classes."""
    return Palette(
        **{
            field.name: widget.get_component_rich_style(f"palette--{field.name}", partial=True)
            for field in fields(Palette)
        }
    )
