"""Write on traces as the user: assessments whose source is a human, and tags; and take exactly that back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mlflow_analysis.annotation import Annotation, AnnotationChange, AnnotationKind
from mlflow_analysis.tracking.address import Address
from mlflow_analysis.tracking.checks import details_of
from mlflow_analysis.tracking.filed import is_lacking, is_refusal
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import single_line

_GONE = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}
_NOT_TAKEN = {"INVALID_PARAMETER_VALUE", "BAD_REQUEST"}
Told = Callable[[AnnotationChange], None]
"""Given each change as soon as the store has it, so that none is forgotten when a later one fails."""


class Annotator:
    """Writes through ``client``, an ``MlflowClient`` that may write. Raises ``ConnectionProblem``."""

    def __init__(self, client: Any, address: Address) -> None:
        self._client = client
        self._address = address

    def write(
        self, trace_ids: Sequence[str], annotation: Annotation, author: str, told: Told
    ) -> None:
        """Write ``annotation`` on each trace, in the name of ``author``."""
        for trace_id in trace_ids:
            try:
                told(self._write_one(trace_id, annotation, author))
            except Exception as error:
                raise self._problem(error, trace_id) from error

    def take_back(self, changes: Sequence[AnnotationChange], told: Told) -> None:
        """Undo each change, the last one first. A tag that somebody has changed since is left as it is."""
        for change in reversed(changes):
            try:
                self._take_back_one(change)
            except ConnectionProblem:
                raise
            except Exception as error:
                if getattr(error, "error_code", "") not in _GONE:
                    raise self._problem(error, change.trace_id) from error
            told(change)

    def _write_one(self, trace_id: str, annotation: Annotation, author: str) -> AnnotationChange:
        if annotation.kind is AnnotationKind.TAG:
            before = self._tags(trace_id).get(annotation.name)
            after = str(annotation.value)
            self._client.set_trace_tag(trace_id, annotation.name, after)
            return AnnotationChange(trace_id, key=annotation.name, before=before, after=after)
        made = self._tracing.log_assessment(trace_id, _assessment(annotation, author))
        return AnnotationChange(trace_id, assessment_id=str(made.assessment_id))

    def _take_back_one(self, change: AnnotationChange) -> None:
        if change.assessment_id:
            self._tracing.delete_assessment(change.trace_id, change.assessment_id)
            return
        now = self._tags(change.trace_id).get(change.key)
        if now != change.after:
            raise ConnectionProblem(
                f"The tag {single_line(change.key)} was changed by somebody else since.",
                "It is left as it is now.",
            )
        if change.before is None:
            self._client.delete_trace_tag(change.trace_id, change.key)
        else:
            self._client.set_trace_tag(change.trace_id, change.key, change.before)

    def _tags(self, trace_id: str) -> dict[str, str]:
        return dict(self._tracing.get_trace_info(trace_id).tags)

    @property
    def _tracing(self) -> Any:
        return self._client._tracing_client  # mlflow.log_feedback writes to the global address only

    def _problem(self, error: Exception, trace_id: str) -> ConnectionProblem:
        """Why a store took no writing, in one sentence."""
        shown, details = self._address.shown, details_of(error, self._address)
        code = getattr(error, "error_code", "")
        if isinstance(error, ConnectionProblem):
            return error
        if is_refusal(error, details):
            return ConnectionProblem(
                f"You may read {shown}, but not write to it.",
                "Ask for the right to edit this experiment.",
                details,
            )
        if code in _GONE:
            return ConnectionProblem(
                f"The trace {single_line(trace_id)} is no longer there.", "R reads again.", details
            )
        if is_lacking(error) or isinstance(error, AttributeError):
            return ConnectionProblem(
                f"{shown} cannot keep this: its MLflow is too old, or its kind of store has none.",
                "A newer MLflow (3.2 or later) keeps assessments.",
                details,
            )
        if code in _NOT_TAKEN:
            said = single_line(str(getattr(error, "message", error)))
            return ConnectionProblem(f"MLflow does not take this: {said}", "", details)
        if "database is locked" in details:
            return ConnectionProblem(
                f"Somebody else is writing to {shown} now.", "Try again in a moment.", details
            )
        return ConnectionProblem(
            f"{shown} could not be written to.", "See the details for what MLflow said.", details
        )


def _assessment(annotation: Annotation, author: str) -> Any:
    from mlflow.entities import AssessmentSource, AssessmentSourceType, Expectation, Feedback

    source = AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id=author)
    if annotation.kind is AnnotationKind.EXPECTATION:
        return Expectation(name=annotation.name, value=annotation.value, source=source)
    return Feedback(
        name=annotation.name,
        value=annotation.value,
        source=source,
        rationale=annotation.rationale or None,
    )
