"""Puts what was read into the cache while reading goes on: writing needs little of Python's time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

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

    def add(self, batch: Batch) -> None:
        """Traces were read."""
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= PART_TRACES:
            self._write()

    def finish(
        self, outlines: Sequence[TraceOutline], *, complete: bool, stamp: str | None = None
    ) -> None:
        """Write what is left, and tidy up: see ``FeatureCache.tidy``. Does not wait for it.

        With a ``stamp``, ``outlines`` are kept too: see ``FeatureCache.listing``.
        """
        self._write()
        if stamp is not None:
            self._writing.append(self._writer.submit(self._cache.keep_listing, outlines, stamp))
        self._writing.append(self._writer.submit(self._cache.tidy, outlines, complete=complete))

    def close(self) -> None:
        """Wait until all is written."""
        self._writer.shutdown()
        for written in self._writing:
            error = written.exception()
            if isinstance(error, OSError):
                logger.warning("Features could not be kept in %s: %s", self._cache.folder, error)
            elif error is not None:
                raise error

    def _write(self) -> None:
        if self._waiting:
            self._writing.append(self._writer.submit(self._cache.keep, self._waiting))
            self._waiting = []
