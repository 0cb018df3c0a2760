"""Decisions on their way to the review's journal: off the event loop, one after another.

A write waits for the disk (``fsync``); on a slow one that takes long enough to be felt in the keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from mlflow_analysis.findings import Finding
from mlflow_analysis.review import Decision, Review


class Decisions:
    """Records, takes back and puts back decisions; what was decided at once is undone at once.

    Every method returns when the change is on disk, and raises ``OSError`` if it could not be
    written.
    """

    def __init__(self, review: Review) -> None:
        self.review = review
        self._one_at_a_time = asyncio.Lock()
        self._done: list[int] = []
        """How many findings each decision was about, oldest first."""
        self._undone: list[int] = []

    @property
    def can_undo(self) -> bool:
        """Whether this session decided something that stands."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether the last step was an undo."""
        return bool(self._undone)

    async def decide(
        self, findings: Sequence[Finding], decision: Decision, reason: str = "", note: str = ""
    ) -> None:
        """The same decision about each of ``findings``."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self._decide, tuple(findings), decision, reason, note)

    async def follow(self, findings: Sequence[Finding]) -> None:
        """Keep which decided ones of a finished analysis are gone."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self.review.follow, tuple(findings))

    async def undo(self) -> list[str]:
        """Take back the last decision; the fingerprints it was about, empty if there is none."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._undo)

    async def redo(self) -> list[str]:
        """Put back what the last undo took; empty if there is nothing."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._redo)

    def _decide(
        self, findings: tuple[Finding, ...], decision: Decision, reason: str, note: str
    ) -> None:
        for number, finding in enumerate(findings, 1):
            self.review.decide(finding, decision, reason, note)
            # Counted one by one, so that what a full disk cut short can still be undone.
            if number > 1:
                self._done[-1] = number
            else:
                self._done.append(1)
                self._undone.clear()

    def _undo(self) -> list[str]:
        if not self._done:
            return []
        size = self._done.pop()
        taken = [fingerprint for _ in range(size) if (fingerprint := self.review.undo())]
        self._undone.append(size)
        return taken

    def _redo(self) -> list[str]:
        if not self._undone:
            return []
        size = self._undone.pop()
        put_back = [fingerprint for _ in range(size) if (fingerprint := self.review.redo())]
        self._done.append(size)
        return put_back
