"""What goes back to MLflow from a reviewed analysis: issues, their links to traces, the report. Plain data.

A finding is known again by its fingerprint, which stands on the last line of its issue's description. So
the store itself says what was written before, and nothing has to be remembered elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from mlflow_analysis.findings.evidence import RootCause
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.review import Course, Decision
from mlflow_analysis.review.acceptance import Ruled

AUTHOR = "mlflow-tui"
"""Who made an issue, and the source of an assessment. Analyses leave out what has this source."""
LONGEST_NAME = 250
"""Characters that MLflow keeps of an issue's name."""
LONGEST_RATIONALE = 2_000
_SIGNATURE = re.compile(rf"\({AUTHOR} finding (?P<fingerprint>[0-9a-f]+)\)\s*\Z")


@dataclass(frozen=True, slots=True)
class Link:
    """That one trace shows a finding, where in it, and why."""

    trace_id: str
    span_id: str
    """"" for the trace as a whole."""
    rationale: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An accepted finding in the form that MLflow keeps."""

    fingerprint: str
    name: str
    description: str
    """Signed with the fingerprint."""
    severity: Severity
    categories: tuple[str, ...]
    root_causes: tuple[str, ...]
    assessment: str
    """What a single trace's assessment is called: the hypothesis in snake_case."""
    links: tuple[Link, ...]
    reopens: bool
    """It was gone and is back, or has grown: an issue that somebody resolved is pending again."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file for the run."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Filing:
    """All that one review asks of the store."""

    issues: tuple[Issue, ...]
    rejected: frozenset[str]
    """Fingerprints of findings that were rejected: their issues, if there are any, are too."""
    documents: tuple[Document, ...]
    key: str
    """The same for the same analysis and review: a run that has it is gone on with."""
    assess_traces: bool = False
    """Whether each affected trace gets an assessment of its own beside the link."""


def issues_of(ruled: Iterable[Ruled]) -> tuple[Issue, ...]:
    """The accepted issues, in rank order. Strengths are no issues and stay in the report."""
    return tuple(
        _issue(each)
        for each in ruled
        if each.decision is Decision.ACCEPTED and each.finding.is_issue
    )


def rejected_of(ruled: Collection[Ruled]) -> frozenset[str]:
    """Fingerprints of the rejected, of what was merged into them, and of what a person merged into another:
    their issues, if they were written before, say the same as the other's."""
    rejected = {each.fingerprint for one in ruled for each in one.merged}
    for one in ruled:
        if one.decision is Decision.REJECTED:
            rejected.add(one.finding.fingerprint)
            rejected.update(alias.fingerprint for alias in one.finding.aliases)
    return frozenset(rejected)


def fingerprint_in(description: str) -> str:
    """The fingerprint that an issue's description is signed with, "" for somebody else's issue."""
    signed = _SIGNATURE.search(description)
    return signed["fingerprint"] if signed else ""


def issues_page(tracking_uri: str, experiment_id: str, run_id: str) -> tuple[str, ...]:
    """A sentence that says where MLflow's own screens show the issues; none without a server."""
    if not tracking_uri.startswith(("http://", "https://")):
        return ()
    page = f"#/experiments/{experiment_id}/evaluation-runs/{run_id}/issues"
    return (f"New issues are on {tracking_uri.rstrip('/')}/{page}",)


def _issue(ruled: Ruled) -> Issue:
    finding, course = ruled.finding, ruled.ruling.course
    spans: dict[str, Link] = {}
    for each in finding.assessments:
        link = Link(each.trace_id, each.span_id, each.rationale[:LONGEST_RATIONALE])
        spans.setdefault(each.trace_id, link)
    links = [
        spans.get(trace_id, Link(trace_id, "", finding.statement[:LONGEST_RATIONALE]))
        for trace_id in finding.trace_ids
    ]
    causes = tuple(_cause(each) for each in finding.root_causes)
    return Issue(
        fingerprint=finding.fingerprint,
        name=finding.title[:LONGEST_NAME],
        description=_description(ruled, causes),
        severity=finding.severity,
        categories=(finding.category.value, finding.hypothesis),
        root_causes=causes,
        assessment=finding.hypothesis.replace("-", "_"),
        links=tuple(links),
        reopens=course in (Course.REGRESSED, Course.ESCALATING),
    )


def _cause(cause: RootCause) -> str:
    """What MLflow lists as a root cause: the values, how much they explain, and how it is known."""
    return (
        f"{cause.attribute} = {cause.value}: {cause.share:.0%} of what is affected, "
        f"{cause.lift:.3g} times the rate of all; {cause.mechanism}"
    )


def _description(ruled: Ruled, causes: Sequence[str]) -> str:
    """As Markdown. Root causes stand here too, since MLflow cannot change those of an issue."""
    finding = ruled.finding
    low, high = finding.interval
    parts = [
        finding.statement,
        f"**How often.** {finding.affected:,} of {finding.eligible:,} {finding.unit.value}s, "
        f"{finding.rate:.1%} (95% interval {low:.1%} to {high:.1%}).",
        f"**Merged into it.** {ruled.together}" if ruled.merged else "",
        f"**Assigned to.** {ruled.ruling.assignee}" if ruled.ruling.assignee else "",
        f"**Why it matters.** {finding.why}" if finding.why else "",
        "**Root causes.**\n" + "\n".join(f"- {each}" for each in causes) if causes else "",
        f"**Impact.** {finding.impact.reason}" if finding.impact and finding.impact.reason else "",
        f"**Recommendation.** {finding.recommendation}" if finding.recommendation else "",
        f"({AUTHOR} finding {finding.fingerprint})",
    ]
    return "\n\n".join(part for part in parts if part)


# ---- what is to be done ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done in the store about one finding; nothing is left out that is there already."""

    fingerprint: str
    name: str
    issue_id: str
    """"" while there is no issue."""
    create: bool = False
    update: tuple[str, ...] = ()
    """Fields of the issue that are to change: name, description, severity, status."""
    status: str = "pending"
    """What the issue's status is to be."""
    links: tuple[Link, ...] = ()
    """Traces to be linked to the issue."""
    assessments: tuple[Link, ...] = ()
    """Traces to be given an assessment of their own."""

    @property
    def is_nothing(self) -> bool:
        """Whether the store holds it all."""
        return not (self.create or self.update or self.links or self.assessments)

    @property
    def steps(self) -> int:
        """How many writes it takes."""
        return self.create + bool(self.update) + len(self.links) + len(self.assessments)

    def __str__(self) -> str:
        """As a line of a dry run."""
        done = []
        if self.create:
            done.append("create the issue")
        if self.update:
            done.append(
                "reject the issue"
                if self.status == "rejected" and self.update == ("status",)
                else f"update its {', '.join(self.update)}"
            )
        if self.links:
            done.append(f"link {_traces(len(self.links))}")
        if self.assessments:
            done.append(f"assess {_traces(len(self.assessments))}")
        return f"{self.name}: {', '.join(done) or 'nothing to do'}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All that writing a filing back takes, worked out against the store as it is."""

    changes: tuple[Change, ...]
    run_id: str
    """The run to go on with, "" for a new one."""
    documents: tuple[str, ...]
    """Names of the files that go to the run."""
    keeps_issues: bool
    """Whether the store has issues; if not, traces are assessed and tagged instead."""
    restored: tuple[str, ...] = ()
    """Deleted runs that come back, because an issue of theirs does or the filing is the same as before."""

    @property
    def steps(self) -> int:
        """How many writes it takes: a run and its files among them."""
        changes = sum(change.steps for change in self.changes)
        return changes + 1 + len(self.documents) + len(self.restored)

    def lines(self) -> tuple[str, ...]:
        """What is to be done, a line each: the dry run."""
        run = f"run {self.run_id}: write" if self.run_id else "a new run: write"
        told = [f"{run} {' and '.join(self.documents)}"] if self.documents else []
        told += [f"run {run_id}: restore it" for run_id in self.restored]
        if not self.keeps_issues:
            told.append(
                "This store has no issues: affected traces get an assessment and a tag instead."
            )
        waiting = [str(change) for change in self.changes if not change.is_nothing]
        settled = sum(change.is_nothing for change in self.changes)
        if settled:
            waiting.append(f"{settled} more as the store holds them already")
        return (*told, *waiting)


@dataclass(frozen=True, slots=True)
class Written:
    """What was done."""

    run_id: str
    created: int
    updated: int
    linked: int
    assessed: int

    def __str__(self) -> str:
        return (
            f"run {self.run_id}; {_issues(self.created)} created, {self.updated} updated, "
            f"{_traces(self.linked)} linked, {self.assessed} assessed"
        )


@dataclass(frozen=True, slots=True)
class Recall:
    """All that there is to take back of an experiment."""

    issues: tuple[tuple[str, str], ...]
    """Id and name of each that is not rejected."""
    assessments: tuple[tuple[str, str], ...]
    """Ids of the trace and of the assessment; links among them."""
    tags: tuple[tuple[str, str], ...]
    """A trace's id and the tag's key."""
    runs: tuple[str, ...]

    @property
    def steps(self) -> int:
        """How many writes it takes."""
        return len(self.issues) + len(self.assessments) + len(self.tags) + len(self.runs)

    def lines(self) -> tuple[str, ...]:
        """What is to be done, a line each."""
        traces = len({trace_id for trace_id, _ in self.assessments})
        told = [f"{name}: reject the issue (MLflow deletes none)" for _, name in self.issues]
        if self.assessments:
            told.append(
                f"delete {len(self.assessments):,} links and assessments of {_traces(traces)}"
            )
        if self.tags:
            told.append(f"delete {len(self.tags):,} tags")
        told += [f"run {run_id}: delete it, with the report in it" for run_id in self.runs]
        return tuple(told)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was taken back."""

    issues: int
    """Rejected and emptied: MLflow deletes no issue."""
    assessments: int
    """Deleted, links among them."""
    tags: int
    runs: int

    def __str__(self) -> str:
        return (
            f"{_issues(self.issues)} rejected (MLflow deletes none), {self.assessments} links and "
            f"assessments, {self.tags} tags and {self.runs} runs deleted"
        )


def _traces(number: int) -> str:
    return f"{number:,} trace" if number == 1 else f"{number:,} traces"


def _issues(number: int) -> str:
    return f"{number:,} issue" if number == 1 else f"{number:,} issues"
