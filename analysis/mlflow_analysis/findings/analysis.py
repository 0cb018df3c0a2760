"""Everything one run found."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.judged import Judging
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.findings.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Window:
    """What was read: from and to in ms since the epoch (``None`` without traces)."""

    start_ms: int | None
    end_ms: int | None
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A trace left out, and why."""

    trace_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything one run found. Findings stand in rank order."""

    experiment_id: str
    experiment_name: str
    tracking_uri: str
    """Without credentials."""
    window: Window
    seed: int
    tests_run: int
    traces_total: int
    traces_read: int
    skipped: tuple[Skipped, ...]
    statistics: Statistics
    purpose: Purpose
    findings: tuple[Finding, ...]
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds by stage, and ``began_ms`` since the epoch; the one part of an analysis that two equal runs
    may not share."""
    notes: tuple[str, ...] = ()
    """What a reader must know: a sample instead of all traces, a run cut short, …"""
    judge: Judging | None = None
