"""One claim and what the traces say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlflow_analysis.findings.evidence import (
    Durations,
    Effect,
    OutcomeContrast,
    RootCause,
    TrendPoint,
)
from mlflow_analysis.findings.examples import Example, TraceAssessment
from mlflow_analysis.findings.impact import Impact
from mlflow_analysis.findings.judged import JudgedFinding
from mlflow_analysis.findings.kinds import Category, Severity, Unit, Verdict


@dataclass(frozen=True, slots=True)
class Alias:
    """A finding that was merged into another one, because it shows at the same places."""

    fingerprint: str
    hypothesis: str
    title: str
    subject: str
    unit: Unit
    affected: int
    eligible: int
    interval: tuple[float, float]
    trace_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One hypothesis (about one subject) and what the traces say of it."""

    fingerprint: str
    hypothesis: str
    title: str
    statement: str
    category: Category
    verdict: Verdict
    reason: str
    severity: Severity
    unit: Unit
    affected: int = 0
    eligible: int = 0
    rate: float = 0.0
    interval: tuple[float, float] = (0.0, 1.0)
    effect: Effect | None = None
    p_value: float | None = None
    q_value: float | None = None
    needs_more: int | None = None
    trace_ids: Sequence[str] = ()
    assessments: Sequence[TraceAssessment] = ()
    examples: tuple[Example, ...] = ()
    root_causes: tuple[RootCause, ...] = ()
    impact: Impact | None = None
    recommendation: str = ""
    replicates: bool | None = None
    """For claims formed from the data (about a tool, a model, a window of time): whether both halves of
    the sessions show it. ``None`` for claims declared beforehand."""
    held_out: bool = False
    """Whether one half of the sessions formed the claim, and the verdict and q are those of the other."""
    outcomes: tuple[OutcomeContrast, ...] = ()
    """For confirmed findings: what sessions with it came to, whether or not that differs."""
    aliases: tuple[Alias, ...] = ()
    """What was merged into this finding."""
    parent: str = ""
    """Fingerprint of the finding that nearly all of this one's traces have too, and many more."""
    why: str = ""
    """Why it matters, from the hypothesis' documentation."""
    not_flagged: str = ""
    """What looks like it and is not counted."""
    trend: tuple[TrendPoint, ...] = ()
    subject: str = ""
    """The tool, model, assessment … that this finding is about; empty where it is about all."""
    onset_ms: int | None = None
    """When it began, for claims about a moment in time."""
    durations: Durations | None = None
    """For confirmed findings: how long the affected traces took, beside the rest."""
    judge: JudgedFinding | None = None

    @property
    def is_issue(self) -> bool:
        """Whether the claim is about something wrong (a strength is not)."""
        return self.category is not Category.STRENGTH
