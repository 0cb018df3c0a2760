"""Puts what was read into the cache while reading goes on: writing needs little of Python's time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from mlflow_analysis.features.batch import Batch
from mlflow_analysis.features.cache import PART_TRACES, FeatureCache
from mlflow_analysis.records import TraceOutline

logger = logging.getLogger(__name__)


class Keeper:
    """Collects batches into parts. What cannot be kept is logged: it costs time, nothing else."""

    def __init__(self, cache: FeatureCache) -> None:
        self._cache = cache
        self._waiting: list[Batch] = []
        self._writer = ThreadPoolExecutor(1, "cache")
        self._writing: list[Future[None]] = []
        self._left: list[Callable[[], None]] = []

    def add(self, batch: Batch) -> None:
        """Traces were read."""
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= PART_TRACES:
            self._writing.append(self._writer.submit(self._cache.keep, self._waiting))
            self._waiting = []

    def finish(
        self, outlines: Sequence[TraceOutline], *, complete: bool, stamp: str | None = None
    ) -> None:
        """All was read: write what is left, and tidy up (see ``FeatureCache.tidy``), when told to or closed.

        With a ``stamp``, ``outlines`` are kept too: see ``FeatureCache.listing``.
        """
        self._left.append(partial(self._cache.keep, self._waiting))
        if stamp is not None:
            self._left.append(partial(self._cache.keep_listing, outlines, stamp))
        self._left.append(partial(self._cache.tidy, outlines, complete=complete))
        self._waiting = []

    def write_rest(self) -> None:
        """Begin with what is left. Does not wait for it."""
        self._writing += map(self._writer.submit, self._left)
        self._left = []

    def close(self) -> None:
        """Wait until all is written."""
        self.write_rest()
        self._writer.shutdown()
        for written in self._writing:
            error = written.exception()
            if isinstance(error, OSError):
                logger.warning("Features could not be kept in %s: %s", self._cache.folder, error)
            elif error is not None:
                raise error
