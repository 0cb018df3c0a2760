"""Feedback, comments, expectations and tags of the user, written through a client kept for the connection."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mlflow_analysis.annotation import AnnotationChange
from mlflow_analysis.protocol import Annotate, Annotated, TakeBack
from mlflow_analysis.tracking.annotating import Annotator, Told
from mlflow_analysis.tracking.connection import Connection, ConnectionProblem


class Annotating:
    """One writing at a time, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._annotator: tuple[Connection, Annotator] | None = None

    def annotate(self, connection: Connection, request: Annotate) -> Annotated:
        """Write on each trace. What was written until something failed is told with the failure."""
        return self._carried_out(
            connection,
            lambda annotator, told: annotator.write(
                request.trace_ids, request.annotation, request.author, told
            ),
        )

    def take_back(self, connection: Connection, request: TakeBack) -> Annotated:
        """Undo these changes; as ``annotate``."""
        return self._carried_out(
            connection, lambda annotator, told: annotator.take_back(request.changes, told)
        )

    def _carried_out(
        self, connection: Connection, work: Callable[[Annotator, Told], None]
    ) -> Annotated:
        done: list[AnnotationChange] = []
        with self._lock:
            try:
                work(self._of(connection), done.append)
            except ConnectionProblem as problem:
                return Annotated(tuple(done), problem.sentence, problem.remedy)
        return Annotated(tuple(done))

    def _of(self, connection: Connection) -> Annotator:
        if self._annotator is None or self._annotator[0] is not connection:
            self._annotator = (connection, connection.annotator())
        return self._annotator[1]
