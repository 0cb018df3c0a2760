"""What a running analysis says while it runs: plain data, in order, from the engine to whoever asked."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.findings.purpose import Purpose


@dataclass(slots=True)
class Progress:
    """Reading goes on. ``total`` is ``None`` until it is known."""

    stage: str
    """listing traces, reading spans, testing hypotheses."""
    done: int
    total: int | None
    rate: float
    """Items a second."""
    seconds_left: float | None


@dataclass(slots=True)
class ReadingPlanned:
    """All traces are listed, and spans will be read: of how many, and by whom."""

    traces: int
    cached: int
    """Of them, those that were read before and have not changed: their features are kept."""
    workers: int
    """Slices that are read at once."""


@dataclass(slots=True)
class TraceSkipped:
    """A trace could not be read; the analysis goes on without it."""

    trace_id: str
    reason: str


@dataclass(slots=True)
class PurposeDrafted:
    """What the application seems to do, from the traces read so far."""

    purpose: Purpose


@dataclass(slots=True)
class HypothesisQueued:
    """A hypothesis will be tested: sent for each of them before any evidence."""

    hypothesis: str
    title: str
    category: Category
    severity: Severity
    unit: Unit


@dataclass(slots=True)
class EvidenceGrew:
    """Running count of a hypothesis, for its card. Not a verdict: it only leans."""

    hypothesis: str
    affected: int
    eligible: int
    interval: tuple[float, float]
    traces_read: int
    leaning: str
    """"towards confirmed", "towards refuted", "open", or the field that is missing."""


@dataclass(slots=True)
class FindingReady:
    """A hypothesis (about one subject) has its verdict."""

    finding: Finding


@dataclass(slots=True)
class AnalysisReady:
    """The last event of a run. ``interrupted`` if the user stopped the reading."""

    analysis: Analysis
    interrupted: bool = False


Event = (
    Progress
    | ReadingPlanned
    | TraceSkipped
    | PurposeDrafted
    | HypothesisQueued
    | EvidenceGrew
    | FindingReady
    | AnalysisReady
)
