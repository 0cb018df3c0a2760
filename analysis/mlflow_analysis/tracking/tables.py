"""MLflow's tables as far as they are read here, and the questions asked of them.

They are defined anew, because MLflow's own definitions come with MLflow: seconds to import, and much
memory, in each process that reads. What is read stays read-only; what can be told in one question is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sql

KNOWN_REVISIONS = frozenset({"dc11669786a5"})
"""``alembic_version`` of the schemas that were compared, record by record, with the public client."""

TOKENS = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_input_tokens_above_1hr",
)
COSTS = ("input_cost", "output_cost", "total_cost")
LISTED = ("request_id", "timestamp_ms", "execution_time_ms", "status", "session_id")
_SHOWN = ("experiment_id", "request_preview", "response_preview", "trace_name", *TOKENS, *COSTS)
_REST = ("client_request_id", "db_payload_generation")


def _table(name: str, *columns: str) -> Any:
    return sql.table(name, *(sql.column(column) for column in columns))


EXPERIMENTS = _table(
    "experiments", "experiment_id", "name", "lifecycle_stage", "last_update_time", "workspace"
)
EXPERIMENT_TAGS = _table("experiment_tags", "experiment_id", "key", "value")
TRACES = _table("trace_info", *LISTED, *_SHOWN, *_REST)
TAGS = _table("trace_tags", "request_id", "key", "value")
METADATA = _table("trace_request_metadata", "request_id", "key", "value")
ASSESSMENTS = _table(
    "assessments", "assessment_id", "trace_id", "name", "assessment_type", "value", "error", "rationale",
    "source_type", "source_id", "span_id", "created_timestamp", "last_updated_timestamp", "valid",
    "overrides", "assessment_metadata",
)  # fmt: skip
SPANS = _table("spans", "trace_id", "span_id", "content")

ASSESSED_SINCE = (
    sql.select(ASSESSMENTS.c.trace_id)
    .where(ASSESSMENTS.c.last_updated_timestamp >= sql.bindparam("since"))
    .distinct()
)
"""Traces with an assessment that was made or altered at ``since`` (ms) or later; an index serves."""
CONTENTS_OF_ID = sql.select(SPANS.c.content).where(SPANS.c.trace_id == sql.bindparam("id"))
"""What is stored of each span of a trace."""

_MANY = sql.bindparam("ids", expanding=True)
_ONE_BY_ONE = sql.func.json_each(sql.bindparam("ids")).table_valued("value")
"""The ids of one JSON text. For SQLite: to write out a parameter for each id takes longer than to look it up."""
_SPANS = (
    sql.literal('{"spans":[')
    + sql.func.aggregate_strings(SPANS.c.content, ",")
    + '],"count":'
    + sql.cast(sql.func.count(), sql.String)
    + "}"
)

_OBJECT_OF = {
    "sqlite": "json_group_object",
    "postgresql": "jsonb_object_agg",
    "mysql": "json_objectagg",
}
"""What makes one JSON object of many rows: that is one row to fetch instead of a dozen."""


LISTING = sql.select(*(TRACES.c[name] for name in LISTED))
"""Rows of traces without anything that takes a look elsewhere."""


def page_of_traces(
    columns: Any, experiment_id: int, last: tuple[int, str] | None, size: int
) -> Any:
    """The ``size`` traces after ``last`` (start and id of one), newest first: ``LISTING``, or as ``described``.

    The order of ids is the database's own: it decides which of one millisecond come with the next page.
    """
    started, trace_id = TRACES.c.timestamp_ms, TRACES.c.request_id
    statement = columns.where(TRACES.c.experiment_id == experiment_id)
    if last is not None:
        # the first bound is implied by the second, and lets the index serve
        statement = statement.where(
            started <= last[0], sql.or_(started < last[0], trace_id < last[1])
        )
    return statement.order_by(started.desc(), trace_id.desc()).limit(size)


def bound(trace_ids: Sequence[str], dialect: str) -> dict[str, Any]:
    """The parameters of ``traces_of_ids``, ``assessments_of_ids`` and ``spans_of_ids``."""
    return {"ids": orjson.dumps(trace_ids).decode() if dialect == "sqlite" else trace_ids}


@lru_cache(maxsize=8)
def traces_of_ids(dialect: str, *, marks: bool) -> Any:
    """The traces of these ids, in no order: see ``described``."""
    return described(dialect, marks=marks).where(_among(TRACES.c.request_id, dialect))


@lru_cache(maxsize=4)
def assessments_of_ids(dialect: str) -> Any:
    """The assessments of the traces of these ids, replaced ones too."""
    return sql.select(ASSESSMENTS).where(_among(ASSESSMENTS.c.trace_id, dialect))


@lru_cache(maxsize=4)
def spans_of_ids(dialect: str) -> Any:
    """Ids of traces, and one JSON text of its ``spans`` and their ``count``.

    That is one row to fetch instead of many. Of a trace without spans there is none, or ``None`` for the text.
    """
    if dialect == "sqlite":
        trace_id = _ONE_BY_ONE.c.value
        return sql.select(
            trace_id, sql.select(_SPANS).where(SPANS.c.trace_id == trace_id).scalar_subquery()
        )
    of_these = sql.select(SPANS.c.trace_id, _SPANS).where(_among(SPANS.c.trace_id, dialect))
    return of_these.group_by(SPANS.c.trace_id)


def _among(column: Any, dialect: str) -> Any:
    return column.in_(sql.select(_ONE_BY_ONE.c.value) if dialect == "sqlite" else _MANY)


def described(dialect: str, *, marks: bool) -> Any:
    """Rows of traces, ending with tags and metadata, each a JSON object (``None`` if there are none).

    With ``marks``, they hold all columns there are, and the number of stored spans.
    """
    columns = [TRACES.c[name] for name in (*LISTED, *_SHOWN)]
    if marks:
        count = sql.select(sql.func.count()).where(SPANS.c.trace_id == TRACES.c.request_id)
        columns += [*(TRACES.c[name] for name in _REST), count.scalar_subquery().label("spans")]
    return sql.select(
        *columns, _object(TAGS, dialect).label("tags"), _object(METADATA, dialect).label("metadata")
    )


def _object(table: Any, dialect: str) -> Any:
    aggregate = getattr(sql.func, _OBJECT_OF[dialect])(table.c.key, table.c.value)
    if dialect == "postgresql":
        aggregate = sql.cast(aggregate, sql.Text)  # the driver would decode it
    return sql.select(aggregate).where(table.c.request_id == TRACES.c.request_id).scalar_subquery()
