"""Counts that grow while traces are still being read, at a cost that does not grow with what was read.

Each trace is looked at once: traces that arrived together form a chunk, the tables of the chunk alone are
built, each live hypothesis is counted on it, and the counts are added. A session that is spread over
chunks counts once, but a claim that needs to see two of its traces together is only seen within a chunk;
the verdict is given on the tables of all traces.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mlflow_analysis.events import EvidenceGrew
from mlflow_analysis.evidence.prevalence import Prevalence, prevalence
from mlflow_analysis.evidence.verdict import leaning
from mlflow_analysis.features.batch import Batch
from mlflow_analysis.features.build import features_of
from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Unit
from mlflow_analysis.hypotheses.base import Hypothesis, Rule
from mlflow_analysis.statistics.intervals import Interval, wilson

logger = logging.getLogger(__name__)

LARGEST_CHUNK = 1_000
"""Traces whose tables are built at once: a tenth of a second. Few large chunks cost less than many small."""


@dataclass
class Tally:
    """The count of one subject of a hypothesis, over all chunks so far."""

    affected: int = 0
    eligible: int = 0
    _widened: float = 0.0
    _eligible_sessions: set[str] = field(default_factory=set)
    _affected_sessions: set[str] = field(default_factory=set)

    def add(self, counted: Prevalence, unit: Unit) -> None:
        """Add the count of a chunk; a session counts once, however many chunks have traces of it."""
        if unit is Unit.SESSION:
            self._eligible_sessions.update(counted.units)
            self._affected_sessions.update(counted.units[counted.shows])
            self.eligible, self.affected = map(
                len, (self._eligible_sessions, self._affected_sessions)
            )
        else:
            self.eligible += counted.eligible
            self.affected += counted.affected
        self._widened += counted.design_effect * counted.eligible

    @property
    def interval(self) -> Interval:
        """Wilson's, at the mean design effect of the chunks; sessions stand for themselves."""
        spread = 1.0
        if self._widened and not self._eligible_sessions:
            spread = self._widened / self.eligible
        return wilson(self.affected, self.eligible, spread)


class RunningCounts:
    """What the hypotheses show on the traces that came so far, in turns of bounded length."""

    def __init__(self, hypotheses: Sequence[Hypothesis], seed: int = 0) -> None:
        self._hypotheses = tuple(hypotheses)
        self._seed = seed
        self._arrived: deque[Batch] = deque()
        self._chunk: Features | None = None
        self._waiting: deque[Hypothesis] = deque()
        self._tallies: dict[str, dict[str, Tally]] = {each.id: {} for each in self._hypotheses}
        self._told: dict[str, EvidenceGrew] = {}
        self._present: set[Field] = set()
        self._counted = 0

    def arrive(self, batch: Batch) -> None:
        """Traces were read; they are counted in one of the next turns."""
        if len(batch):
            self._arrived.append(batch)

    def turn(
        self,
        seconds: float,
        cancelled: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> Iterator[EvidenceGrew]:
        """Count for about ``seconds``, at least one hypothesis, and tell what changed.

        What a turn leaves is taken up by the next one: first the other hypotheses on the same chunk, then
        the traces that arrived meanwhile.
        """
        began = clock()
        while self._waiting or self._arrived:
            if not self._waiting:
                self._next_chunk()
            told = self._count(self._waiting.popleft())
            if told is not None:
                yield told
            if cancelled() or clock() - began >= seconds:
                return

    def _next_chunk(self) -> None:
        batches = [self._arrived.popleft()]
        while self._arrived and sum(map(len, batches)) + len(self._arrived[0]) <= LARGEST_CHUNK:
            batches.append(self._arrived.popleft())
        self._chunk = features_of(batches, seed=self._seed, with_topics=False)
        self._present |= self._chunk.present
        self._counted += len(self._chunk.traces)
        self._waiting.extend(self._hypotheses)

    def _count(self, hypothesis: Hypothesis) -> EvidenceGrew | None:
        """Add the chunk to the tallies of a hypothesis; its strongest subject, if that is news."""
        tallies, missing = self._tallies[hypothesis.id], _missing(hypothesis, self._present)
        if (
            self._chunk is not None
            and _counts_up(hypothesis)
            and not _missing(hypothesis, self._chunk.present)
        ):
            try:
                for case in hypothesis.cases(self._chunk):
                    counted = prevalence(hypothesis, case, self._chunk)
                    tallies.setdefault(case.subject, Tally()).add(counted, hypothesis.unit)
            except Exception:  # its finding will say so; the others go on
                logger.exception("Hypothesis %s could not be counted", hypothesis.id)
        counts = [tallies[subject] for subject in sorted(tallies) if tallies[subject].eligible]
        if counts:
            top = max(counts, key=lambda each: each.interval[0])
            news = EvidenceGrew(
                hypothesis.id, top.affected, top.eligible, top.interval, self._counted,
                leaning(hypothesis, top),
            )  # fmt: skip
        else:
            news = EvidenceGrew(hypothesis.id, 0, 0, (0.0, 1.0), self._counted, missing or "open")
        before = self._told.get(hypothesis.id)
        if before is not None and _same(before, news):
            return None
        self._told[hypothesis.id] = news
        return news


def _counts_up(hypothesis: Hypothesis) -> bool:
    """Whether counts of chunks add up: not for contrasts, nor for groups of requests across chunks."""
    addable = hypothesis.rule is not Rule.EFFECT and hypothesis.unit is not Unit.REQUEST_GROUP
    return addable and hypothesis.live


def _missing(hypothesis: Hypothesis, present: set[Field] | frozenset[Field]) -> str:
    needs = sorted(hypothesis.needs, key=lambda each: each.name)
    return next((need.value for need in needs if need not in present), "")


def _same(before: EvidenceGrew, news: EvidenceGrew) -> bool:
    """Whether nothing changed but the number of traces read."""
    return (before.affected, before.eligible, before.leaning) == (
        news.affected,
        news.eligible,
        news.leaning,
    )
