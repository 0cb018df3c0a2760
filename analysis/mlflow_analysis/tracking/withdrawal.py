"""Take back all that was written to an experiment. MLflow deletes no issue: ours become rejected."""

from __future__ import annotations

from collections.abc import Callable

from mlflow_analysis.filing.issues import AUTHOR, Recall, Withdrawn
from mlflow_analysis.source import never
from mlflow_analysis.tracking.filed import (
    FINDING_TAG,
    REJECTED,
    Filed,
    Steps,
    Told,
    WritingStopped,
    untold,
)
from mlflow_analysis.untrusted import single_line


class Withdrawal:
    """Takes back what was written, as ``filed`` finds it."""

    def __init__(self, filed: Filed) -> None:
        self._filed = filed

    def plan(self, cancelled: Callable[[], bool] = never) -> Recall:
        """All that there is to take back. Reads only, and every trace of the experiment.

        Raises ``WritingStopped`` once ``cancelled`` says so, and ``ConnectionProblem``.
        """
        with self._filed.told_plainly("read"):
            marks: list[tuple[str, str]] = []
            tags: list[tuple[str, str]] = []
            for info in self._filed.all_infos():
                if cancelled():
                    raise WritingStopped
                marks += [
                    (info.trace_id, each.assessment_id)
                    for each in info.assessments or ()
                    if each.source.source_id == AUTHOR
                ]
                tags += [(info.trace_id, key) for key in info.tags if key.startswith(FINDING_TAG)]
            issues = self._filed.issues() or {}
            return Recall(
                tuple(
                    (each.issue_id, single_line(each.name))
                    for _, each in sorted(issues.items())
                    if each.status.value != REJECTED
                ),
                tuple(marks),
                tuple(tags),
                tuple(each.run_id for each in self._filed.runs() if not each.deleted),
            )

    def carry_out(self, told: Told = untold, cancelled: Callable[[], bool] = never) -> Withdrawn:
        """Do what ``plan`` says, worked out anew. May be cut off anywhere and called again.

        Raises ``WritingStopped`` once ``cancelled`` says so, and ``ConnectionProblem``.
        """
        filed, recall = self._filed, self.plan(cancelled)
        steps = Steps(recall.steps, told, cancelled)
        with filed.told_plainly("written to"):
            for trace_id, assessment_id in recall.assessments:
                filed.tracing.delete_assessment(trace_id, assessment_id)
                steps.done()
            for trace_id, key in recall.tags:
                filed.client.delete_trace_tag(trace_id, key)
                steps.done()
            for issue_id, _name in recall.issues:
                self._reject(issue_id)
                steps.done()
            for run_id in recall.runs:
                filed.client.delete_run(run_id)
                steps.done()
        return Withdrawn(
            len(recall.issues), len(recall.assessments), len(recall.tags), len(recall.runs)
        )

    def _reject(self, issue_id: str) -> None:
        from mlflow.entities.issue import IssueStatus

        self._filed.store.update_issue(issue_id, status=IssueStatus(REJECTED))
