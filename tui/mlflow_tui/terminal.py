"""The terminal that the app is given: whether it will do, and what happens when it goes away."""

from __future__ import annotations

import asyncio
import locale
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping

LONGEST_FAREWELL_SECONDS = 4.0
"""From the signal to the end of the process, if the terminal takes nothing any more."""
HANGUP_EVENTS = select.POLLHUP | select.POLLERR | select.POLLNVAL if hasattr(select, "poll") else 0


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


def leave_on_signals(leave: Callable[[], None]) -> None:
    """Call ``leave`` on the loop when the terminal hangs up or someone asks the process to end.

    Textual handles neither signal: the terminal would be left in its alternate screen. Where the
    hang-up signal is ignored (nohup) or never sent (docker exec), a thread watches the terminal.
    """
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        _end_at_the_latest(128 + number)
        leave()

    for number in (signal.SIGTERM, signal.SIGHUP):
        try:
            loop.add_signal_handler(number, end, number)
        except (NotImplementedError, RuntimeError, ValueError):
            return  # not the main thread: a test, which sends no signals
    threading.Thread(
        target=_watch_hangup,
        args=(loop, lambda: end(signal.SIGHUP)),
        name="hang-up watcher",
        daemon=True,
    ).start()


def _end_at_the_latest(code: int) -> None:
    """End the process with ``code`` if it has not ended by itself before long.

    Textual would wait for ever for a terminal that takes nothing. Decisions are on disk already, and the engine
    ends when this process does.
    """
    deadline = threading.Timer(LONGEST_FAREWELL_SECONDS, os._exit, (code,))
    deadline.daemon = True
    deadline.start()


def _watch_hangup(loop: asyncio.AbstractEventLoop, leave: Callable[[], None]) -> None:
    if not hasattr(select, "poll") or not sys.__stdin__ or not sys.__stdin__.isatty():
        return
    watcher = select.poll()
    watcher.register(sys.__stdin__.fileno(), 0)  # no interest in input: hang-ups are always told
    while True:
        if any(event & HANGUP_EVENTS for _, event in watcher.poll()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(leave)
            return
