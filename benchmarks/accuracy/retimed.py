"""Predicted against regenerated: the same traffic once more, with the fault mended as the finding says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.accuracy.generators.performance import GENERATORS
from benchmarks.accuracy.plan import Turn
from benchmarks.accuracy.planting import Generator, planted_turns
from benchmarks.accuracy.recording import record
from benchmarks.accuracy.scoring import analyse, confirmed
from mlflow_analysis.records import TraceRecord

WITHIN = 0.05


@dataclass(frozen=True)
class Twin:
    """A generator, and what its traffic is like once the fault is mended."""

    generator: Generator
    mend: Callable[[list[Turn]], None]


@dataclass(frozen=True)
class RetimedOutcome:
    """Seconds; ``predicted`` is ``None`` where the finding has no replayed figures, or there is none."""

    generator: str
    seed: int
    before: float
    predicted: float | None
    truth: float

    @property
    def error(self) -> float | None:
        """Relative to the truth."""
        return None if self.predicted is None else abs(self.predicted - self.truth) / self.truth


def _at_its_median(tool: str) -> Callable[[list[Turn]], None]:
    def mend(planned: list[Turn]) -> None:
        calls = [call for turn in planned for call in turn.calls_of(tool)]
        usual = median(call.ms for call in calls)
        for call in calls:
            call.ms = min(call.ms, usual)

    return mend


def _side_by_side(planned: list[Turn]) -> None:
    for turn in planned:
        for step in turn.steps:
            step.at_once = len(step.calls) > 1


_BY_HYPOTHESIS = {each.hypothesis: each for each in GENERATORS}
TWINS = (
    Twin(_BY_HYPOTHESIS["slow-tool"], _at_its_median("run_sql")),
    Twin(_BY_HYPOTHESIS["sequential-calls"], _side_by_side),
)


def score_retimed(twin: Twin, seed: int, size: int) -> RetimedOutcome:
    """Analyse the traffic with the fault; measure the traffic without it."""
    generator = twin.generator
    planned = planted_turns(generator, seed, size)
    records = record(generator.app, planned, seed)
    twin.mend(planned)
    truth = _p95(record(generator.app, planned, seed))
    finding = next(
        (
            each
            for each in confirmed(analyse(records))
            if each.hypothesis == generator.hypothesis
            and each.impact is not None
            and each.impact.retimed is not None
        ),
        None,
    )
    predicted = None
    if finding is not None and finding.impact is not None and finding.impact.retimed is not None:
        predicted = finding.impact.retimed.p95_after_s
    return RetimedOutcome(generator.id, seed, _p95(records), predicted, truth)


def _p95(records: Iterable[TraceRecord]) -> float:
    ended = [each.info.duration_ms for each in records if each.info.duration_ms is not None]
    return float(np.quantile(ended, 0.95)) / 1e3
