"""Rows of MLflow's tables → infos, as MLflow itself would tell them.

Tags, metadata and assessments are decoded only when they are looked at: a listing shows none of them, and
most of the time of making infos would go into them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import orjson

from mlflow_analysis.records import Assessment, TraceInfo
from mlflow_analysis.tracking.convert import SPANS_LOCATION, by_time
from mlflow_analysis.tracking.decoded_later import NOT_READ, DecodedLater
from mlflow_analysis.tracking.json_values import holds_nothing_unsafe
from mlflow_analysis.tracking.rows import Row, assessment
from mlflow_analysis.tracking.tables import COSTS, TOKENS
from mlflow_analysis.untrusted import printable, single_line

_NAME = "mlflow.traceName"
_SESSION = "mlflow.trace.session"
_USAGE = "mlflow.trace.tokenUsage"
_COST = "mlflow.trace.cost"
"""These have columns of their own; a tag or metadata of the name is older and does not count."""


class StoredInfo(DecodedLater, TraceInfo):
    """A ``TraceInfo`` whose tags, metadata and assessments are decoded on first use.

    Only ``stored_info`` makes these.
    """

    __slots__ = (
        "_assessed", "_assessments", "_metadata", "_row", "_size_stats", "_stored_metadata",
        "_stored_tags", "_tags",
    )  # fmt: skip
    _row: Row
    _assessed: Sequence[Row]
    _stored_tags: Any
    _stored_metadata: Any
    """As the store has them: to read spans, little is asked of them, and nothing that is shown."""
    _tags: Any
    _size_stats: Any
    _metadata: Any
    _assessments: Any

    @property
    def tags(self) -> Mapping[str, str]:
        """As of any info."""
        if self._tags is NOT_READ:
            self._tags = _tags(self._row, self._decoded_tags())
        return self._tags

    @property
    def metadata(self) -> Mapping[str, str]:
        """As of any info."""
        if self._metadata is NOT_READ:
            self._metadata = _metadata(self._row, self._decoded_metadata())
        return self._metadata

    @property
    def spans_location(self) -> str | None:
        """That of its tags."""
        return self._decoded_tags().get(SPANS_LOCATION)

    @property
    def size_stats(self) -> dict[str, Any]:
        """Those of its metadata."""
        if self._size_stats is NOT_READ:
            self._size_stats = size_stats(self._decoded_metadata())
        return self._size_stats

    @property
    def user_id(self) -> str | None:
        """As of any info."""
        return self.metadata.get("mlflow.trace.user") or None

    @property
    def assessments(self) -> tuple[Assessment, ...]:
        """As of any info."""
        if self._assessments is NOT_READ:
            valid = [each for each in map(assessment, self._assessed) if each is not None]
            self._assessments = tuple(sorted(valid, key=by_time))
        return self._assessments

    def _decoded_tags(self) -> dict[str, Any]:
        if self._stored_tags is NOT_READ:
            self._stored_tags = orjson.loads(self._row[-2] or "{}")
        return self._stored_tags

    def _decoded_metadata(self) -> dict[str, Any]:
        if self._stored_metadata is NOT_READ:
            self._stored_metadata = orjson.loads(self._row[-1] or "{}")
        return self._stored_metadata


def stored_info(row: Row, assessed: Sequence[Row]) -> TraceInfo:
    """The info of a row of ``tables.described``, and of rows of ``assessments``."""
    (trace_id, started, duration, state, session, experiment_id, request, response, name, input_tokens,
     output_tokens, total_tokens, *_) = row  # fmt: skip
    info: Any = object.__new__(StoredInfo)  # to whom it is given, fields are read-only
    info._row, info._assessed = row, assessed
    info._stored_tags = info._stored_metadata = info._size_stats = NOT_READ
    info._tags = info._metadata = info._assessments = NOT_READ
    info.trace_id = printable(trace_id)
    info.experiment_id = printable(str(experiment_id))
    info.state = state
    info.start_ms = int(started)
    info.duration_ms = None if duration is None else float(duration)
    info.request_preview = printable(request or info.metadata.get("mlflow.traceInputs") or "")
    info.response_preview = printable(response or info.metadata.get("mlflow.traceOutputs") or "")
    info.name = single_line(name) if name else ""
    info.session_id = printable(session) if session else None
    info.input_tokens = _count(input_tokens)
    info.output_tokens = _count(output_tokens)
    info.total_tokens = _count(total_tokens)
    stored: TraceInfo = info
    return stored


def size_stats(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """MLflow's own statistics of a finished trace: ``num_spans``, ``total_size_bytes`` …"""
    try:
        stated = orjson.loads(metadata.get("mlflow.trace.sizeStats") or "{}")
    except ValueError:
        return {}
    return stated if isinstance(stated, dict) else {}


def _tags(row: Row, stored: Mapping[str, Any]) -> dict[str, str]:
    _, _, _, _, _, _, _, _, name, *_, text, _ = row
    return _with(_texts(stored, text), {_NAME: None if name is None else printable(name)})


def _metadata(row: Row, stored: Mapping[str, Any]) -> dict[str, str]:
    _, _, _, _, session, _, _, _, _, *numbers, _, text = row
    tokens = [_count(number) for number in numbers[: len(TOKENS)]]
    promoted = {
        _SESSION: None if session is None else printable(session),
        _USAGE: _object(TOKENS, tokens),
        _COST: _object(COSTS, numbers[len(TOKENS) : len(TOKENS) + len(COSTS)]),
    }
    return _with(_texts(stored, text), promoted)


def _with(texts: Mapping[str, str], promoted: Mapping[str, str | None]) -> dict[str, str]:
    """``texts`` with those that have columns of their own, as these say, in order of name."""
    found = {**texts, **promoted}
    return {name: text for name in _in_order(tuple(found)) if (text := found[name]) is not None}


@lru_cache(maxsize=512)
def _in_order(names: tuple[str, ...]) -> list[str]:
    """Sorted once for all traces that have the same."""
    return sorted(names)


def _texts(stored: Mapping[str, Any], text: str | None) -> Mapping[str, str]:
    """What is ``stored``, printable. The database made ``text`` of it; a value may be ``null``."""
    if not text or (holds_nothing_unsafe(text) and None not in stored.values()):
        return stored
    return {printable(key): printable(str(value)) for key, value in sorted(stored.items())}


def _object(names: Sequence[str], values: Sequence[int | float | None]) -> str | None:
    """``json.dumps`` of what is there of ``values`` by name, several times as fast."""
    parts = [
        f'"{name}": {value!r}'
        for name, value in zip(names, values, strict=True)
        if value is not None
    ]
    return f"{{{', '.join(parts)}}}" if parts else None


def _count(value: Any) -> int | None:
    """A number of tokens, where there is one: SQLite keeps anything in any column."""
    if type(value) is int or value is None:
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if isinstance(value, bool) or not number.is_finite() or number != number.to_integral_value():
        return None
    return int(number)
