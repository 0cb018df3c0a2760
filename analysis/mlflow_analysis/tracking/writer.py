"""Write a reviewed analysis back to MLflow: a run with the report, issues, links from traces to them.

Nothing is remembered between two calls: what was written before is found in the store itself. So writing
again changes only what differs, and a write that was cut off is finished by the next one. Each step is one
transaction of the store.

Runs, issues and assessments are written; traces and what others wrote are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlflow_analysis.filing.issues import (
    AUTHOR,
    Change,
    Document,
    Filing,
    Issue,
    Link,
    Plan,
    Written,
    fingerprint_in,
)
from mlflow_analysis.source import never
from mlflow_analysis.tracking.filed import (
    FILING_TAG,
    FINDING_TAG,
    PENDING,
    REJECTED,
    RESOLVED,
    Filed,
    Steps,
    Told,
    untold,
)
from mlflow_analysis.untrusted import single_line

FOUND = "found"
"""The value of a trace's own assessment: neither a pass nor a fail."""
_FINGERPRINT = "mlflow_tui.fingerprint"
_SHOWS_ISSUES = {"mlflow.runType": "issue_detection"}
"""MLflow's screens show issues in a run of this type only, under evaluation runs."""


class Writer:
    """Writes to one experiment, knowing by ``filed`` what was written before."""

    def __init__(self, filed: Filed) -> None:
        self._filed = filed

    # ---- looking ----------------------------------------------------------------------------

    def plan(self, filing: Filing) -> Plan:
        """What ``filing`` takes, given what the store holds. Reads only."""
        with self._filed.told_plainly("read"):
            issues = self._filed.issues()
            changes = [self._change(issue, issues, filing.assess_traces) for issue in filing.issues]
            if issues is not None:
                changes += [
                    _rejection(found)
                    for fingerprint, found in sorted(issues.items())
                    if fingerprint in filing.rejected and found.status.value != REJECTED
                ]
            runs = self._filed.runs()
            of_filing = [each for each in runs if each.key == filing.key]
            run = next((each for each in of_filing if not each.deleted), None)
            run = run or next(iter(of_filing), None)
            sources = _sources_of_reopened(changes, issues or {}) | ({run.run_id} if run else set())
            return Plan(
                tuple(changes),
                run.run_id if run else "",
                tuple(document.name for document in filing.documents),
                issues is not None,
                tuple(each.run_id for each in runs if each.deleted and each.run_id in sources),
            )

    def _change(self, issue: Issue, issues: dict[str, Any] | None, assess: bool) -> Change:
        change = Change(issue.fingerprint, issue.name, "", status=PENDING)
        kept = None if issues is None else issues.get(issue.fingerprint)
        if issues is not None and kept is None:
            change = replace(change, create=True, links=issue.links)
        elif kept is not None:
            change = replace(
                change,
                issue_id=kept.issue_id,
                status=_status(kept, issue),
                update=_differing(kept, issue),
            )
        if kept is None and issues is not None and not assess:
            return change
        linked, assessed = self._marked(issue, change.issue_id)
        if kept is not None:
            change = replace(
                change, links=tuple(each for each in issue.links if each.trace_id not in linked)
            )
        if assess or issues is None:
            missing = tuple(each for each in issue.links if each.trace_id not in assessed)
            change = replace(change, assessments=missing)
        return change

    def _marked(self, issue: Issue, issue_id: str) -> tuple[set[str], set[str]]:
        """Traces of ``issue`` that are linked to it, and those that we assessed for it."""
        linked, assessed = set(), set()
        for info in self._filed.infos([each.trace_id for each in issue.links]):
            for each in info.assessments or ():
                if each.source.source_id != AUTHOR:
                    continue
                if issue_id and each.name == issue_id:
                    linked.add(info.trace_id)
                elif (each.metadata or {}).get(_FINGERPRINT) == issue.fingerprint:
                    assessed.add(info.trace_id)
        return linked, assessed

    # ---- writing ----------------------------------------------------------------------------

    def write(
        self,
        filing: Filing,
        told: Told = untold,
        cancelled: Callable[[], bool] = never,
    ) -> Written:
        """Do what ``plan`` says, worked out anew. May be cut off anywhere and called again.

        Raises ``WritingStopped`` once ``cancelled`` says so, and ``ConnectionProblem``.
        """
        plan = self.plan(filing)
        steps = Steps(plan.steps, told, cancelled)
        by_fingerprint = {issue.fingerprint: issue for issue in filing.issues}
        with self._filed.told_plainly("written to"):
            for deleted in plan.restored:
                self._filed.client.restore_run(deleted)
                steps.done()
            run_id = plan.run_id or self._new_run(filing.key, plan.keeps_issues)
            steps.done()
            self._put_documents(run_id, filing.documents, steps)
            for change in plan.changes:
                self._carry_out(change, by_fingerprint.get(change.fingerprint), run_id, plan, steps)
            self._filed.client.set_terminated(run_id)
        changes = plan.changes
        return Written(
            run_id,
            created=sum(change.create for change in changes),
            updated=sum(bool(change.update) for change in changes),
            linked=sum(len(change.links) for change in changes),
            assessed=sum(len(change.assessments) for change in changes),
        )

    def _new_run(self, key: str, keeps_issues: bool) -> str:
        tags = {FILING_TAG: key} | (_SHOWS_ISSUES if keeps_issues else {})
        run = self._filed.client.create_run(
            self._filed.experiment_id, run_name=f"{AUTHOR} review", tags=tags
        )
        return str(run.info.run_id)

    def _put_documents(self, run_id: str, documents: Sequence[Document], steps: Steps) -> None:
        for document in documents:
            self._filed.client.log_text(run_id, document.text, document.name)
            steps.done()

    def _carry_out(
        self, change: Change, issue: Issue | None, run_id: str, plan: Plan, steps: Steps
    ) -> None:
        issue_id = change.issue_id
        if issue is not None and change.create:
            issue_id = self._create(issue, run_id)
            steps.done()
        if change.update:
            self._update(change, issue)
            steps.done()
        if issue is None:
            return
        for link in change.links:
            self._link(link, issue_id, issue, run_id)
            steps.done()
        for link in change.assessments:
            self._assess(link, issue, run_id, tagged=not plan.keeps_issues)
            steps.done()

    def _create(self, issue: Issue, run_id: str) -> str:
        from mlflow.entities.issue import IssueSeverity, IssueStatus

        made = self._filed.store.create_issue(
            experiment_id=self._filed.experiment_id,
            name=issue.name,
            description=issue.description,
            status=IssueStatus(PENDING),
            severity=IssueSeverity(issue.severity.value),
            root_causes=list(issue.root_causes) or None,
            source_run_id=run_id,
            categories=list(issue.categories),
            created_by=AUTHOR,
        )
        return str(made.issue_id)

    def _update(self, change: Change, issue: Issue | None) -> None:
        from mlflow.entities.issue import IssueSeverity, IssueStatus

        told: dict[str, Any] = {}
        if "status" in change.update:
            told["status"] = IssueStatus(change.status)
        if issue is not None:
            if "name" in change.update:
                told["name"] = issue.name
            if "description" in change.update:
                told["description"] = issue.description
            if "severity" in change.update:
                told["severity"] = IssueSeverity(issue.severity.value)
        self._filed.store.update_issue(change.issue_id, **told)

    def _link(self, link: Link, issue_id: str, issue: Issue, run_id: str) -> None:
        from mlflow.entities.assessment import IssueReference

        self._filed.tracing.log_assessment(
            link.trace_id,
            IssueReference(
                issue_id=issue_id,
                issue_name=issue.name,
                source=_source(),
                run_id=run_id,
                rationale=link.rationale,
                metadata={_FINGERPRINT: issue.fingerprint},
                span_id=link.span_id or None,
            ),
        )

    def _assess(self, link: Link, issue: Issue, run_id: str, tagged: bool) -> None:
        from mlflow.entities import Feedback

        if tagged:  # first, so that an assessment never stands without the tag that finds it
            self._filed.client.set_trace_tag(
                link.trace_id, FINDING_TAG + issue.assessment, issue.fingerprint
            )
        self._filed.tracing.log_assessment(
            link.trace_id,
            Feedback(
                name=issue.assessment,
                value=FOUND,
                source=_source(),
                rationale=link.rationale,
                metadata={_FINGERPRINT: issue.fingerprint, "mlflow.assessment.sourceRunId": run_id},
                span_id=link.span_id or None,
            ),
        )


def _status(kept: Any, issue: Issue) -> str:
    """Accepted issues are pending; what somebody has resolved stays so, unless it is back or grows."""
    resolved = kept.status.value == RESOLVED
    return RESOLVED if resolved and not issue.reopens else PENDING


def _differing(kept: Any, issue: Issue) -> tuple[str, ...]:
    severity = kept.severity.value if kept.severity is not None else ""
    differs = {
        "name": kept.name != issue.name,
        "description": kept.description != issue.description,
        "severity": severity != issue.severity.value,
        "status": kept.status.value != _status(kept, issue),
    }
    return tuple(field for field, is_so in differs.items() if is_so)


def _rejection(kept: Any) -> Change:
    return Change(
        fingerprint_in(kept.description),
        single_line(kept.name),
        kept.issue_id,
        update=("status",),
        status=REJECTED,
    )


def _sources_of_reopened(changes: Sequence[Change], issues: Mapping[str, Any]) -> set[str]:
    """Ids of the runs in which MLflow's screens show the issues that become open again."""
    return {
        issues[each.fingerprint].source_run_id
        for each in changes
        if each.status != REJECTED and "status" in each.update
    }


def _source() -> Any:
    from mlflow.entities import AssessmentSource, AssessmentSourceType

    return AssessmentSource(source_type=AssessmentSourceType.CODE, source_id=AUTHOR)
