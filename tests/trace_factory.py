"""Made traces for tests: a few lines of spans instead of a recording.

    trace(model("chat"), tool("search", outputs={"error": "429"}, status="ERROR"), request="Hi", state="ERROR")

Spans given without ``start`` follow one another; ids are numbered, so equal calls give equal traces.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract
from mlflow_analysis.features.tables import Features
from mlflow_analysis.records import Assessment, SpanEvent, SpanRecord, TraceInfo, TraceRecord

EPOCH_MS = 1_780_272_000_000  # 2026-06-01 00:00 UTC
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Planned:
    """A span to be: ``ms`` long, ``start`` ms after its parent's start (``None`` = after its sibling)."""

    name: str
    kind: str
    ms: float = 100.0
    start: float | None = None
    inputs: Any = None
    outputs: Any = None
    status: str = "OK"
    message: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    exception: tuple[str, str] | None = None
    children: tuple[Planned, ...] = ()


def tool(name: str, **details: Any) -> Planned:
    """A tool call; ``exception=("TimeoutError", "timed out")`` adds an exception event."""
    return Planned(name, "TOOL", **details)


def retriever(name: str, **details: Any) -> Planned:
    return Planned(name, "RETRIEVER", **details)


def model(
    name: str = "chat",
    *,
    model: str = "sonata",
    tokens: tuple[int, int] | None = (200, 50),
    finish_reason: str = "stop",
    **details: Any,
) -> Planned:
    """A model call with token usage (input, output) and a finish reason."""
    attributes: dict[str, Any] = {
        "mlflow.llm.model": model,
        "gen_ai.response.finish_reasons": [finish_reason],
        **details.pop("attributes", {}),
    }
    if tokens is not None:
        attributes["mlflow.chat.tokenUsage"] = {
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "total_tokens": sum(tokens),
        }
    return Planned(name, "CHAT_MODEL", attributes=attributes, **details)


def chain(name: str, *children: Planned, **details: Any) -> Planned:
    return Planned(name, "CHAIN", children=children, **details)


def trace(
    *children: Planned,
    request: str = "Where is my order 1234?",
    response: str = "It is on its way.",
    state: str = "OK",
    session: str | None = None,
    user: str | None = None,
    start_ms: float | None = None,
    ms: float | None = None,
    tags: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    assessments: Iterable[Assessment] = (),
    root_message: str = "",
    root_kind: str = "AGENT",
    number: int | None = None,
) -> TraceRecord:
    """One trace: an agent root with ``children``. Without ``start_ms`` traces are a minute apart."""
    number = next(_numbers) if number is None else number
    start = EPOCH_MS + number * 60_000 if start_ms is None else start_ms
    trace_id = f"tr-{number:032x}"
    spans: list[SpanRecord] = []
    ids = itertools.count(1)

    def place(planned: Planned, parent: str | None, at: float) -> float:
        span_id = f"{next(ids):016x}"
        slot = len(spans)
        spans.append(None)  # type: ignore[arg-type]
        cursor = at
        for child in planned.children:
            child_start = cursor if child.start is None else at + child.start
            cursor = max(cursor, place(child, span_id, child_start))
        end = max(at + planned.ms, cursor)
        events = ()
        if planned.exception:
            kind, text = planned.exception
            events = (
                SpanEvent(
                    "exception", _ns(end), {"exception.type": kind, "exception.message": text}
                ),
            )
        spans[slot] = SpanRecord(
            span_id,
            parent,
            planned.name,
            planned.kind,
            planned.status,
            planned.message,
            _ns(at),
            _ns(end),
            planned.inputs,
            planned.outputs,
            planned.attributes,
            events,
        )
        return end

    root = Planned(
        "agent",
        root_kind,
        ms=0.0 if ms is None else ms,
        status="ERROR" if state == "ERROR" else "OK",
        message=root_message,
        children=children,
        inputs={"messages": [{"role": "user", "content": request}]} if request else None,
        outputs={"role": "assistant", "content": response} if response else None,
    )
    end = place(root, None, start)
    if state == "IN_PROGRESS":
        spans[0] = replace(spans[0], end_ns=None)
    usage = [
        span.attributes["mlflow.chat.tokenUsage"]
        for span in spans
        if "mlflow.chat.tokenUsage" in span.attributes
    ]
    info = TraceInfo(
        trace_id,
        "0",
        state,
        int(start),
        None if state == "IN_PROGRESS" else end - start,
        request[:1000],
        response[:1000],
        "agent",
        session,
        user,
        sum(each["input_tokens"] for each in usage) if usage else None,
        sum(each["output_tokens"] for each in usage) if usage else None,
        sum(each["total_tokens"] for each in usage) if usage else None,
        tags or {},
        metadata or {},
        tuple(assessments),
    )
    return TraceRecord(info, tuple(spans))


def feedback(
    name: str, value: Any, *, rationale: str = "", source: str = "HUMAN", error: str | None = None
) -> Assessment:
    return Assessment(name, "feedback", value, rationale, source, "tester", None, error, EPOCH_MS)


def features_of(*records: TraceRecord, seed: int = 0) -> Features:
    """The tables that hypotheses see for these traces."""
    return build_features([extract(record) for record in records], seed=seed)


def affected_traces(hypothesis: Any, features: Features) -> set[str]:
    """Ids of the traces that show it, over all its cases."""
    return {
        trace_id for case in hypothesis.cases(features) for trace_id in case.affected["trace_id"]
    }


def _ns(milliseconds: float) -> int:
    """Whole microseconds: a float of this size can't hold single nanoseconds."""
    return round(milliseconds * 1e3) * 1_000
