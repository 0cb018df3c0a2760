"""Large SQLite stores, made quickly: real rows of MLflow's own writing, copied under new ids and times."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from mlflow_analysis.demo.scenario import make_scenario
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


def make_large_store(path: Path, traces: int) -> str:
    """A store of ``traces`` traces (about 8 spans and 5 KB each) at ``path``. Returns its URI.

    Each copy is moved by whole periods of the patterns' time, has its own trace, span and session ids,
    and otherwise the text of its pattern.
    """
    uri = f"sqlite:///{path.as_posix()}"
    records = make_scenario(traces=min(traces, _PATTERNS)).records
    with unhurried():
        write_records(uri, EXPERIMENT, (path.parent / "artifacts").absolute().as_uri(), records)
    if traces > len(records):
        _copy(path, traces)
    return uri


def _copy(path: Path, traces: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        tables = {name: _Table(connection, name, key) for name, key in _TABLES.items()}
        patterns = [
            row[0]
            for row in connection.execute("SELECT request_id FROM trace_info ORDER BY timestamp_ms")
        ]
        first, last = connection.execute(
            "SELECT min(timestamp_ms), max(timestamp_ms) FROM trace_info"
        ).fetchone()
        period = last - first + _GAP_MS
        for start in range(len(patterns), traces, _BLOCK):
            numbers = range(start, min(start + _BLOCK, traces))
            for table in tables.values():
                table.write(
                    row
                    for number in numbers
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

    def __init__(self, connection: sqlite3.Connection, name: str, key: str) -> None:
        self._connection, self._name = connection, name
        stored = connection.execute(f"PRAGMA table_xinfo({name})").fetchall()
        self._columns = [row[1] for row in stored if row[6] == 0]  # generated ones are left out
        self._key = self._columns.index(key)
        self._rows: dict[str, list[list[Any]]] = {}
        listed = ", ".join(f'"{column}"' for column in self._columns)
        for row in connection.execute(f"SELECT {listed} FROM {name}"):
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
            if self._name == "spans":
                self._move_span(values, pattern, copy, shift_ms * 1_000_000)
            yield [values[column] for column in self._columns]

    @staticmethod
    def _move_span(values: dict[str, Any], pattern: str, copy: int, shift_ns: int) -> None:
        content = orjson.loads(values["content"])
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
