"""What is told while traces are still being read: counts that grow, and a first draft of the purpose."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from mlflow_analysis.events import EvidenceGrew, PurposeDrafted
from mlflow_analysis.evidence.running import RunningCounts
from mlflow_analysis.features.batch import Batch
from mlflow_analysis.features.build import features_of
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.hypotheses.base import Hypothesis
from mlflow_analysis.purpose.draft import draft_purpose

_EVIDENCE_EVERY = 0.25
_LONGEST_TURN = 0.15
"""Seconds that the running counts of one turn may take."""
_LIVE_SHARE = 0.2
"""Share of the reading time that running counts may take; one hypothesis is counted in each turn anyway."""
_HEAD_START = 3.0
"""Seconds of reading that are credited at the start, so that all cards soon show something."""
_PURPOSE_AFTER = 200


class Previews:
    """Looks at batches as they come, for a bounded share of the time."""

    def __init__(self, hypotheses: Sequence[Hypothesis], seed: int) -> None:
        self._running = RunningCounts(hypotheses, seed)
        self._seed = seed
        self._began = self._last = time.monotonic()
        self._spent = 0.0
        self._first: list[Batch] | None = []
        """Batches of the first traces, until there are enough for a draft."""
        self._draft: Future[Purpose] | None = None
        self._aside = ThreadPoolExecutor(1, "draft")

    def arrive(self, batch: Batch) -> None:
        """Traces were read."""
        self._running.arrive(batch)
        if self._first is not None:
            self._first.append(batch)
            if sum(map(len, self._first)) >= _PURPOSE_AFTER:
                # grouping requests takes longer than a board may stand still
                self._draft = self._aside.submit(_drafted, self._first, self._seed)
                self._first = None

    def turn(self, cancelled: Callable[[], bool]) -> Iterator[EvidenceGrew | PurposeDrafted]:
        """What there is to tell now; nothing if it is not yet time again."""
        if self._draft is not None and self._draft.done():
            yield PurposeDrafted(self._draft.result())
            self._draft = None
        now = time.monotonic()
        if now - self._last < _EVIDENCE_EVERY:
            return
        self._last = now
        allowed = _LIVE_SHARE * (now - self._began + _HEAD_START) - self._spent
        yield from self._running.turn(min(allowed, _LONGEST_TURN), cancelled)
        self._spent += time.monotonic() - now

    def close(self) -> None:
        """Let go of a draft that nobody waits for any more."""
        self._aside.shutdown(wait=False, cancel_futures=True)


def _drafted(batches: list[Batch], seed: int) -> Purpose:
    return draft_purpose(features_of(batches, seed=seed))
