"""The fast reader of SQL stores: the tables themselves instead of MLflow's objects.

MLflow's client builds several objects for each row and reads each trace's info twice. Here rows become
records directly, page by page in the order of their keys, and MLflow is not even imported unless a trace
needs it (see ``SqlClient``). The connection is read-only. Since tables are private to MLflow, only
schemas are read whose revision is known here (``tables.KNOWN_REVISIONS``); of any other,
``reader.StoreTraces`` reads through the public client.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from mlflow_analysis.records import SkippedTrace, TraceInfo, TraceOutline
from mlflow_analysis.source import TraceOutcome, never
from mlflow_analysis.tracking import reader, rows, tables
from mlflow_analysis.tracking.convert import IN_ARCHIVE, IN_DATABASE, trace_record
from mlflow_analysis.tracking.file_stamp import file_stamp
from mlflow_analysis.tracking.incomplete import damaged, expected_spans, spans_location, why_missing
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.tracking.reader import StoreTraces
from mlflow_analysis.tracking.span_content import parsed, parsed_together, span_content
from mlflow_analysis.tracking.sql_client import engine_of
from mlflow_analysis.tracking.stored_infos import stored_info
from mlflow_analysis.tracking.stored_spans import span_records
from mlflow_analysis.tracking.stored_traces import stored_trace
from mlflow_analysis.untrusted import printable

IDS_AT_ONCE = 500
"""Ids in one question: SQLite takes no more than 999 parameters in older builds."""
SQL_BATCH = 400
"""Traces asked for at once: many, since a question has its price, but few against a person's patience."""

Assessed = tuple[rows.Row, Sequence[rows.Row]]
"""A row of ``tables.described`` and the rows of its trace's assessments."""


class SqlTraces(StoreTraces):
    """The traces of one experiment of an SQL store, as a ``source.TraceSource``."""

    # ---- listing ----------------------------------------------------------------------------

    def count(self, filter_string: str = "") -> int | None:
        """All traces of the experiment; ``None`` with a filter."""
        if filter_string:
            return None
        import sqlalchemy as sql

        here = tables.TRACES.c.experiment_id == int(self.experiment_id)
        with self._connected() as connection:
            found = connection.execute(
                sql.select(sql.func.count()).select_from(tables.TRACES).where(here)
            )
            return int(found.scalar_one())

    def stamp(self) -> str | None:
        """As ``source.TraceSource``; only a file tells when it was written to."""
        path = self._address.path
        return None if path is None else file_stamp(path)

    def infos(
        self, filter_string: str = "", *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceInfo]]:
        """Pages of infos, newest first. A filter is MLflow's own to understand: see ``StoreTraces``."""
        if filter_string:
            yield from super().infos(filter_string, cancelled=cancelled)
            return
        for page in self._pages(cancelled, marks=False):
            yield [stored_info(*each) for each in page]

    def outlines(
        self,
        filter_string: str = "",
        *,
        marked: bool = True,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[list[TraceOutline]]:
        """Pages of outlines, newest first. Those that pass a filter have the marks of any others.

        All that is stored of a trace's info goes into its mark, so without marks a listing takes a fifth of the time.
        """
        if filter_string:
            for infos in super().infos(filter_string, cancelled=cancelled):
                found = self._outlines_of([info.trace_id for info in infos])
                yield [found[info.trace_id] for info in infos if info.trace_id in found]
        elif marked:
            for page in self._pages(cancelled, marks=True):
                yield [rows.marked(*each) for each in page]
        else:
            for listed in self._listed(cancelled, tables.LISTING):
                yield list(map(rows.outline, listed))

    def recent(
        self, since_ms: int, *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceOutline]]:
        """Pages of outlines, newest first, until all of a page are older than ``since_ms``."""
        for page in self.outlines(cancelled=cancelled):
            yield page
            if page[-1].start_ms < since_ms:
                return

    def outlines_of(self, trace_ids: Sequence[str]) -> list[TraceOutline]:
        """The outlines of these traces, in no order; those that are no longer there are left out."""
        return list(self._outlines_of(trace_ids).values())

    def assessed_since(self, since_ms: int) -> set[str]:
        """The traces, of whichever experiment, that were assessed at ``since_ms`` or later."""
        with self._connected() as connection:
            found = connection.execute(tables.ASSESSED_SINCE, {"since": since_ms}).scalars()
            return {printable(trace_id) for trace_id in found}

    def check_there(self) -> None:
        """As ``StoreTraces``. What was lost is connected to anew: another file may stand in its place."""
        try:
            self._check_still_there()
        except ConnectionProblem:
            self._engine.dispose()
            raise

    def _pages(self, cancelled: Callable[[], bool], *, marks: bool) -> Iterator[list[Assessed]]:
        """The rows of traces with those of their assessments, newest first."""
        described = tables.described(self._dialect, marks=marks)
        for page in self._listed(cancelled, described):
            with self._connected() as connection:
                assessed = self._assessed(connection, page)
            yield assessed

    def _listed(self, cancelled: Callable[[], bool], columns: Any) -> Iterator[list[rows.Row]]:
        """Pages of rows of traces, newest first: see ``tables.page_of_traces``."""
        last: tuple[int, str] | None = None
        size = reader.FIRST_PAGE
        while not cancelled():
            statement = tables.page_of_traces(columns, int(self.experiment_id), last, size)
            with self._connected() as connection:
                page = list(_driver_rows(connection, statement))
            if page:
                yield page
            if len(page) < size:
                return
            trace_id, started, *_ = page[-1]
            last = started, trace_id
            size = reader.DIRECT_PAGE

    def _outlines_of(self, trace_ids: Sequence[str]) -> dict[str, TraceOutline]:
        outlines = (rows.marked(*each) for each in self._rows_of(trace_ids, marks=True))
        return {outline.trace_id: outline for outline in outlines}

    def _infos_of(self, trace_ids: Sequence[str]) -> dict[str, TraceInfo]:
        infos = (stored_info(*each) for each in self._rows_of(trace_ids, marks=False))
        return {info.trace_id: info for info in infos}

    def _rows_of(self, trace_ids: Sequence[str], *, marks: bool) -> list[Assessed]:
        found: list[rows.Row] = []
        with self._connected() as connection:
            statement = tables.traces_of_ids(self._dialect, marks=marks)
            for some in _parts(trace_ids, IDS_AT_ONCE):
                found += _driver_rows(connection, statement, tables.bound(some, self._dialect))
            return self._assessed(connection, found)

    def _assessed(self, connection: Any, found: Sequence[rows.Row]) -> list[Assessed]:
        """Rows of traces with those of their assessments."""
        assessments: dict[str, list[rows.Row]] = defaultdict(list)
        statement = tables.assessments_of_ids(self._dialect)
        for some in _parts([row[0] for row in found], IDS_AT_ONCE):
            for row in _driver_rows(connection, statement, tables.bound(some, self._dialect)):
                assessments[row[1]].append(row)
        return [(row, assessments.get(row[0], ())) for row in found]

    # ---- spans ------------------------------------------------------------------------------

    @property
    def _batch_size(self) -> int:
        return SQL_BATCH

    @property
    def _unsized_batch(self) -> int:
        return SQL_BATCH  # infos come before spans, and say how large these are

    def read(
        self, outlines: Sequence[TraceOutline], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """As ``StoreTraces``. The marks of traces whose outlines have none come with what was read."""
        if all(outline.mark for outline in outlines):
            return super().read(outlines, cancelled=cancelled)
        batches = _parts([outline.trace_id for outline in outlines], self._batch_size)
        return self._batch_by_batch(batches, self._read_marked, cancelled)

    def _read_marked(self, trace_ids: Sequence[str]) -> Iterator[TraceOutcome]:
        """The outcomes of one batch, in its order, with marks. These stand for no later state than what is read."""
        described = {printable(each[0][0]): each for each in self._rows_of(trace_ids, marks=True)}
        infos = {trace_id: stored_info(*each) for trace_id, each in described.items()}
        outcomes = self._with_spans(trace_ids, infos)
        for trace_id, outcome in zip(trace_ids, outcomes, strict=True):
            there = described.get(trace_id)
            yield outcome if there is None else replace(outcome, mark=rows.mark(*there))

    def _whole(self, trace_ids: Sequence[str]) -> dict[str, TraceOutcome]:
        """Nothing: here infos come first, cheaply, and say how large the traces are."""
        return {}

    def _read(self, batch: Sequence[TraceInfo]) -> Iterator[TraceOutcome]:
        """As ``StoreTraces``. Spans come as texts, which are parsed when it is their trace's turn."""
        stored = self._spans_of([info.trace_id for info in batch])
        for info in batch:
            text, location = stored.pop(info.trace_id, None), spans_location(info)
            if location == IN_ARCHIVE:
                yield from self._read_together([info])  # MLflow finds them there, slowly
            elif location != IN_DATABASE:
                yield self._read_artifact(info)
            elif text is None:
                yield SkippedTrace(info.trace_id, why_missing(info))
            elif (spans := parsed_together(text)) is None:
                yield from self._read_each(info)
            elif len(spans) < expected_spans(info):
                yield SkippedTrace(info.trace_id, why_missing(info))
            else:
                yield stored_trace(info, spans)

    def _read_each(self, info: TraceInfo) -> Iterator[TraceOutcome]:
        """A trace of which one span is damaged, or was moved to an archive, or is refused by a strict parser."""
        with self._connected() as connection:
            rows = _driver_rows(connection, tables.CONTENTS_OF_ID, {"id": info.trace_id})
            contents = [content for (content,) in rows]
        if all(contents):
            yield _outcome(info, contents)
        else:
            yield from self._read_together([info])

    def _spans_of(self, trace_ids: Sequence[str]) -> dict[str, str | None]:
        """What is stored of their spans, by the id of their trace: see ``tables.spans_of_ids``."""
        statement = tables.spans_of_ids(self._dialect)
        with self._connected() as connection:
            return dict(_driver_rows(connection, statement, tables.bound(trace_ids, self._dialect)))

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """A connection of the engine. Raises ``ConnectionProblem`` for whatever fails meanwhile."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except Exception as error:
            raise self._broken(error) from error

    def _ask_anything(self) -> None:
        self.count()

    @property
    def _dialect(self) -> str:
        return str(self._engine.dialect.name)

    @property
    def _engine(self) -> Any:
        return engine_of(self._address.mlflow_uri)


def _outcome(info: TraceInfo, contents: Iterable[str]) -> TraceOutcome:
    """The trace of ``info``, made of the contents of its spans one by one."""
    try:
        stored = [span_content(parsed(content)) for content in contents]
        spans = span_records(stored, loaded=False)
    except Exception as error:  # noqa: BLE001 - damage takes any form
        return damaged(info, error)
    if not spans or len(spans) < expected_spans(info):
        return SkippedTrace(info.trace_id, why_missing(info))
    return trace_record(info, spans)


def _driver_rows(
    connection: Any, statement: Any, parameters: Mapping[str, Any] | None = None
) -> Iterator[rows.Row]:
    """Rows as the driver gives them: there is nothing to convert, and SQLAlchemy takes as long for its own."""
    return iter(connection.execute(statement, parameters).cursor)


def _parts(trace_ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(trace_ids), size):
        yield trace_ids[start : start + size]
