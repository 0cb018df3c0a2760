"""What a report says, sorted into its sections; the templates only lay it out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from mlflow_analysis import __version__
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.assessed import columns_of
from mlflow_analysis.findings.evidence import RootCause
from mlflow_analysis.findings.examples import Example, TraceAssessment
from mlflow_analysis.findings.finding import Alias, Finding
from mlflow_analysis.findings.kinds import Category, Verdict
from mlflow_analysis.findings.purpose import ToolUse
from mlflow_analysis.report import figures
from mlflow_analysis.report.method import method
from mlflow_analysis.report.since import SinceReview, since_review
from mlflow_analysis.review import Course, Decision, Review
from mlflow_analysis.review.acceptance import AcceptPolicy, Ruled, rule

EXAMPLES_SHOWN = 2
RATIONALES_SHOWN = 8
CAUSES_SHOWN = 4
LARGEST_Q = 0.10
_SEEN = (Verdict.CONFIRMED, Verdict.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding as the report speaks of it."""

    ruled: Ruled
    parent: str = ""
    """Title of the finding that nearly all its traces have too."""

    @property
    def frequency(self) -> str:
        """How often: "12 of 96 sessions (12.5%, 95% interval 7.3% to 20.6%)"."""
        finding = self.ruled.finding
        if not finding.eligible:
            return figures.UNKNOWN
        return (
            f"{figures.count(finding.affected)} of "
            f"{figures.plural(finding.eligible, finding.unit.value)} "
            f"({figures.percent(finding.rate)}, "
            f"95% interval {figures.interval(finding.interval)})"
        )

    @property
    def impact(self) -> str:
        """What fixing it gives, as a sentence without its full stop."""
        impact = self.ruled.finding.impact
        if impact is None:
            return "not estimated"
        parts = [f"at least {figures.plural(round(impact.traces), 'trace')} of this window"]
        if impact.failures:
            parts.append(f"{figures.plural(impact.failures, 'failed trace')} among the affected")
        if impact.rescued >= 1:
            parts.append(
                f"at least {figures.plural(round(impact.rescued), 'failure')} began with it"
            )
        if impact.seconds is not None:
            waiting = f"{figures.duration(impact.seconds * 1000)} of waiting"
            parts.append(f"at least {waiting} saved" if impact.retimed else waiting)
        if impact.retimed is not None:
            told = impact.retimed
            for name, before, after in (
                ("p50", told.p50_before_s, told.p50_after_s),
                ("p95", told.p95_before_s, told.p95_after_s),
            ):
                before_ms, after_ms = before * 1000, after * 1000
                parts.append(
                    f"{name} {figures.duration(before_ms)} to {figures.duration(after_ms)}"
                )
        if impact.tokens is not None:
            parts.append(figures.plural(impact.tokens, "token"))
        if impact.money is not None:
            parts.append(f"${impact.money:,.2f}")
        return "; ".join(parts)

    @property
    def rank(self) -> str:
        """The three numbers of the rank: "12.4 = 6.2 traces × 2 for medium severity"."""
        impact = self.ruled.finding.impact
        if impact is None:
            return figures.UNKNOWN
        return (
            f"{impact.score:,.1f} = {impact.traces:,.1f} traces × {impact.severity_weight:g} "
            f"for {(self.ruled.computed_severity or self.ruled.finding.severity).value} severity"
        )

    @property
    def aliases(self) -> tuple[Alias, ...]:
        """What the analysis merged into it because it shows at the same places."""
        by_people = {each.fingerprint for each in self.ruled.merged}
        return tuple(
            each for each in self.ruled.finding.aliases if each.fingerprint not in by_people
        )

    @property
    def course(self) -> str:
        """What has become of it since it was decided, where that is news."""
        course = self.ruled.ruling.course
        return course.value if course in (Course.ESCALATING, Course.REGRESSED) else ""

    @property
    def trend(self) -> str:
        """The rate over time as a line of bars."""
        return figures.sparkline(self.ruled.finding.trend)

    @property
    def status(self) -> str:
        """The decision, as the tables of a family show it."""
        return (
            "not decided"
            if self.ruled.decision is Decision.UNDECIDED
            else self.ruled.decision.value
        )

    @property
    def judge_agreement(self) -> str:
        """How far the judge agreed, and what would be left of the share; empty if it was not asked."""
        judge = self.ruled.finding.judge
        opinion = None if judge is None else judge.opinion
        return "" if opinion is None else figures.agreement(opinion)

    @property
    def causes(self) -> tuple[RootCause, ...]:
        """The strongest attributes that chance does not explain."""
        causes = self.ruled.finding.root_causes
        return tuple(each for each in causes if each.q_value < LARGEST_Q)[:CAUSES_SHOWN]

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples that are shown in full."""
        return self.ruled.finding.examples[:EXAMPLES_SHOWN]

    @property
    def rationales(self) -> tuple[TraceAssessment, ...]:
        """The per-trace rationales that are shown."""
        return tuple(self.ruled.finding.assessments[:RATIONALES_SHOWN])

    @property
    def shared_rationale(self) -> str:
        """The rationale, if all affected traces have the same one; else empty."""
        _, _, _, rationales = columns_of(self.ruled.finding.assessments)
        different = set(rationales)
        return different.pop() if len(different) == 1 else ""

    @property
    def more_rationales(self) -> int:
        """How many rationales are in the JSON only."""
        return len(self.ruled.finding.assessments) - len(self.rationales)


@dataclass(frozen=True, slots=True)
class Claim:
    """A hypothesis that was not confirmed for one subject or several, told in one line."""

    title: str
    """Without the subject where there are several."""
    entries: tuple[Entry, ...]

    @property
    def counts(self) -> str:
        """For several subjects: each with its count, "search 0 of 59; lookup 2 of 64 traces"."""
        last = len(self.entries) - 1
        return "; ".join(
            f"{_subject(finding)} {figures.count(finding.affected)} of "
            + (
                figures.plural(finding.eligible, finding.unit.value)
                if index == last
                else figures.count(finding.eligible)
            )
            for index, finding in enumerate(entry.ruled.finding for entry in self.entries)
        )


@dataclass(frozen=True, slots=True)
class ReportContext:
    """Everything the templates may name."""

    analysis: Analysis
    version: str
    since: SinceReview | None
    """What has become of things since the last review; ``None`` if there was none."""
    issues: tuple[Entry, ...]
    """Accepted and seen now, in rank order, strengths apart."""
    strengths: tuple[Entry, ...]
    gone: tuple[Entry, ...]
    """Accepted before, not seen in this window."""
    undecided: tuple[Entry, ...]
    """Confirmed, and nobody has decided."""
    rejected: tuple[Entry, ...]
    refuted: tuple[Claim, ...]
    inconclusive: tuple[Claim, ...]
    not_testable: tuple[Claim, ...]
    performance: tuple[Entry, ...]
    """All of the family that were confirmed, or are open and were seen, whatever was decided."""
    quality: tuple[Entry, ...]
    asked: tuple[Entry, ...]
    """The user's own claims, whatever came of them."""
    unreviewed: int
    """How many are accepted though nobody has looked at them."""
    tools: tuple[tuple[ToolUse, bool], ...]
    """Everything the application calls, most used first, and whether it is a data source."""

    method: tuple[str, ...]
    """How the figures came about."""

    @property
    def onsets(self) -> tuple[tuple[int, str], ...]:
        """When confirmed issues began that are about a moment in time: ms since the epoch, and the title."""
        found = {
            entry.ruled.finding.onset_ms: entry.ruled.finding.title
            for entry in (*self.issues, *self.undecided)
            if entry.ruled.finding.onset_ms is not None
            and entry.ruled.finding.verdict is Verdict.CONFIRMED
        }
        return tuple(sorted((moment, title) for moment, title in found.items() if moment))


def report_context(analysis: Analysis, review: Review, accept: AcceptPolicy) -> ReportContext:
    """Sort the findings of ``analysis`` into the report's sections."""
    all_ruled = sorted(rule(analysis, review, accept), key=_steadily)
    titles = {ruled.finding.fingerprint: ruled.finding.title for ruled in all_ruled}
    entries = [Entry(ruled, titles.get(ruled.finding.parent, "")) for ruled in all_ruled]
    open_or_rejected = [entry for entry in entries if entry.ruled.decision is not Decision.ACCEPTED]
    undecided = [entry for entry in entries if entry.ruled.decision is Decision.UNDECIDED]
    return ReportContext(
        analysis=analysis,
        version=__version__,
        since=since_review(analysis, all_ruled, review),
        issues=tuple(
            entry
            for entry in entries
            if _accepted_now(entry.ruled) and entry.ruled.finding.is_issue
        ),
        strengths=tuple(
            entry
            for entry in entries
            if _accepted_now(entry.ruled) and not entry.ruled.finding.is_issue
        ),
        gone=tuple(
            entry
            for entry in entries
            if entry.ruled.decision is Decision.ACCEPTED and not _accepted_now(entry.ruled)
        ),
        undecided=_with_verdict(undecided, Verdict.CONFIRMED),
        rejected=tuple(
            entry for entry in open_or_rejected if entry.ruled.decision is Decision.REJECTED
        ),
        refuted=_claims(undecided, Verdict.REFUTED),
        inconclusive=_claims(undecided, Verdict.INCONCLUSIVE),
        not_testable=_claims(undecided, Verdict.NOT_TESTABLE),
        performance=_family(entries, Category.PERFORMANCE),
        quality=_family(entries, Category.QUALITY),
        asked=tuple(each for each in entries if each.ruled.finding.category is Category.USER),
        unreviewed=sum(ruled.by_policy for ruled in all_ruled),
        tools=_tools(analysis),
        method=method(analysis),
    )


def _steadily(ruled: Ruled) -> tuple[float, str, str]:
    """The rank, so coarse that it stays the same from week to week and two reports can be compared.

    Findings whose ranks differ by less than a factor of two stand in order of their names.
    """
    finding = ruled.finding
    score = finding.impact.score if finding.impact is not None else 0.0
    magnitude = math.floor(math.log2(score)) if score > 0 else -math.inf
    return -magnitude, finding.title, finding.fingerprint


def _accepted_now(ruled: Ruled) -> bool:
    return ruled.decision is Decision.ACCEPTED and ruled.finding.verdict in _SEEN


def _with_verdict(entries: Iterable[Entry], verdict: Verdict) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if entry.ruled.finding.verdict is verdict)


def _family(entries: Iterable[Entry], category: Category) -> tuple[Entry, ...]:
    return tuple(
        entry
        for entry in entries
        if entry.ruled.finding.category is category
        and entry.ruled.finding.verdict in _SEEN
        and entry.ruled.finding.affected
    )


def _claims(entries: Iterable[Entry], verdict: Verdict) -> tuple[Claim, ...]:
    by_hypothesis: dict[str, list[Entry]] = {}
    for entry in _with_verdict(entries, verdict):
        by_hypothesis.setdefault(entry.ruled.finding.hypothesis, []).append(entry)
    return tuple(
        Claim(
            _without_subject(group[0].ruled.finding)
            if len(group) > 1
            else group[0].ruled.finding.title,
            tuple(group),
        )
        for group in by_hypothesis.values()
    )


def _subject(finding: Finding) -> str:
    return finding.subject or finding.title


def _without_subject(finding: Finding) -> str:
    return finding.title.removesuffix(f": {finding.subject}")


def _tools(analysis: Analysis) -> tuple[tuple[ToolUse, bool], ...]:
    purpose = analysis.purpose
    sources = {each.name for each in purpose.data_sources}
    known = {each.name for each in purpose.tools}
    everything = [
        *purpose.tools,
        *(each for each in purpose.data_sources if each.name not in known),
    ]
    everything.sort(key=lambda each: (-each.calls, each.name))
    return tuple((each, each.name in sources) for each in everything)
