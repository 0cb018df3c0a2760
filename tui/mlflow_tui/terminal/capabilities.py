"""What the terminal can do that the app is given, and whether it will do."""

from __future__ import annotations

import locale
import sys
from collections.abc import Mapping, MutableMapping


def objection(environment: Mapping[str, str]) -> str | None:
    """Why a full-screen app cannot run here, as a sentence with a remedy; ``None`` if it can."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return (
            "mlflow-tui needs a terminal for its screens, and this is not one. "
            "Use `mlflow-tui analyze` to work without a terminal."
        )
    if environment.get("TERM", "") == "dumb":
        return (
            "TERM is dumb, so the terminal cannot place text on the screen. "
            "Set TERM to what it is (xterm-256color, say), or use `mlflow-tui analyze`."
        )
    return None


def prepare(environment: MutableMapping[str, str]) -> None:
    """Set what Textual reads when it is imported. Call before importing it."""
    # Textual would believe these over the terminal itself and ignore every resize.
    environment.pop("COLUMNS", None)
    environment.pop("LINES", None)
    # Scrolling one page with animation writes 160 kB, without it 20 kB.
    environment["TEXTUAL_ANIMATIONS"] = "none"
    # A frame is drawn up to two periods after a key; what the engine says is coalesced in the client.
    environment.setdefault("TEXTUAL_FPS", "120")
    if "STY" in environment:
        environment.pop("COLORTERM", None)  # GNU screen 4 misreads truecolor as blinking text
    for stream in (sys.__stderr__, sys.__stdout__):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and locale.getpreferredencoding(False).lower() != "utf-8":
            reconfigure(encoding="utf-8", errors="replace")


def theme_for(environment: Mapping[str, str]) -> str:
    """The theme that suits the terminal: our own where it has 256 colours, its own 16 otherwise."""
    if "NO_COLOR" in environment:
        return "mlflow-16"
    return environment.get("TEXTUAL_THEME") or (
        "mlflow-dark" if has_many_colours(environment) else "mlflow-16"
    )


def has_many_colours(environment: Mapping[str, str]) -> bool:
    """Whether the terminal has 256 colours or more."""
    term = environment.get("TERM", "")
    truecolor = environment.get("COLORTERM", "").lower() in ("truecolor", "24bit")
    return truecolor or "256" in term or "kitty" in term


def draws_signs(environment: Mapping[str, str]) -> bool:
    """Whether the terminal draws more than letters: frames, bars, arrows."""
    if environment.get("TERM", "") in ("linux", "vt100", "vt102", "vt220", "ansi"):
        return False
    return draws_letters()


def draws_letters() -> bool:
    """Whether the locale has letters beyond ASCII."""
    return locale.getpreferredencoding(False).lower().replace("-", "").startswith("utf")


def over_ssh(environment: Mapping[str, str]) -> bool:
    """Whether someone came here over SSH."""
    return bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))
