"""What happens when the terminal goes away, or somebody asks the process to end."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable

LONGEST_FAREWELL_SECONDS = 4.0
"""From the signal to the end of the process, if the terminal takes nothing any more."""
HANGUP_EVENTS = select.POLLHUP | select.POLLERR | select.POLLNVAL if hasattr(select, "poll") else 0


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
