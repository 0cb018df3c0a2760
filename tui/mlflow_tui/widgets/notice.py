"""What is said in passing, in a corner of the screen."""

from __future__ import annotations

from time import time

from textual.notifications import Notification

_SOONEST = 0.05
"""Seconds after which a notice that is drawn is gone, at the least."""


class Notice(Notification):
    """One that may be drawn at any moment.

    Textual sets a toast's timer to the time that is left when it is drawn. Where that has just run out, such
    a timer of less than no time turns round for ever (``Timer._run`` of 8.2), and the program with it.
    """

    @property
    def time_left(self) -> float:
        """Seconds, more than none."""
        return max(super().time_left, _SOONEST)

    @property
    def has_expired(self) -> bool:
        """Whether it need not be drawn any more."""
        return time() >= self.raised_at + self.timeout
