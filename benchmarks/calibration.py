"""Whether the statistics keep their word: error rates and coverage by simulation, where traces share sessions.

Sessions of 1 to 8 traces, intra-class correlations from 0 to 0.5. Seeded: the same figures each time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure
from mlflow_analysis.statistics.clustering import design_effect
from mlflow_analysis.statistics.contrasts import (
    difference_of_rates,
    ratio_of_medians,
    share_of_total,
)
from mlflow_analysis.statistics.intervals import Interval, wilson

CORRELATIONS = (0.0, 0.2, 0.5)
SESSIONS = (20, 50, 200)
UNITS = (20, 50, 100, 200, 500)
HIGHEST_ERROR = 0.06
LOWEST_COVERAGE, HIGHEST_COVERAGE = 0.93, 0.97
_LONGEST_SESSION = 8
_SIGNIFICANCE = 0.05

Flags = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sessions:
    """Units in sessions of 1 to 8, and how to draw what the units of a session share."""

    cluster: npt.NDArray[np.int64]
    """The session of each unit, shape (n,)."""
    generator: np.random.Generator

    def normals(self, correlation: float) -> Values:
        """Standard normal values (n,) with this intra-class correlation."""
        shared = self.generator.normal(size=int(self.cluster.max()) + 1)[self.cluster]
        own = self.generator.normal(size=len(self.cluster))
        return np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own

    def uniforms(self, correlation: float) -> Values:
        """Uniform values (n,), the same for two units of a session with this probability."""
        shared = self.generator.random(int(self.cluster.max()) + 1)[self.cluster]
        own = self.generator.random(len(self.cluster))
        takes = self.generator.random(len(self.cluster)) < np.sqrt(correlation)
        return np.where(takes, shared, own)

    def group(self, kind: str) -> Flags:
        """Whole sessions, single units, or units that go together to some degree."""
        correlation = {"between": 1.0, "mixed": 0.4, "within": 0.0}[kind]
        return self.uniforms(correlation) < 0.35


KINDS = ("between", "mixed", "within")


def sessions_of(generator: np.random.Generator, *, units: int = 0, sessions: int = 0) -> Sessions:
    """So many units, or so many sessions."""
    if sessions:
        sizes = generator.integers(1, _LONGEST_SESSION + 1, sessions)
        return Sessions(np.repeat(np.arange(sessions), sizes), generator)
    sizes = generator.integers(1, _LONGEST_SESSION + 1, units)
    return Sessions(np.repeat(np.arange(units), sizes)[:units], generator)


def measure(repeats: int = 200, seed: int = 0) -> list[Figure]:
    """Type-I errors and coverage; ``repeats`` samples in each cell of the design."""
    figures = []
    errors = type_one_errors(repeats, seed)
    for correlation in CORRELATIONS:
        share = float(np.mean([each for key, each in errors.items() if key[1] == correlation]))
        figures.append(
            Figure(
                f"type-I error at 5 %, correlation {correlation:g} within sessions",
                f"{share:.1%}",
                f"≤ {HIGHEST_ERROR:.0%}",
                share <= HIGHEST_ERROR,
            )
        )
    for name, sample in ESTIMATORS.items():
        covered = coverage(sample, repeats, seed)
        low, high = min(covered.values()), max(covered.values())
        figures.append(
            Figure(
                f"coverage of {name}, {UNITS[0]} to {UNITS[-1]} units",
                f"{low:.1%} to {high:.1%}",
                f"{LOWEST_COVERAGE:.0%} to {HIGHEST_COVERAGE:.0%}",
                low >= LOWEST_COVERAGE and high <= HIGHEST_COVERAGE,
            )
        )
    return figures


def type_one_errors(repeats: int, seed: int) -> dict[tuple[int, float, str], float]:
    """Share of rejections where group and outcome are unrelated, by sessions, correlation and group."""
    found = {}
    for sessions in SESSIONS:
        for correlation in CORRELATIONS:
            for kind in KINDS:
                generator = np.random.default_rng([seed, sessions, int(100 * correlation)])
                rejected = 0
                for _ in range(repeats):
                    sample = sessions_of(generator, sessions=sessions)
                    rate = generator.uniform(0.03, 0.5)
                    outcome = sample.uniforms(correlation) < rate
                    test = difference_of_rates(outcome, sample.group(kind), sample.cluster)
                    rejected += test.p_value < _SIGNIFICANCE
                found[sessions, correlation, kind] = rejected / repeats
    return found


Sample = Callable[[Sessions, float], Iterator[tuple[float, Interval]]]
"""True values with the intervals that should hold them, for sessions and a correlation."""


def coverage(sample: Sample, repeats: int, seed: int) -> dict[int, float]:
    """Share of intervals that hold the true value, by number of units."""
    held: dict[int, list[bool]] = defaultdict(list)
    for units in UNITS:
        for correlation in CORRELATIONS:
            generator = np.random.default_rng([seed, units, int(100 * correlation)])
            for _ in range(repeats):
                for true, (low, high) in sample(sessions_of(generator, units=units), correlation):
                    held[units].append(low <= true <= high)
    return {units: float(np.mean(each)) for units, each in held.items()}


def _shares(sample: Sessions, correlation: float) -> Iterator[tuple[float, Interval]]:
    rate = sample.generator.uniform(0.05, 0.5)
    outcome = sample.uniforms(correlation) < rate
    spread = design_effect(outcome, sample.cluster)
    yield rate, wilson(int(outcome.sum()), len(outcome), spread)


def _groups(sample: Sessions) -> Iterator[Flags]:
    for kind in KINDS:
        group = sample.group(kind)
        if 5 <= group.sum() <= len(group) - 5:
            yield group


def _differences(sample: Sessions, correlation: float) -> Iterator[tuple[float, Interval]]:
    for group in _groups(sample):
        inside, outside = sample.generator.uniform(0.05, 0.5, 2)
        outcome = sample.uniforms(correlation) < np.where(group, inside, outside)
        found = difference_of_rates(outcome, group, sample.cluster)
        yield float(inside - outside), found.interval


def _medians(sample: Sessions, correlation: float) -> Iterator[tuple[float, Interval]]:
    for group in _groups(sample):
        ratio = float(sample.generator.uniform(0.5, 3.0))
        values = np.exp(0.8 * sample.normals(correlation)) * np.where(group, ratio, 1.0)
        yield ratio, ratio_of_medians(values, group, sample.cluster).interval


_NODES = np.random.default_rng(1).normal(size=20_000)


def _totals(sample: Sessions, correlation: float) -> Iterator[tuple[float, Interval]]:
    middle = sample.generator.uniform(-1.5, 1.0)
    whole = np.exp(0.5 * sample.normals(correlation))
    part = whole / (1 + np.exp(-middle - sample.normals(correlation)))
    true = float((1 / (1 + np.exp(-middle - _NODES))).mean())
    yield true, share_of_total(part, whole, sample.cluster)[1]


ESTIMATORS: dict[str, Sample] = {
    "a share (Wilson, DEFF)": _shares,
    "a difference of shares (Newcombe, DEFF)": _differences,
    "a ratio of medians": _medians,
    "a share of a total": _totals,
}
