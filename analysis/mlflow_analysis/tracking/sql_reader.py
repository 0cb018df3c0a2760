"""The fast reader of SQL stores: the tables themselves instead of MLflow's objects.

MLflow's client builds several objects for each row and reads each trace's info twice. Here rows become
records directly, page by page in the order of their keys. The connection is the client's own, so it is as
read-only as that one. Since tables are private to MLflow, only schemas are read whose revision is known
here (``KNOWN_REVISIONS``); of any other, ``reader.StoreTraces`` reads through the public client.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson

from mlflow_analysis.records import SkippedTrace, TraceInfo
from mlflow_analysis.source import TraceOutcome, never
from mlflow_analysis.tracking import reader
from mlflow_analysis.tracking.convert import (
    IN_ARCHIVE,
    SPANS_LOCATION,
    info_from,
    trace_record,
)
from mlflow_analysis.tracking.reader import StoreTraces, damaged, expected_spans, why_missing
from mlflow_analysis.untrusted import printable

KNOWN_REVISIONS = frozenset({"dc11669786a5"})
"""``alembic_version`` of the schemas that were compared, record by record, with the public client."""
_AT_ONCE = 500
"""Ids in one question: SQLite takes no more than 999 parameters in older builds."""
_KIND = "mlflow.spanType"
_NAME_TAG = "mlflow.traceName"


def schema_is_known(client: Any) -> bool:
    """Whether the tables behind ``client`` (an ``MlflowClient``) have a revision that can be read here."""
    from sqlalchemy import column, select, table

    engine = getattr(client._tracking_client.store, "engine", None)
    if engine is None:
        return False
    with engine.connect() as connection:
        found = connection.execute(
            select(column("version_num")).select_from(table("alembic_version"))
        )
        return {row[0] for row in found} <= KNOWN_REVISIONS


class SqlTraces(StoreTraces):
    """The traces of one experiment of an SQL store, as a ``source.TraceSource``."""

    def infos(
        self, filter_string: str = "", *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceInfo]]:
        """Pages of infos, newest first. A filter is MLflow's own to understand: see ``StoreTraces``."""
        if filter_string:
            yield from super().infos(filter_string, cancelled=cancelled)
            return
        last: tuple[int, str] | None = None
        size = reader.FIRST_PAGE
        while not cancelled():
            try:
                page, last = self._keyed_page(last, size)
            except Exception as error:
                raise self._broken(error) from error
            if page:
                yield page
            if last is None:
                return
            size = reader.DIRECT_PAGE

    def _keyed_page(
        self, last: tuple[int, str] | None, size: int
    ) -> tuple[list[TraceInfo], tuple[int, str] | None]:
        """The page after ``last`` (start and id of the trace before it), and its own last."""
        from mlflow.store.tracking.dbmodels.models import SqlTraceInfo
        from sqlalchemy import or_, select

        infos = SqlTraceInfo.__table__
        started, trace_id = infos.c.timestamp_ms, infos.c.request_id
        statement = select(infos).where(infos.c.experiment_id == int(self.experiment_id))
        if last is not None:
            # the first bound is implied by the second, and lets the index serve
            statement = statement.where(
                started <= last[0], or_(started < last[0], trace_id < last[1])
            )
        statement = statement.order_by(started.desc(), trace_id.desc()).limit(size)
        with self._store.engine.connect() as connection:
            rows = connection.execute(statement).all()
            page = list(self._infos_of(connection, rows))
        return page, (rows[-1].timestamp_ms, rows[-1].request_id) if len(rows) == size else None

    def _infos_of(self, connection: Any, rows: Sequence[Any]) -> Iterator[TraceInfo]:
        """Infos of rows of ``trace_info``, with their tags, metadata and assessments."""
        from mlflow.store.tracking.dbmodels.models import (
            SqlAssessments,
            SqlTraceMetadata,
            SqlTraceTag,
        )
        from mlflow.store.tracking.utils.trace_analytics import (
            PROMOTED_TRACE_METADATA_KEYS,
            compatibility_metadata_from_columns,
        )

        ids = [row.request_id for row in rows]
        tags: dict[str, dict[str, str]] = defaultdict(dict)
        for trace_id, key, value in _children(connection, SqlTraceTag, "request_id", ids):
            if key != _NAME_TAG:
                tags[trace_id][key] = value
        metadata: dict[str, dict[str, str]] = defaultdict(dict)
        for trace_id, key, value in _children(connection, SqlTraceMetadata, "request_id", ids):
            if key not in PROMOTED_TRACE_METADATA_KEYS:
                metadata[trace_id][key] = value
        assessments: dict[str, list[Any]] = defaultdict(list)
        for each in _rows_of(connection, SqlAssessments, "trace_id", ids):
            # a row has all that the method looks at
            assessments[each.trace_id].append(SqlAssessments.to_mlflow_entity(each))
        for row in rows:
            own = tags[row.request_id]
            if row.trace_name is not None:
                own[_NAME_TAG] = row.trace_name
            yield info_from(
                trace_id=row.request_id,
                experiment_id=str(row.experiment_id),
                state=row.status,
                start_ms=row.timestamp_ms,
                duration_ms=row.execution_time_ms,
                request_preview=row.request_preview,
                response_preview=row.response_preview,
                tags=own,
                metadata=metadata[row.request_id] | compatibility_metadata_from_columns(row),
                assessments=assessments[row.request_id],
            )

    def _read_together(self, batch: Sequence[TraceInfo], outcomes: dict[str, TraceOutcome]) -> None:
        """The spans of a batch; what is archived or damaged takes the slow way, which explains itself."""
        try:
            contents = self._contents([info.trace_id for info in batch])
        except Exception as error:
            raise self._broken(error) from error
        for info in batch:
            spans = contents.get(info.trace_id, [])
            if "" in spans or _is_archived(info):
                super()._read_together([info], outcomes)
            elif not spans or len(spans) < expected_spans(info):
                outcomes[info.trace_id] = SkippedTrace(info.trace_id, why_missing(info))
            else:
                outcomes[info.trace_id] = _converted(info, spans)

    def _contents(self, trace_ids: Sequence[str]) -> dict[str, list[str]]:
        """The stored JSON of all spans of these traces."""
        from mlflow.store.tracking.dbmodels.models import SqlSpan
        from sqlalchemy import select

        spans = SqlSpan.__table__
        found: dict[str, list[str]] = defaultdict(list)
        with self._store.engine.connect() as connection:
            for start in range(0, len(trace_ids), _AT_ONCE):
                some = trace_ids[start : start + _AT_ONCE]
                statement = select(spans.c.trace_id, spans.c.content).where(
                    spans.c.trace_id.in_(some)
                )
                for trace_id, content in connection.execute(statement):
                    found[printable(trace_id)].append(content)
        return found


def _children(
    connection: Any, model: Any, key: str, ids: Sequence[str]
) -> Iterable[tuple[str, str, str]]:
    """Trace id, key and value of tags or metadata."""
    for row in _rows_of(connection, model, key, ids):
        yield row.request_id, row.key, row.value


def _rows_of(connection: Any, model: Any, key: str, ids: Sequence[str]) -> Iterator[Any]:
    from sqlalchemy import select

    table = model.__table__
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        yield from connection.execute(select(table).where(table.c[key].in_(some)))


def _is_archived(info: TraceInfo) -> bool:
    return info.tags.get(SPANS_LOCATION) == IN_ARCHIVE


def _converted(info: TraceInfo, contents: Iterable[str]) -> TraceOutcome:
    try:
        return trace_record(info, [_stored(content) for content in contents])
    except Exception as error:  # noqa: BLE001 - damage takes any form
        return damaged(info, error)


def _stored(content: str) -> dict[str, Any]:
    """A span as MLflow would load it. Raises ``ValueError`` if it is damaged."""
    try:
        stored: dict[str, Any] = orjson.loads(content)
    except orjson.JSONDecodeError:
        stored = json.loads(content)  # takes what orjson refuses: NaN, lone surrogates
    attributes = stored.get("attributes")
    if attributes is None or attributes.get(_KIND) in (None, "", '"UNKNOWN"', "null"):
        from mlflow.tracing.otel.translation import translate_loaded_span

        translate_loaded_span(stored)
    return stored
