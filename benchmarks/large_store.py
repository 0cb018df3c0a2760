"""Large SQLite stores, made quickly: real rows of MLflow's own writing, copied under new ids, times and texts."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.ordinary_traces import ordinary_traces, varied
from mlflow_analysis.demo.store import unhurried, write_records

EXPERIMENT = "large"
_PATTERNS = 1_000
"""Traces written through MLflow; the others are copies of these."""
_TABLES = {
    "trace_info": "request_id",
    "trace_tags": "request_id",
    "trace_request_metadata": "request_id",
    "assessments": "trace_id",
    "spans": "trace_id",
}
_BLOCK = 2_000
_GAP_MS = 1_000
_LONGEST_PREVIEW = 1_000
"""Characters that the column takes."""


def make_large_store(path: Path, traces: int) -> str:
    """A store of ``traces`` traces (see ``ordinary_traces``) at ``path``. Returns its URI.

    Each copy is moved by whole periods of the patterns' time, into the past, and has its own trace, span and
    session ids and its own texts.
    """
    uri = address_of(path)
    records = ordinary_traces(min(traces, _PATTERNS))
    with unhurried():
        write_records(uri, EXPERIMENT, (path.parent / "artifacts").absolute().as_uri(), records)
    if traces > len(records):
        _copy(path, range(len(records), traces))
    return uri


def add_traces(path: Path, traces: int) -> None:
    """Add ``traces`` newer ones, at most as many as there are patterns, to a large store."""
    _copy(path, range(-traces, 0))


def address_of(path: Path) -> str:
    """The tracking URI of the store at ``path``."""
    return f"sqlite:///{path.as_posix()}"


def _copy(path: Path, numbers: range) -> None:
    """Write the traces of these numbers; the patterns themselves have the first numbers from 0 on."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        # The patterns are the newest: copies are older, and newer ones are added once only.
        asked = connection.execute(
            "SELECT request_id, request_preview, timestamp_ms FROM trace_info "
            f"ORDER BY timestamp_ms DESC LIMIT {_PATTERNS}"
        ).fetchall()[::-1]
        patterns = [trace_id for trace_id, _, _ in asked]
        requests = {trace_id: request or "" for trace_id, request, _ in asked}
        tables = {name: _Table(connection, name, key, requests) for name, key in _TABLES.items()}
        period = asked[-1][2] - asked[0][2] + _GAP_MS
        for start in range(0, len(numbers), _BLOCK):
            for table in tables.values():
                table.write(
                    row
                    for number in numbers[start : start + _BLOCK]
                    for row in table.copies(
                        patterns[number % len(patterns)],
                        number // len(patterns),
                        -(number // len(patterns)) * period,
                    )
                )
        connection.commit()
    connection.close()


class _Table:
    """One table's rows by trace, and how to write such rows again under other ids."""

    def __init__(
        self, connection: sqlite3.Connection, name: str, key: str, requests: dict[str, str]
    ) -> None:
        self._connection, self._name, self._requests = connection, name, requests
        stored = connection.execute(f"PRAGMA table_xinfo({name})").fetchall()
        self._columns = [row[1] for row in stored if row[6] == 0]  # generated ones are left out
        self._key = self._columns.index(key)
        self._rows: dict[str, list[list[Any]]] = {}
        listed = ", ".join(f'"{column}"' for column in self._columns)
        for row in connection.execute(f"SELECT {listed} FROM {name}"):
            if row[self._key] in requests:
                self._rows.setdefault(row[self._key], []).append(list(row))
        marks = ", ".join("?" * len(self._columns))
        self._insert = f"INSERT INTO {name} ({listed}) VALUES ({marks})"

    def write(self, rows: Iterator[list[Any]]) -> None:
        self._connection.executemany(self._insert, rows)

    def copies(self, pattern: str, copy: int, shift_ms: int) -> Iterator[list[Any]]:
        for row in self._rows.get(pattern, ()):
            values = dict(zip(self._columns, row, strict=True))
            values[self._columns[self._key]] = _trace_id(pattern, copy)
            for column in (
                "timestamp_ms",
                "trace_timestamp_ms",
                "created_timestamp",
                "last_updated_timestamp",
            ):
                if values.get(column) is not None:
                    values[column] += shift_ms
            if values.get("session_id"):
                values["session_id"] = f"{values['session_id']}-{copy}"
            if "assessment_id" in values:
                values["assessment_id"] = _derived(values["assessment_id"], copy, 32)
            if values.get("key") == "mlflow.artifactLocation":
                values["value"] = values["value"].replace(pattern, _trace_id(pattern, copy))
            for column in ("request_preview", "response_preview"):
                if values.get(column):
                    request = self._requests[pattern]
                    values[column] = varied(values[column], request, copy)[:_LONGEST_PREVIEW]
            if self._name == "spans":
                self._move_span(values, pattern, copy, shift_ms * 1_000_000)
            yield [values[column] for column in self._columns]

    def _move_span(self, values: dict[str, Any], pattern: str, copy: int, shift_ns: int) -> None:
        # The request stands in JSON that stands in JSON.
        request = json.dumps(json.dumps(self._requests[pattern]))[3:-3]
        content = orjson.loads(varied(values["content"], request, copy))
        for column in ("span_id", "parent_span_id"):
            if values[column]:
                values[column] = _derived(values[column], copy, 16)
        content["trace_id"] = _base64(_trace_id(pattern, copy).removeprefix("tr-"))
        content["span_id"] = _base64(values["span_id"])
        content["parent_span_id"] = (
            _base64(values["parent_span_id"]) if values["parent_span_id"] else None
        )
        content["attributes"]["mlflow.traceRequestId"] = f'"{_trace_id(pattern, copy)}"'
        for column in ("start_time_unix_nano", "end_time_unix_nano"):
            if values[column] is not None:
                values[column] += shift_ns
                content[column] = values[column]
        for event in content.get("events") or ():
            event["time_unix_nano"] += shift_ns
        values["content"] = orjson.dumps(content).decode()


def _trace_id(pattern: str, copy: int) -> str:
    return f"tr-{_derived(pattern, copy, 32)}"


def _derived(text: str, copy: int, length: int) -> str:
    return hashlib.blake2b(f"{text}/{copy}".encode(), digest_size=length // 2).hexdigest()


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
