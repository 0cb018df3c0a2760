"""How far a stage of a run is: its rate, the time left, and when to say so again."""

from __future__ import annotations

import time

from mlflow_analysis.events import Progress

PROGRESS_EVERY = 0.25
"""Seconds; whoever watches sees no more."""


class StageClock:
    """Rate and time left of a stage, and when to say so again."""

    def __init__(self, already_done: int = 0) -> None:
        self._already_done = already_done
        self._began = self._last = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the stage began."""
        return time.monotonic() - self._began

    def due(self, seconds: float) -> bool:
        """Whether it was last due so many seconds ago, and so is again."""
        now = time.monotonic()
        if now - self._last < seconds:
            return False
        self._last = now
        return True

    def progress(self, stage: str, done: int, total: int | None) -> Progress:
        """How far the stage is now."""
        rate = (done - self._already_done) / self.elapsed if self.elapsed > 0 else 0.0
        left = (total - done) / rate if total is not None and rate > 0 else None
        return Progress(stage, done, total, rate, left)
