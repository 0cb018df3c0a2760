"""What a near miss is, and whether it was taken for the real thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.accuracy.applications import Application
from benchmarks.accuracy.generators.failing import Plant
from benchmarks.accuracy.plan import Turn
from benchmarks.accuracy.planting import Generator, Scenario
from benchmarks.accuracy.scoring import confirmed
from benchmarks.accuracy.traffic import Mix
from mlflow_analysis.findings.analysis import Analysis


@dataclass(frozen=True)
class NearMissOutcome:
    """Whether a near miss was taken for the real thing."""

    near_miss: str
    hypothesis: str
    seed: int
    size: int
    flagged: bool
    told: str
    seconds: float


def score_near_miss(scenario: Scenario, analysis: Analysis, seconds: float) -> NearMissOutcome:
    """Its own claim must not be confirmed; what else is true of the traces does not matter here."""
    wanted = scenario.generator.hypothesis
    flagged = [each for each in confirmed(analysis) if each.hypothesis == wanted]
    return NearMissOutcome(
        scenario.generator.id,
        wanted,
        scenario.seed,
        scenario.size,
        bool(flagged),
        "; ".join(each.statement for each in flagged[:2]),
        seconds,
    )


def ordinary(turn: Turn) -> bool:
    """For what the whole traffic was prepared with."""
    return True


def miss(
    name: str,
    hypothesis: str,
    app: Application,
    plant: Plant,
    rate: float = 0.3,
    *,
    mix: Mix = Mix(),  # noqa: B008
    prepare: Callable[[list[Turn], Random], None] | None = None,
) -> Generator:
    """A near miss: ``hypothesis`` is the claim that must not be confirmed."""
    return Generator(name, hypothesis, app, plant, rate=rate, mix=mix, prepare=prepare)
