"""Write a reviewed analysis back to MLflow: a run with the report, issues, links from traces to them.

Nothing is remembered between two calls: what was written before is found in the store itself, by the
fingerprint in an issue's description, by the source of an assessment, by the tag of a run. So writing
again changes only what differs, and a write that was cut off is finished by the next one. Each step is one
transaction of the store.

Runs, issues and assessments are written; traces and what others wrote are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from mlflow_analysis.filing import (
    AUTHOR,
    Change,
    Document,
    Filing,
    Issue,
    Link,
    Plan,
    Withdrawn,
    Written,
    fingerprint_in,
)
from mlflow_analysis.source import never
from mlflow_analysis.tracking.address import Address
from mlflow_analysis.tracking.checks import details_of
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import single_line

FOUND = "found"
"""The value of a trace's own assessment: neither a pass nor a fail."""
FILING_TAG = "mlflow_tui.filing"
"""Of a run: the key of the filing that it belongs to."""
FINDING_TAG = "mlflow_tui.finding."
"""Of a trace, where the store has no issues; followed by the name of the assessment."""
_FINGERPRINT = "mlflow_tui.fingerprint"
_PENDING, _REJECTED, _RESOLVED = "pending", "rejected", "resolved"
_AT_ONCE = 100
_NOT_THERE = {"ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED"}

Told = Callable[[int, int], None]
"""Given how many writes are done, and of how many."""


class WritingStopped(Exception):  # noqa: N818 - asked for by the user
    """The user stopped the writing; what is written stands, and writing again goes on from there."""


class Writer:
    """Writes to one experiment through ``client``, an ``MlflowClient`` that may write."""

    def __init__(self, client: Any, address: Address, experiment_id: str) -> None:
        self._client = client
        self._address = address
        self._experiment_id = experiment_id

    # ---- looking ----------------------------------------------------------------------------

    def plan(self, filing: Filing) -> Plan:
        """What ``filing`` takes, given what the store holds. Reads only."""
        with self._told_plainly("read"):
            issues = self._issues()
            changes = [self._change(issue, issues, filing.assess_traces) for issue in filing.issues]
            if issues is not None:
                changes += [
                    _rejection(found)
                    for fingerprint, found in sorted(issues.items())
                    if fingerprint in filing.rejected and found.status.value != _REJECTED
                ]
            return Plan(
                tuple(changes),
                self._run_of(filing.key),
                tuple(document.name for document in filing.documents),
                issues is not None,
            )

    def _issues(self) -> dict[str, Any] | None:
        """Our issues of the experiment by fingerprint (of two the older); ``None`` if it can have none."""
        search = getattr(self._store, "search_issues", None)
        if search is None:  # MLflow before 3.11
            return None
        found: dict[str, Any] = {}
        token: str | None = None
        while True:
            try:
                page = search(experiment_id=self._experiment_id, max_results=1000, page_token=token)
            except Exception as error:
                if _is_lacking(error):  # a file store, an older server, Databricks
                    return None
                raise
            for issue in page:
                fingerprint = fingerprint_in(issue.description or "")
                if fingerprint:
                    before = found.get(fingerprint)
                    if before is None or issue.created_timestamp < before.created_timestamp:
                        found[fingerprint] = issue
            token = page.token
            if not token:
                return found

    def _change(self, issue: Issue, issues: dict[str, Any] | None, assess: bool) -> Change:
        change = Change(issue.fingerprint, issue.name, "", status=_PENDING)
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
        for info in self._infos([each.trace_id for each in issue.links]):
            for each in info.assessments or ():
                if each.source.source_id != AUTHOR:
                    continue
                if issue_id and each.name == issue_id:
                    linked.add(info.trace_id)
                elif (each.metadata or {}).get(_FINGERPRINT) == issue.fingerprint:
                    assessed.add(info.trace_id)
        return linked, assessed

    def _infos(self, trace_ids: Sequence[str]) -> Iterator[Any]:
        for start in range(0, len(trace_ids), _AT_ONCE):
            some = list(trace_ids[start : start + _AT_ONCE])
            together = getattr(self._store, "batch_get_trace_infos", None)
            if together is not None:
                try:
                    yield from together(some)
                    continue
                except Exception as error:
                    if not _is_lacking(error):
                        raise
            for trace_id in some:
                yield self._store.get_trace_info(trace_id)

    def _run_of(self, key: str) -> str:
        runs = self._client.search_runs(
            [self._experiment_id], filter_string=f"tags.`{FILING_TAG}` = '{key}'", max_results=1
        )
        return runs[0].info.run_id if runs else ""

    # ---- writing ----------------------------------------------------------------------------

    def write(
        self,
        filing: Filing,
        told: Told = lambda _done, _all: None,
        cancelled: Callable[[], bool] = never,
    ) -> Written:
        """Do what ``plan`` says, worked out anew. May be cut off anywhere and called again.

        Raises ``WritingStopped`` once ``cancelled`` says so, and ``ConnectionProblem``.
        """
        plan = self.plan(filing)
        steps = _Steps(plan.steps, told, cancelled)
        by_fingerprint = {issue.fingerprint: issue for issue in filing.issues}
        with self._told_plainly("written to"):
            run_id = plan.run_id or self._new_run(filing.key)
            steps.done()
            self._put_documents(run_id, filing.documents, steps)
            for change in plan.changes:
                self._carry_out(change, by_fingerprint.get(change.fingerprint), run_id, plan, steps)
            self._client.set_terminated(run_id)
        changes = plan.changes
        return Written(
            run_id,
            created=sum(change.create for change in changes),
            updated=sum(bool(change.update) for change in changes),
            linked=sum(len(change.links) for change in changes),
            assessed=sum(len(change.assessments) for change in changes),
        )

    def _new_run(self, key: str) -> str:
        run = self._client.create_run(
            self._experiment_id, run_name=f"{AUTHOR} review", tags={FILING_TAG: key}
        )
        return str(run.info.run_id)

    def _put_documents(self, run_id: str, documents: Sequence[Document], steps: _Steps) -> None:
        for document in documents:
            self._client.log_text(run_id, document.text, document.name)
            steps.done()

    def _carry_out(
        self, change: Change, issue: Issue | None, run_id: str, plan: Plan, steps: _Steps
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

        made = self._store.create_issue(
            experiment_id=self._experiment_id,
            name=issue.name,
            description=issue.description,
            status=IssueStatus(_PENDING),
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
        self._store.update_issue(change.issue_id, **told)

    def _link(self, link: Link, issue_id: str, issue: Issue, run_id: str) -> None:
        from mlflow.entities.assessment import IssueReference

        self._tracing.log_assessment(
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
            self._client.set_trace_tag(
                link.trace_id, FINDING_TAG + issue.assessment, issue.fingerprint
            )
        self._tracing.log_assessment(
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

    # ---- taking back ------------------------------------------------------------------------

    def withdraw(self, cancelled: Callable[[], bool] = never) -> Withdrawn:
        """Take back all that was ever written here. MLflow deletes no issue: ours become rejected.

        Raises ``WritingStopped`` and ``ConnectionProblem``; may be called again.
        """
        with self._told_plainly("written to"):
            assessments, tags = self._clear_traces(cancelled)
            issues = self._issues() or {}
            for issue in issues.values():
                self._reject(issue)
            runs = self._runs()
            for run in runs:
                self._client.delete_run(run.info.run_id)
        return Withdrawn(len(issues), assessments, tags, len(runs))

    def _clear_traces(self, cancelled: Callable[[], bool]) -> tuple[int, int]:
        assessments = tags = 0
        for info in self._all_infos():
            if cancelled():
                raise WritingStopped
            for each in info.assessments or ():
                if each.source.source_id == AUTHOR:
                    self._tracing.delete_assessment(info.trace_id, each.assessment_id)
                    assessments += 1
            for key in [key for key in info.tags if key.startswith(FINDING_TAG)]:
                self._client.delete_trace_tag(info.trace_id, key)
                tags += 1
        return assessments, tags

    def _all_infos(self) -> Iterator[Any]:
        token: str | None = None
        while True:
            page = self._client.search_traces(
                locations=[self._experiment_id],
                max_results=500,
                page_token=token,
                order_by=["timestamp_ms DESC"],
                include_spans=False,
            )
            for trace in page:
                yield trace.info
            token = page.token
            if not token:
                return

    def _reject(self, issue: Any) -> None:
        from mlflow.entities.issue import IssueStatus

        if issue.status.value != _REJECTED:
            self._store.update_issue(issue.issue_id, status=IssueStatus(_REJECTED))

    def _runs(self) -> list[Any]:
        found: list[Any] = []
        token: str | None = None
        while True:
            page = self._client.search_runs(
                [self._experiment_id],
                filter_string=f"tags.`{FILING_TAG}` LIKE '%'",
                page_token=token,
            )
            found += page
            token = page.token
            if not token:
                return found

    # ---- the store --------------------------------------------------------------------------

    @property
    def _store(self) -> Any:
        return self._client._tracing_client.store  # issues have no public way that takes a client

    @property
    def _tracing(self) -> Any:
        return self._client._tracing_client  # mlflow.log_issue writes to the global address only

    @contextmanager
    def _told_plainly(self, doing: str) -> Iterator[None]:
        """Whatever the store says, as a ``ConnectionProblem``."""
        try:
            yield
        except (ConnectionProblem, WritingStopped):
            raise
        except Exception as error:
            raise ConnectionProblem(
                f"{self._address.shown} could not be {doing}.",
                "What was written stands; write again to go on from there. "
                "See the details for what MLflow said.",
                details_of(error, self._address),
            ) from error


class _Steps:
    """Counts writes, tells of them, and stops between two of them when asked to."""

    def __init__(self, steps: int, told: Told, cancelled: Callable[[], bool]) -> None:
        self._steps, self._told, self._cancelled = steps, told, cancelled
        self._done = 0

    def done(self) -> None:
        self._done += 1
        self._told(self._done, self._steps)
        if self._cancelled():
            raise WritingStopped


def _is_lacking(error: Exception) -> bool:
    """Whether a store says that it cannot do such a thing at all."""
    if isinstance(error, NotImplementedError):
        return True
    return getattr(error, "error_code", "") in _NOT_THERE


def _status(kept: Any, issue: Issue) -> str:
    """Accepted issues are pending; what somebody has resolved stays so, unless it is back or grows."""
    resolved = kept.status.value == _RESOLVED
    return _RESOLVED if resolved and not issue.reopens else _PENDING


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
        status=_REJECTED,
    )


def _source() -> Any:
    from mlflow.entities import AssessmentSource, AssessmentSourceType

    return AssessmentSource(source_type=AssessmentSourceType.CODE, source_id=AUTHOR)
