"""What can be taken out of the open trace, as text: a span as JSON, a trace as Markdown, code that fetches it."""

from __future__ import annotations

from typing import Any

from mlflow_analysis.protocol import SpanView, TraceView, unpacked
from mlflow_analysis.untrusted import single_line
from mlflow_tui.inspecting.as_json import as_json

SNIPPET = """\
import mlflow

mlflow.set_tracking_uri({uri})
trace = mlflow.get_trace({trace_id})
span = next(span for span in trace.data.spans if span.span_id == {span_id})
print(span.name, span.status.status_code.value)
print(span.inputs)
print(span.outputs)
"""


def span_value(span: SpanView) -> dict[str, Any]:
    """A span as a JSON value."""
    record = span.record
    return {
        "span_id": record.span_id,
        "parent_id": record.parent_id,
        "name": record.name,
        "type": record.kind,
        "status": record.status,
        "status_message": record.status_message,
        "start_time_unix_nano": record.start_ns,
        "end_time_unix_nano": record.end_ns,
        "inputs": unpacked(record.inputs),
        "outputs": unpacked(record.outputs),
        "attributes": dict(record.attributes),
        "events": [
            {"name": event.name, "time_unix_nano": event.time_ns, **dict(event.attributes)}
            for event in record.events
        ],
    }


def as_written(value: Any) -> str:
    """A payload to take along: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else as_json(value)


def snippet(tracking_uri: str, trace_id: str, span_id: str) -> str:
    """Python that prints the span. The address holds no credentials: MLflow takes those from the environment."""
    return SNIPPET.format(
        uri=_literal(tracking_uri), trace_id=_literal(trace_id), span_id=_literal(span_id)
    )


def _literal(text: str) -> str:
    """A Python literal in ASCII: whatever the text holds, it stays a text."""
    return ascii(text)


def trace_markdown(trace: TraceView) -> str:
    """A trace to paste into a ticket: what was asked and answered, and the spans."""
    info = trace.info
    lines = [
        f"# Trace {_code(info.trace_id)}",
        "",
        f"State {single_line(info.state)}, {info.duration_ms or 0:.0f} ms, {len(trace.spans)} spans.",
        "",
        "## Request",
        "",
        *_fenced(info.request_preview),
        "",
        "## Response",
        "",
        *_fenced(info.response_preview),
        "",
        "## Spans",
        "",
    ]
    for span in trace.spans:
        record = span.record
        end = record.end_ns if record.end_ns is not None else record.start_ns
        failed = " **failed**" if span.failed else ""
        if span.failed and record.status_message:
            failed += f" {_code(record.status_message)}"
        lines.append(
            f"{'  ' * span.depth}- {_code(record.name)} {_code(record.kind)}"
            f" {(end - record.start_ns) / 1e6:.0f} ms{failed}"
        )
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """Text on one line that no Markdown reader takes for anything but text."""
    shown = single_line(text) or " "
    fence = "`"
    while fence in shown:
        fence += "`"
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


def _fenced(text: str) -> list[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    return [fence, text, fence]
