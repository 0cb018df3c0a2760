"""What has become of things since the last review: new, back again, grown, still there, gone.

The last review is what was decided before the analysis began; what is decided about its findings now
belongs to the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.review import Course, Decision, Review, Ruling
from mlflow_analysis.review.acceptance import Ruled
from mlflow_analysis.secrets import masked_text


@dataclass(frozen=True, slots=True)
class Then:
    """A finding of now, or one that is not found any more, and the ruling of the last review."""

    title: str
    ruling: Ruling
    """Of the last review; undecided where nobody had decided."""
    finding: Finding | None = None
    """As it is now; ``None`` if the analysis does not name it any more."""


@dataclass(frozen=True, slots=True)
class SinceReview:
    """Findings sorted by their course, each kind in the order of the report."""

    reviewed_ms: int
    """When the last decision of the last review was made."""
    decided: int
    """How many decisions stood then."""
    new: tuple[Then, ...]
    """Confirmed now, and no earlier analysis had shown them to a reviewer."""
    regressed: tuple[Then, ...]
    escalating: tuple[Then, ...]
    ongoing: tuple[Then, ...]
    """Accepted then, and still there, or it cannot be told."""
    waiting: tuple[Then, ...]
    """Confirmed before and now, and nobody had decided."""
    gone: tuple[Then, ...]
    """Accepted then; the traces speak against it now, or do not show it any more."""

    @property
    def groups(self) -> tuple[tuple[str, tuple[Then, ...]], ...]:
        """Each kind with its name, in the order in which they matter."""
        return (
            ("New", self.new),
            ("Regressed", self.regressed),
            ("Escalating", self.escalating),
            ("Ongoing", self.ongoing),
            ("Gone", self.gone),
            ("Still not decided", self.waiting),
        )


def since_review(analysis: Analysis, ruled: Sequence[Ruled], review: Review) -> SinceReview | None:
    """The courses of the findings; ``None`` if nothing was decided before the analysis began, or if it is not
    known when that was."""
    began_ms = analysis.timings.get("began_ms")
    if began_ms is None:
        return None
    past = review.before(began_ms)
    decided = past.decided()
    if not decided:
        return None
    sorted_by: dict[str, list[Then]] = {each.value: [] for each in Course}
    waiting: list[Then] = []
    for finding in (each.finding for each in ruled):
        course = past.standing(finding).course
        ruling = _ruling_then(finding, decided)
        then = Then(finding.title, ruling, finding)
        if course is Course.NEW:
            if finding.verdict is Verdict.CONFIRMED:
                (waiting if past.was_seen(finding) else sorted_by["new"]).append(then)
        elif ruling.decision is Decision.ACCEPTED or course is Course.ESCALATING:
            sorted_by[course.value].append(then)
    for fingerprint in past.missing(analysis.findings):
        ruling = decided[fingerprint]
        if ruling.decision is Decision.ACCEPTED:
            sorted_by["gone"].append(Then(masked_text(ruling.title) or fingerprint, ruling))
    return SinceReview(
        max(ruling.decided_ms for ruling in decided.values()),
        len(decided),
        waiting=tuple(waiting),
        **{name: tuple(group) for name, group in sorted_by.items()},
    )


def _ruling_then(finding: Finding, decided: Mapping[str, Ruling]) -> Ruling:
    """What was decided about the finding, or last about one merged into it."""
    merged = [decided[each.fingerprint] for each in finding.aliases if each.fingerprint in decided]
    last = max(merged, key=lambda ruling: ruling.decided_ms, default=Ruling())
    return decided.get(finding.fingerprint, last)
