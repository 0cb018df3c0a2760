"""Read traces through MLflow's client: infos first, then spans in batches.

Infos are asked for by time, newest first: each page starts where the last one ended. So a page
costs the same anywhere in an experiment, and traces that arrive meanwhile make no trace come twice
and none be left out. Offset pages, which MLflow's tokens are, do neither.

In a process of one's own, ``gc.freeze(); gc.set_threshold(200_000, 20, 100)`` halves the time; that
is for the owner of the process to do.
"""

from __future__ import annotations

import inspect
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from mlflow_analysis.records import SkippedTrace, TraceInfo, TraceOutline, TraceRecord
from mlflow_analysis.source import SourceSpec, TraceOutcome, never, outline_of
from mlflow_analysis.tracking.address import HTTP_KINDS, Address, StoreKind
from mlflow_analysis.tracking.checks import check_reachable, details_of
from mlflow_analysis.tracking.convert import (
    IN_ARCHIVE,
    IN_DATABASE,
    SPANS_LOCATION,
    trace_info,
    trace_record,
)
from mlflow_analysis.tracking.problems import (
    ConnectionProblem,
    FilterNotUnderstood,
    TraceNotReadable,
)
from mlflow_analysis.untrusted import printable, single_line

FIRST_PAGE = 500
"""Small, so that there is something to see soon; 500 is also all that a server gives at once."""
DIRECT_PAGE = 5_000
FILES_PAGE = 50_000
"""A file store reads every file again for every page."""

DIRECT_BATCH = 500
SERVER_BATCH = 25
"""The ids go into the request's address, and some servers take no more than 4,000 characters."""
BATCH_BYTES = 32_000_000
"""Traces whose stored sizes add up to this make a batch, however few they are."""
SERVER_THREADS = 4


class StoreTraces:
    """The traces of one experiment, as a ``source.TraceSource``."""

    def __init__(
        self, client: Any, address: Address, experiment_id: str, experiment_name: str
    ) -> None:
        self._client = client
        self._address = address
        self.experiment_id = experiment_id
        self.experiment_name = experiment_name
        self.tracking_uri = address.shown
        self.spec: SourceSpec | None = SourceSpec(
            address.mlflow_uri, experiment_id, experiment_name, tuple(address.variables.items())
        )
        parameters = inspect.signature(client.search_traces).parameters
        self._where = "locations" if "locations" in parameters else "experiment_ids"

    # ---- infos ------------------------------------------------------------------------------

    def count(self, filter_string: str = "") -> int | None:
        """All traces of the experiment, where the store counts them itself; else ``None``."""
        if filter_string or self._address.kind is StoreKind.FILES:
            return None
        try:
            from mlflow.entities.trace_metrics import (
                AggregationType,
                MetricAggregation,
                MetricViewType,
            )
            from mlflow.exceptions import MlflowException
        except ImportError:  # MLflow before 3.9
            return None
        try:
            points = self._store.query_trace_metrics(
                experiment_ids=[self.experiment_id],
                view_type=MetricViewType.TRACES,
                metric_name="trace_count",
                aggregations=[MetricAggregation(AggregationType.COUNT)],
            )
        except MlflowException:  # a server older than the client; the count is a courtesy
            return None
        return int(sum(point.values["COUNT"] for point in points))

    def infos(
        self, filter_string: str = "", *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceInfo]]:
        """Pages of infos, newest first.

        ``filter_string`` is in MLflow's own syntax. Raises ``FilterNotUnderstood`` or another
        ``ConnectionProblem``.
        """
        newest_ms: int | None = None
        size = FILES_PAGE if self._address.kind is StoreKind.FILES else FIRST_PAGE
        while not cancelled():
            page, more = self._page(filter_string, newest_ms, size)
            if not more:
                if page:
                    yield page
                return
            # The page may end within a millisecond: its last traces come with the next page.
            oldest_ms = page[-1].start_ms
            whole = [info for info in page if info.start_ms > oldest_ms]
            if whole:
                yield whole
                newest_ms = oldest_ms
            else:
                yield from self._one_millisecond(filter_string, oldest_ms, size, cancelled)
                newest_ms = oldest_ms - 1
            if self._address.kind not in HTTP_KINDS:
                size = max(size, DIRECT_PAGE)

    def _page(
        self, filter_string: str, newest_ms: int | None, size: int
    ) -> tuple[list[TraceInfo], bool]:
        bound = "" if newest_ms is None else f"trace.timestamp_ms <= {newest_ms}"
        found = self._search(filter_string, bound, size, None)
        return [trace_info(trace.info) for trace in found], bool(found.token and len(found))

    def _one_millisecond(
        self, filter_string: str, at_ms: int, size: int, cancelled: Callable[[], bool]
    ) -> Iterator[list[TraceInfo]]:
        """More traces than fill a page started in one millisecond: only tokens go through them."""
        seen: set[str] = set()
        token: str | None = None
        while not cancelled():
            found = self._search(filter_string, f"trace.timestamp_ms = {at_ms}", size, token)
            page = [
                info
                for info in map(trace_info, (trace.info for trace in found))
                if info.trace_id not in seen
            ]
            seen |= {info.trace_id for info in page}
            if page:
                yield page
            token = found.token
            if not token:
                return

    def _search(self, filter_string: str, bound: str, size: int, token: str | None) -> Any:
        from mlflow.exceptions import MlflowException

        conditions = [part for part in (filter_string.strip(), bound) if part]
        try:
            return self._client.search_traces(
                filter_string=" AND ".join(conditions) or None,
                max_results=size,
                order_by=["timestamp_ms DESC"],
                page_token=token,
                include_spans=False,
                **{self._where: [self.experiment_id]},
            )
        except MlflowException as error:
            if filter_string and error.error_code in {"INVALID_PARAMETER_VALUE", "BAD_REQUEST"}:
                raise FilterNotUnderstood(
                    f"MLflow does not accept this filter: {_in_order(str(error.message))}",
                    "Conditions are joined by AND, for example: "
                    "trace.status = 'ERROR' AND tags.region = 'eu'",
                    details_of(error, self._address),
                ) from error
            raise self._broken(error) from error
        except Exception as error:
            raise self._broken(error) from error

    # ---- spans ------------------------------------------------------------------------------

    def traces(
        self, infos: Sequence[TraceInfo], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The traces of ``infos`` with spans, in that order; unreadable ones as ``SkippedTrace``.

        Batches are bounded by number and by stored size. Cancelling is looked for between them.
        """
        batches = _batches(infos, self._batch_size)
        if self._address.kind is not StoreKind.SERVER:
            for batch in batches:
                if cancelled():
                    return
                yield from self._read(batch)
            return
        # A server spends its time turning JSON into protobuf and back: keep several at it.
        with ThreadPoolExecutor(SERVER_THREADS, thread_name_prefix="spans") as pool:
            ahead: deque[Future[list[TraceOutcome]]] = deque()
            try:
                for batch in batches:
                    ahead.append(pool.submit(self._read, batch))
                    if len(ahead) > SERVER_THREADS:
                        yield from ahead.popleft().result()
                    if cancelled():
                        return
                while ahead:
                    yield from ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def outlines(
        self, filter_string: str = "", *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceOutline]]:
        """Pages of outlines, newest first; raises as ``infos`` does."""
        for page in self.infos(filter_string, cancelled=cancelled):
            yield [outline_of(info) for info in page]

    def read(
        self, outlines: Sequence[TraceOutline], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The traces of ``outlines``, infos and spans, as they are now, in that order."""
        for batch in _batches_of(outlines, self._batch_size):
            infos = []
            for outline in batch:
                if cancelled():
                    return
                try:
                    infos.append(trace_info(self._info(outline.trace_id)))
                except Exception as error:  # noqa: BLE001 - told in the outcome
                    self._check_still_there()
                    yield SkippedTrace(
                        outline.trace_id, f"It is no longer there ({type(error).__name__})."
                    )
            yield from self.traces(infos, cancelled=cancelled)

    def trace(self, trace_id: str) -> TraceRecord:
        """One trace, as it is now. Raises ``TraceNotReadable`` with the reason."""
        try:
            info = trace_info(self._info(trace_id))
        except Exception as error:
            self._check_still_there()
            raise TraceNotReadable(
                f"The store has no trace {printable(trace_id)}.",
                "It may have been deleted; read the experiment again.",
                details_of(error, self._address),
            ) from error
        (outcome,) = self._read([info])
        if isinstance(outcome, SkippedTrace):
            raise TraceNotReadable(f"The spans of this trace cannot be shown. {outcome.reason}")
        return outcome

    def _info(self, trace_id: str) -> Any:
        return self._client._tracing_client.get_trace_info(trace_id)

    @property
    def _store(self) -> Any:
        # Private, and the only way to spans by trace id without reading all infos again.
        return self._client._tracing_client.store

    @property
    def _batch_size(self) -> int:
        return SERVER_BATCH if self._address.kind is StoreKind.SERVER else DIRECT_BATCH

    def _read(self, batch: Sequence[TraceInfo]) -> list[TraceOutcome]:
        """The outcomes of one batch, in its order."""
        outcomes: dict[str, TraceOutcome] = {}
        together = [info for info in batch if _is_in_store(info)]
        self._read_together(together, outcomes)
        for info in batch:
            if not _is_in_store(info):
                outcomes[info.trace_id] = self._read_artifact(info)
        return [outcomes[info.trace_id] for info in batch]

    def _read_together(self, batch: Sequence[TraceInfo], outcomes: dict[str, TraceOutcome]) -> None:
        if not batch:
            return
        try:
            found = {
                printable(trace.info.trace_id): trace
                for trace in self._store.batch_get_traces([info.trace_id for info in batch])
            }
        except Exception as error:  # noqa: BLE001 - one damaged span fails its whole batch, in any way
            self._check_still_there()
            if len(batch) == 1:
                outcomes[batch[0].trace_id] = damaged(batch[0], error)
                return
            middle = len(batch) // 2
            self._read_together(batch[:middle], outcomes)
            self._read_together(batch[middle:], outcomes)
            return
        for info in batch:
            trace = found.get(info.trace_id)
            if trace is None:
                outcomes[info.trace_id] = SkippedTrace(info.trace_id, why_missing(info))
            else:
                outcomes[info.trace_id] = _converted(info, trace)

    def _read_artifact(self, info: TraceInfo) -> TraceOutcome:
        """Traces of clients before 3.6, and of file stores, keep their spans in a file each."""
        try:
            trace = self._client.get_trace(info.trace_id, display=False)
        except Exception as error:  # noqa: BLE001 - as above
            self._check_still_there()
            said = single_line(str(error))
            if "missing span data" in said or "not found" in said.lower():
                return SkippedTrace(info.trace_id, "The file with its spans is missing.")
            if "corrupted" in said:
                return SkippedTrace(info.trace_id, "The file with its spans is damaged.")
            return SkippedTrace(info.trace_id, f"Its spans could not be read: {said[:200]}")
        return _converted(info, trace)

    def _check_still_there(self) -> None:
        """Tell a damaged trace from a lost store. Raises ``ConnectionProblem`` for the latter."""
        check_reachable(self._address, 5.0)
        try:
            self._client.search_experiments(max_results=1)
        except Exception as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> ConnectionProblem:
        return ConnectionProblem(
            f"Reading from {self._address.shown} failed.",
            "Check that the store can still be reached, then try again.",
            details_of(error, self._address),
        )


def _in_order(message: str) -> str:
    """MLflow's message on one line; it prints sets, whose order differs from run to run."""
    sets = re.compile(r"'?\{('[^{}]*')\}'?")
    return sets.sub(lambda found: ", ".join(sorted(found[1].split(", "))), single_line(message))[
        :300
    ].rstrip()


def _is_in_store(info: TraceInfo) -> bool:
    return info.tags.get(SPANS_LOCATION) in {IN_DATABASE, IN_ARCHIVE}


def _converted(info: TraceInfo, trace: Any) -> TraceOutcome:
    try:
        record = trace_record(trace_info(trace.info), [span.to_dict() for span in trace.data.spans])
    except Exception as error:  # noqa: BLE001 - damage takes any form
        return damaged(info, error)
    return record if record.spans else SkippedTrace(info.trace_id, why_missing(info))


def damaged(info: TraceInfo, error: Exception) -> SkippedTrace:
    """A trace whose spans are there and cannot be decoded."""
    return SkippedTrace(
        info.trace_id,
        f"One of its spans is damaged and cannot be decoded ({type(error).__name__}).",
    )


def expected_spans(info: TraceInfo) -> int:
    """How many spans the trace's own statistics speak of; 0 if they don't say."""
    stated = _stored_size(info).get("num_spans")
    return stated if isinstance(stated, int) else 0


def why_missing(info: TraceInfo) -> str:
    """Why no spans, or too few, are stored for a trace, in one sentence."""
    expected = expected_spans(info)
    if info.state == "IN_PROGRESS":
        return "It is still running and its spans are not stored yet."
    if expected > 0:
        return f"Not all of its {expected} spans are stored."
    return "No spans are stored for it."


def _stored_size(info: TraceInfo) -> dict[str, Any]:
    try:
        stated = json.loads(info.metadata.get("mlflow.trace.sizeStats", "{}"))
    except ValueError:
        return {}
    return stated if isinstance(stated, dict) else {}


def _batches(infos: Sequence[TraceInfo], size: int) -> Iterator[list[TraceInfo]]:
    batch: list[TraceInfo] = []
    stored = 0
    for info in infos:
        batch.append(info)
        stated = _stored_size(info).get("total_size_bytes", 0)
        stored += stated if isinstance(stated, int) else 0
        if len(batch) >= size or stored >= BATCH_BYTES:
            yield batch
            batch, stored = [], 0
    if batch:
        yield batch


def _batches_of(outlines: Sequence[TraceOutline], size: int) -> Iterator[Sequence[TraceOutline]]:
    for start in range(0, len(outlines), size):
        yield outlines[start : start + size]
