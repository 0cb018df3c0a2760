"""What was written to an experiment before, found in the store itself: issues, marks of traces, runs.

An issue is ours by the fingerprint that its description is signed with, an assessment by its source, a run
or a trace by a tag. Nothing is remembered anywhere else, so nothing can disagree with the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlflow_analysis.filing.issues import fingerprint_in
from mlflow_analysis.tracking.address import Address
from mlflow_analysis.tracking.checks import details_of
from mlflow_analysis.tracking.problems import ConnectionProblem

FILING_TAG = "mlflow_tui.filing"
"""Of a run: the key of the filing that it belongs to."""
FINDING_TAG = "mlflow_tui.finding."
"""Of a trace, where the store has no issues; followed by the name of the assessment."""
PENDING, REJECTED, RESOLVED = "pending", "rejected", "resolved"
_AT_ONCE = 100
_NOT_THERE = {"ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED"}
_REFUSALS = ("readonly", "read-only", "read only", "permission denied", "command denied")
"""What SQLite, PostgreSQL, MySQL and file systems say to a writer without rights."""

Told = Callable[[int, int], None]
"""Given how many writes are done, and of how many."""


class WritingStopped(Exception):  # noqa: N818 - asked for by the user
    """The user stopped the writing; what is written stands, and writing again goes on from there."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of ours."""

    run_id: str
    key: str
    """Of the filing that it belongs to."""
    deleted: bool


class Filed:
    """One experiment as ``client``, an ``MlflowClient`` that may write, sees it."""

    def __init__(self, client: Any, address: Address, experiment_id: str) -> None:
        self.client = client
        self.experiment_id = experiment_id
        self._address = address

    @property
    def store(self) -> Any:
        """Where issues are kept: they have no public way that takes a client."""
        return self.client._tracing_client.store

    @property
    def tracing(self) -> Any:
        """Writes assessments; ``mlflow.log_issue`` writes to the global address only."""
        return self.client._tracing_client

    def issues(self) -> dict[str, Any] | None:
        """Our issues by fingerprint (of two the older); ``None`` if the store can have none."""
        search = getattr(self.store, "search_issues", None)
        if search is None:  # MLflow before 3.11
            return None
        found: dict[str, Any] = {}
        token: str | None = None
        while True:
            try:
                page = search(experiment_id=self.experiment_id, max_results=1000, page_token=token)
            except Exception as error:
                if is_lacking(error):  # a file store, an older server, Databricks
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

    def infos(self, trace_ids: Sequence[str]) -> Iterator[Any]:
        """These traces without their spans."""
        for start in range(0, len(trace_ids), _AT_ONCE):
            some = list(trace_ids[start : start + _AT_ONCE])
            together = getattr(self.store, "batch_get_trace_infos", None)
            if together is not None:
                try:
                    yield from together(some)
                    continue
                except Exception as error:
                    if not is_lacking(error):
                        raise
            for trace_id in some:
                yield self.store.get_trace_info(trace_id)

    def all_infos(self) -> Iterator[Any]:
        """All traces without their spans, newest first."""
        token: str | None = None
        while True:
            page = self.client.search_traces(
                locations=[self.experiment_id],
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

    def runs(self) -> tuple[Run, ...]:
        """All our runs, those that were taken back included."""
        from mlflow.entities import ViewType

        found: list[Run] = []
        token: str | None = None
        while True:
            page = self.client.search_runs(
                [self.experiment_id],
                filter_string=f"tags.`{FILING_TAG}` LIKE '%'",
                run_view_type=ViewType.ALL,
                page_token=token,
            )
            found += [
                Run(
                    each.info.run_id,
                    each.data.tags[FILING_TAG],
                    each.info.lifecycle_stage == "deleted",
                )
                for each in page
            ]
            token = page.token
            if not token:
                return tuple(found)

    @contextmanager
    def told_plainly(self, doing: str) -> Iterator[None]:
        """Whatever the store says, as a ``ConnectionProblem``; ``doing`` is a participle."""
        try:
            yield
        except (ConnectionProblem, WritingStopped):
            raise
        except Exception as error:
            details = details_of(error, self._address)
            if is_refusal(error, details):
                raise ConnectionProblem(
                    f"You may read {self._address.shown}, but not write to it.",
                    "Ask for the right to edit this experiment.",
                    details,
                ) from error
            raise ConnectionProblem(
                f"{self._address.shown} could not be {doing}.",
                "What was written stands; write again to go on from there. "
                "See the details for what MLflow said.",
                details,
            ) from error


class Steps:
    """Counts writes, tells of them, and stops between two of them when asked to."""

    def __init__(self, steps: int, told: Told, cancelled: Callable[[], bool]) -> None:
        self._steps, self._told, self._cancelled = steps, told, cancelled
        self._done = 0

    def done(self) -> None:
        """One more is done. Raises ``WritingStopped``."""
        self._done += 1
        self._told(self._done, self._steps)
        if self._cancelled():
            raise WritingStopped


def untold(_done: int, _all: int) -> None:
    """Tells nobody."""


def is_lacking(error: Exception) -> bool:
    """Whether a store says that it cannot do such a thing at all."""
    if isinstance(error, NotImplementedError):
        return True
    return getattr(error, "error_code", "") in _NOT_THERE


def is_refusal(error: Exception, details: str) -> bool:
    """Whether a store says that this user may not write."""
    if isinstance(error, PermissionError):
        return True
    if getattr(error, "error_code", "") == "PERMISSION_DENIED":
        return True
    said = details.lower()
    return "error code 403" in said or any(each in said for each in _REFUSALS)
