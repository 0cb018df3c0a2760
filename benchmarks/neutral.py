"""Reads folders of recorded traces with what people and environments said of them.

A data set is ``NAME.jsonl.gz`` (a trace a line) with ``NAME.labels.jsonl`` (what was said of one
trace or session a line) beside it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.associations import OUTCOME
from mlflow_analysis.records import Assessment, SpanEvent, SpanRecord, TraceInfo, TraceRecord
from mlflow_analysis.tracking.stored_spans import in_order
from mlflow_analysis.untrusted import printable, printable_value, single_line

RECORDED = frozenset({"environment", "recorded_exception"})
"""Layers of labels that were recorded while the agent ran; the others are people's judgement."""


@dataclass(frozen=True, slots=True)
class Label:
    """A failure that was recorded beside the trace."""

    trace_id: str
    span_id: str
    category: str
    native: str


@dataclass(frozen=True, slots=True)
class DataSet:
    """The traces of one file and what was recorded of them."""

    name: str
    records: tuple[TraceRecord, ...]
    """With outcomes as the assessment ``task_success`` of a session's last trace."""
    failures: tuple[Label, ...]
    outcomes: int
    """How many sessions or traces came with an outcome."""


def data_sets(folder: Path) -> Iterator[DataSet]:
    """The data sets of ``folder``, by name. Raises ``OSError``, ``KeyError`` and ``ValueError``."""
    for path in sorted(folder.glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            records = [_record(json.loads(line)) for line in lines]
        labels = folder / f"{name}.labels.jsonl"
        said = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
        assessed = _with_outcomes(records, said)
        failures = tuple(
            Label(_trace_id(line), label["location"] or "", label["category"], label.get("native_category") or "")
            for line in said
            if line["unit"] == "trace"
            for label in line["labels"]
            if label["layer"] in RECORDED
        )  # fmt: skip
        outcomes = sum(bool(record.info.assessments) for record in assessed)
        yield DataSet(name, tuple(assessed), failures, outcomes)


def _trace_id(line: dict[str, Any]) -> str:
    return f"tr-{line['trace_id']}"


def _with_outcomes(records: list[TraceRecord], said: list[dict[str, Any]]) -> list[TraceRecord]:
    last: dict[str, TraceRecord] = {}
    for record in records:
        for unit in (record.info.trace_id, record.info.session_id or ""):
            if unit not in last or _when(record) > _when(last[unit]):
                last[unit] = record
    assessments: dict[str, Assessment] = {}
    for line in said:
        success = (line.get("outcome") or {}).get("success")
        unit = _trace_id(line) if line["unit"] == "trace" else line["session_id"]
        if success is None or unit not in last:
            continue
        info = last[unit].info
        assessments[info.trace_id] = Assessment(
            OUTCOME, "feedback", bool(success), "", "HUMAN", "labels", None, None, info.start_ms
        )  # fmt: skip
    return [
        replace(record, info=replace(record.info, assessments=(assessments[record.info.trace_id],)))
        if record.info.trace_id in assessments
        else record
        for record in records
    ]


def _when(record: TraceRecord) -> tuple[int, str]:
    return record.info.start_ms, record.info.trace_id


def _record(line: dict[str, Any]) -> TraceRecord:
    """One trace, as it is once it went through a store."""
    spans = in_order([_span(each) for each in line["spans"]])
    roots = [span for span in spans if span.parent_id is None]
    failed = any(span.status == "ERROR" for span in roots)
    start = min(span.start_ns for span in spans)
    end = max(span.end_ns or span.start_ns for span in spans)
    info = TraceInfo(
        trace_id=_trace_id(line),
        experiment_id="0",
        state="ERROR" if failed else "OK",
        start_ms=start // 1_000_000,
        duration_ms=(end - start) / 1e6,
        request_preview="",
        response_preview="",
        name=single_line(line["name"]),
        session_id=line["session_id"],
        tags={str(key): printable(str(value)) for key, value in line["tags"].items()},
    )
    return TraceRecord(info, spans)


def _span(line: dict[str, Any]) -> SpanRecord:
    attributes = dict(line["attributes"])
    if line["usage"]:
        attributes["mlflow.chat.tokenUsage"] = line["usage"]
    if line["model"]:
        attributes["mlflow.llm.model"] = line["model"]
    return SpanRecord(
        line["span_id"],
        line["parent_id"],
        single_line(line["name"]),
        (line["type"] or "UNKNOWN").upper(),
        line["status"],
        printable(line["status_message"] or ""),
        line["start_ns"],
        line["end_ns"],
        printable_value(line["inputs"]),
        printable_value(line["outputs"]),
        printable_value(attributes),
        tuple(
            SpanEvent(each["name"], each["time_ns"] or line["end_ns"], printable_value(each["attributes"]))
            for each in line["events"]
        ),
    )  # fmt: skip
