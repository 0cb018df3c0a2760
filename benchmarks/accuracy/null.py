"""Traffic in which nothing is planted: whatever is confirmed as wrong there is a false alarm."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.accuracy.applications import APPLICATIONS
from benchmarks.accuracy.recording import record
from benchmarks.accuracy.scoring import broken, confirmed
from benchmarks.accuracy.traffic import Mix, turns
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.records import TraceRecord

_MIXES = (
    Mix(),
    Mix(noise=0.03),
    Mix(noise=0.01, feedback=0.3, unhappy=0.12),
    Mix(feedback=0.5, unhappy=0.08),
)
"""Failures and bad marks that follow the luck of a session, and nothing that is recorded."""
_TRUE_ANYWAY = frozenset({"failing-assessment"})
"""Where people give bad marks, that they do is a fact; a root cause for it would be false."""
_CONTRASTS = frozenset({"reliable-topic", "effective-tools"})
"""Strengths that claim a difference: there is none."""


@dataclass(frozen=True)
class NullOutcome:
    """One report on nothing."""

    seed: int
    size: int
    application: str
    false: tuple[str, ...]
    """Confirmed without anything behind it."""
    false_causes: tuple[str, ...]
    """Root causes named for what has none."""
    seconds: float


def make_null(seed: int, size: int) -> list[TraceRecord]:
    """The application and the share of plain bad luck change with the seed."""
    app = APPLICATIONS[seed % len(APPLICATIONS)]
    mix = _MIXES[seed // len(APPLICATIONS) % len(_MIXES)]
    return record(app, turns(app, 10_000 + seed, size, mix), seed)


def score_null(seed: int, size: int, analysis: Analysis, seconds: float) -> NullOutcome:
    """What was confirmed though nothing is there."""
    findings = confirmed(analysis)
    false = [
        each
        for each in findings
        if (each.is_issue and each.hypothesis not in _TRUE_ANYWAY) or each.hypothesis in _CONTRASTS
    ]
    return NullOutcome(
        seed,
        size,
        APPLICATIONS[seed % len(APPLICATIONS)].name,
        tuple(f"{each.hypothesis} {each.subject}".strip() for each in false) + broken(analysis),
        tuple(
            f"{each.hypothesis}: {cause.attribute}={cause.value}"
            for each in findings
            if each.hypothesis in _TRUE_ANYWAY
            for cause in each.root_causes[:1]
        ),
        seconds,
    )
