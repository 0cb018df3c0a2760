"""Times, states and token counts as a person reads them. Times are shown in the local time zone."""

from __future__ import annotations

from datetime import datetime

from rich.style import Style

from mlflow_tui.widgets.palette import Palette

STATE_SIGNS = {"OK": "✓", "ERROR": "✗", "IN_PROGRESS": "…", "UNSET": "·"}
STATE_WORDS = {"OK": "ok", "ERROR": "error", "IN_PROGRESS": "running", "UNSET": "unset"}


def moment(ms: int | float | None, *, short: bool = False) -> str:
    """``06-14 09:32:11``, or without seconds if ``short``; ``–`` where it is not known."""
    if ms is None:
        return "–"
    try:
        return datetime.fromtimestamp(ms / 1000).strftime(
            "%m-%d %H:%M" if short else "%m-%d %H:%M:%S"
        )
    except (OverflowError, OSError, ValueError):
        return "–"


def day(ms: int | None) -> str:
    """``2026-06-14 09:32``; ``–`` where it is not known."""
    if ms is None:
        return "–"
    try:
        return datetime.fromtimestamp(ms / 1000).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, OSError, ValueError):
        return "–"


def lately(ms: int | None, now: float) -> str:
    """A day and time on 11 columns: ``06-14 09:32``, of other years ``2025-06-14``."""
    if ms is None:
        return "–"
    try:
        at, today = datetime.fromtimestamp(ms / 1000), datetime.fromtimestamp(now)
    except (OverflowError, OSError, ValueError):
        return "–"
    return at.strftime("%m-%d %H:%M" if at.year == today.year else "%Y-%m-%d")


def tokens(count: int | None) -> str:
    """``812``, ``12.3k``, ``1.2M``; ``–`` where it is not known."""
    if count is None:
        return "–"
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 999_950 else f"{count / 1e6:.1f}M"


def state_sign(state: str) -> str:
    """One column that tells the state without colour."""
    return STATE_SIGNS.get(state, "?")


def state_word(state: str) -> str:
    """The state as a word."""
    return STATE_WORDS.get(state, state.lower().replace("state_", ""))


def state_style(state: str, palette: Palette) -> Style:
    """The colour that goes with the sign."""
    return {"OK": palette.good, "ERROR": palette.bad, "IN_PROGRESS": palette.warn}.get(
        state, palette.muted
    )
