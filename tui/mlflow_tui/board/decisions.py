"""Decisions on their way to the review's journal: off the event loop, one after another.

A write waits for the disk (``fsync``); on a slow one that takes long enough to be felt in the keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.review import Change, Review


class Decisions:
    """Records, takes back and puts back changes of a review; what was changed at once is undone at once.

    Every method returns when the change is on disk, and raises ``OSError`` if it could not be
    written.
    """

    def __init__(self, review: Review) -> None:
        self.review = review
        self._one_at_a_time = asyncio.Lock()

    @property
    def can_undo(self) -> bool:
        """Whether this session decided something that stands."""
        return self.review.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether the last step was an undo."""
        return self.review.can_redo

    async def record(self, changes: Sequence[Change]) -> None:
        """All of ``changes``, as one step."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self.review.record, tuple(changes))

    async def follow(self, findings: Sequence[Finding]) -> None:
        """Keep which decided ones of a finished analysis are gone."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self.review.follow, tuple(findings))

    async def take_in(self) -> bool:
        """Take in what others have written since, if they have; whether there was anything."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(lambda: self.review.has_news and self.review.reload())

    async def undo(self) -> list[str]:
        """Take back the last step; the fingerprints it was about, empty if there is none."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self.review.undo)

    async def redo(self) -> list[str]:
        """Put back what the last undo took; empty if there is nothing."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self.review.redo)
