"""Read traces through MLflow's client: infos first, then spans in batches.

Infos are asked for by time, newest first: each page starts where the last one ended. So a page
costs the same anywhere in an experiment, and traces that arrive meanwhile make no trace come twice
and none be left out. Offset pages, which MLflow's tokens are, do neither.

Spans are then asked for by id, many traces in one answer. One that is damaged or keeps its spans in a file
fails the whole answer; only then are the traces of that batch told apart.

In a process of one's own, ``gc.freeze(); gc.set_threshold(200_000, 20, 100)`` halves the time; that
is for the owner of the process to do.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from mlflow_analysis.records import SkippedTrace, TraceInfo, TraceOutline, TraceRecord
from mlflow_analysis.source import SourceSpec, TraceOutcome, never
from mlflow_analysis.tracking.address import HTTP_KINDS, Address, StoreKind
from mlflow_analysis.tracking.checks import details_of, reach
from mlflow_analysis.tracking.convert import (
    IN_ARCHIVE,
    IN_DATABASE,
    trace_info,
    trace_record,
)
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.growing import GrowingTraces
from mlflow_analysis.tracking.incomplete import damaged, spans_location, stated_size, why_missing
from mlflow_analysis.tracking.problems import (
    ConnectionProblem,
    FilterNotUnderstood,
    TraceNotReadable,
)
from mlflow_analysis.tracking.span_content import span_content
from mlflow_analysis.tracking.stored_spans import span_records
from mlflow_analysis.untrusted import printable, single_line

FIRST_PAGE = 500
"""Small, so that there is something to see soon; 500 is also all that a server gives at once."""
DIRECT_PAGE = 5_000
FILES_PAGE = 50_000
"""A file store reads every file again for every page."""

DIRECT_BATCH = 500
NEWEST_FIRST = "timestamp_ms DESC"
UNSIZED_BATCH = 200
"""Traces at once, as long as nothing tells how large they are."""
BATCH_BYTES = 32_000_000
"""Traces whose stored sizes add up to this make a batch, however few they are."""

Batch = TypeVar("Batch", Sequence[str], Sequence[TraceInfo])


class StoreTraces(GrowingTraces):
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
        found, token = self._search(filter_string, bound, size, None)
        return found, bool(token and found)

    def _one_millisecond(
        self, filter_string: str, at_ms: int, size: int, cancelled: Callable[[], bool]
    ) -> Iterator[list[TraceInfo]]:
        """More traces than fill a page started in one millisecond: only tokens go through them."""
        seen: set[str] = set()
        token: str | None = None
        while not cancelled():
            bound = f"trace.timestamp_ms = {at_ms}"
            found, token = self._search(filter_string, bound, size, token)
            page = [info for info in found if info.trace_id not in seen]
            seen |= {info.trace_id for info in page}
            if page:
                yield page
            if not token:
                return

    def _search(
        self, filter_string: str, bound: str, size: int, token: str | None
    ) -> tuple[list[TraceInfo], str | None]:
        """One page, newest first, and the token of the next."""
        load_mlflow()
        from mlflow.exceptions import MlflowException

        try:
            found = self._client.search_traces(
                filter_string=both(filter_string, bound),
                max_results=size,
                order_by=[NEWEST_FIRST],
                page_token=token,
                include_spans=False,
                **{self._where(): [self.experiment_id]},
            )
            return [trace_info(trace.info) for trace in found], found.token
        except MlflowException as error:
            if filter_string and error.error_code in {"INVALID_PARAMETER_VALUE", "BAD_REQUEST"}:
                raise FilterNotUnderstood(
                    f"MLflow does not accept this filter: {_in_order(str(error.message))}",
                    "Conditions are joined by AND, for example: "
                    "trace.status = 'ERROR' AND tags.region = 'eu'",
                    details_of(error, self._address),
                ) from error
            raise self._broken(error) from error
        except ConnectionProblem:
            raise
        except Exception as error:
            raise self._broken(error) from error

    def _where(self) -> str:
        parameters = inspect.signature(self._client.search_traces).parameters
        return "locations" if "locations" in parameters else "experiment_ids"

    # ---- spans ------------------------------------------------------------------------------

    def traces(
        self, infos: Sequence[TraceInfo], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The traces of ``infos`` with spans, in that order; unreadable ones as ``SkippedTrace``.

        Batches are bounded by number and by stored size. Cancelling is looked for between them.
        """
        return self._batch_by_batch(_batches(infos, self._batch_size), self._read, cancelled)

    def read(
        self, outlines: Sequence[TraceOutline], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The traces of ``outlines``, infos and spans, as they are now, in that order."""
        ids = [outline.trace_id for outline in outlines]
        size = min(self._batch_size, self._unsized_batch)
        batches = (ids[start : start + size] for start in range(0, len(ids), size))
        return self._batch_by_batch(batches, self._read_by_id, cancelled)

    def _batch_by_batch(
        self,
        batches: Iterable[Batch],
        read: Callable[[Batch], Iterator[TraceOutcome]],
        cancelled: Callable[[], bool],
    ) -> Iterator[TraceOutcome]:
        for batch in batches:
            if cancelled():
                return
            yield from read(batch)

    def trace(self, trace_id: str) -> TraceRecord:
        """One trace, as it is now. Raises ``TraceNotReadable`` with the reason."""
        info = self._infos_of([trace_id]).get(printable(trace_id))
        if info is None:
            raise TraceNotReadable(
                f"The store has no trace {printable(trace_id)}.",
                "It may have been deleted; read the experiment again.",
            )
        (outcome,) = self._read([info])
        if isinstance(outcome, SkippedTrace):
            raise TraceNotReadable(f"The spans of this trace cannot be shown. {outcome.reason}")
        return outcome

    def _infos_of(self, trace_ids: Sequence[str]) -> dict[str, TraceInfo]:
        """The infos of these traces by id; those that are no longer there are left out."""
        try:
            found = self._store.batch_get_trace_infos(list(trace_ids))
        except Exception:  # noqa: BLE001 - older stores and servers, and files, have no such question
            found = self._infos_one_by_one(trace_ids)
        return {info.trace_id: info for info in map(trace_info, found)}

    def _infos_one_by_one(self, trace_ids: Sequence[str]) -> Iterator[Any]:
        for trace_id in trace_ids:
            try:
                yield self._client._tracing_client.get_trace_info(trace_id)
            except Exception:  # noqa: BLE001 - it is no longer there, unless the store isn't either
                self._check_still_there()

    @property
    def _store(self) -> Any:
        # Private, and the only way to spans by trace id without reading all infos again.
        return self._client._tracing_client.store

    @property
    def _batch_size(self) -> int:
        return DIRECT_BATCH

    @property
    def _unsized_batch(self) -> int:
        return UNSIZED_BATCH

    def _read_by_id(self, trace_ids: Sequence[str]) -> Iterator[TraceOutcome]:
        """The outcomes of one batch, in its order."""
        whole = self._whole(trace_ids)
        rest = [trace_id for trace_id in trace_ids if trace_id not in whole]
        infos = self._infos_of(rest) if rest else {}
        read = self._with_spans(rest, infos)
        for trace_id in trace_ids:
            yield whole[trace_id] if trace_id in whole else next(read)

    def _with_spans(
        self, trace_ids: Sequence[str], infos: Mapping[str, TraceInfo]
    ) -> Iterator[TraceOutcome]:
        """The outcomes of these traces, in their order; of those without an info that they are gone."""
        batches = _batches([infos[each] for each in trace_ids if each in infos], self._batch_size)
        read = (outcome for batch in batches for outcome in self._read(batch))
        for trace_id in trace_ids:
            if trace_id in infos:
                yield next(read)
            else:
                yield SkippedTrace(trace_id, "It is no longer there.")

    def _whole(self, trace_ids: Sequence[str]) -> dict[str, TraceOutcome]:
        """Those of the traces that come, info and spans, in one answer: most, or else none."""
        try:
            return self._together(trace_ids)
        except Exception:  # noqa: BLE001 - one with spans in a file, or damaged: they are told apart later
            self._check_still_there()
            return {}

    def _together(self, trace_ids: Sequence[str]) -> dict[str, TraceOutcome]:
        """Those that are complete of the traces with spans in the store. Raises whatever MLflow does."""
        traces = self._store.batch_get_traces(list(trace_ids))
        infos = [trace_info(trace.info) for trace in traces]
        return {
            info.trace_id: _converted(info, trace)
            for info, trace in zip(infos, traces, strict=True)
        }

    def _read(self, batch: Sequence[TraceInfo]) -> Iterator[TraceOutcome]:
        """The outcomes of one batch, in its order."""
        together = self._read_together([info for info in batch if _is_in_store(info)])
        for info in batch:
            yield next(together) if _is_in_store(info) else self._read_artifact(info)

    def _read_together(self, batch: Sequence[TraceInfo]) -> Iterator[TraceOutcome]:
        """The outcomes of traces with spans in the store, in their order."""
        if not batch:
            return
        try:
            found = self._together([info.trace_id for info in batch])
        except Exception as error:  # noqa: BLE001 - one damaged span fails its whole batch, in any way
            self._check_still_there()
            if len(batch) == 1:
                yield damaged(batch[0], error)
                return
            middle = len(batch) // 2
            yield from self._read_together(batch[:middle])
            yield from self._read_together(batch[middle:])
            return
        for info in batch:
            yield found.get(info.trace_id) or SkippedTrace(info.trace_id, why_missing(info))

    def _read_artifact(self, info: TraceInfo) -> TraceOutcome:
        """Traces of clients before 3.6, and of file stores, keep their spans in a file each."""
        try:
            trace = self._client.get_trace(info.trace_id, display=False)
        except Exception as error:  # noqa: BLE001 - as above
            self._check_still_there()
            said = single_line(str(error))
            if "missing span data" in said or "not found" in said.lower():
                gone = "The file with its spans is missing."
                running = info.state == "IN_PROGRESS"  # the file is written when it ends
                return SkippedTrace(info.trace_id, why_missing(info) if running else gone)
            if "corrupted" in said:
                return SkippedTrace(info.trace_id, "The file with its spans is damaged.")
            return SkippedTrace(info.trace_id, f"Its spans could not be read: {said[:200]}")
        return _converted(trace_info(trace.info), trace)

    def _check_still_there(self) -> None:
        """Tell a damaged trace from a lost store. Raises ``ConnectionProblem`` for the latter."""
        reach(self._address, 5.0)
        try:
            self._ask_anything()
        except ConnectionProblem:
            raise
        except Exception as error:
            raise self._broken(error) from error

    def _ask_anything(self) -> None:
        self._client.search_experiments(max_results=1)

    def _broken(self, error: Exception) -> ConnectionProblem:
        return ConnectionProblem(
            f"Reading from {self._address.shown} failed.",
            "Check that the store can still be reached, then try again.",
            details_of(error, self._address),
        )


def both(*filters: str) -> str | None:
    """Filters that must all hold, as one; ``None`` if there are none."""
    return " AND ".join(part for each in filters if (part := each.strip())) or None


def _in_order(message: str) -> str:
    """MLflow's message on one line; it prints sets, whose order differs from run to run."""
    sets = re.compile(r"'?\{('[^{}]*')\}'?")
    return sets.sub(lambda found: ", ".join(sorted(found[1].split(", "))), single_line(message))[
        :300
    ].rstrip()


def _is_in_store(info: TraceInfo) -> bool:
    return spans_location(info) in {IN_DATABASE, IN_ARCHIVE}


def _converted(info: TraceInfo, trace: Any) -> TraceOutcome:
    try:
        spans = span_records(span_content(span.to_dict()) for span in trace.data.spans)
        record = trace_record(info, spans)
    except Exception as error:  # noqa: BLE001 - damage takes any form
        return damaged(info, error)
    return record if record.spans else SkippedTrace(info.trace_id, why_missing(info))


def _batches(infos: Sequence[TraceInfo], size: int) -> Iterator[list[TraceInfo]]:
    batch: list[TraceInfo] = []
    stored = 0
    for info in infos:
        batch.append(info)
        stated = stated_size(info).get("total_size_bytes", 0)
        stored += stated if isinstance(stated, int) else 0
        if len(batch) >= size or stored >= BATCH_BYTES:
            yield batch
            batch, stored = [], 0
    if batch:
        yield batch
