"""What a judge is shown of a trace: bounded, without secrets, as plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson

from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.records import SpanRecord, TraceRecord
from mlflow_analysis.source import TraceSource, never
from mlflow_analysis.untrusted import printable_value

_TEXT = 1_200
"""Characters of a request, an answer or a message."""
_PAYLOAD = 500
"""Characters of a span's inputs or outputs."""
_SEARCHED = 20_000
"""Characters in which secrets are looked for before a text is cut."""
_SPANS = 14

Clean = Callable[[str], str]


def sampled(finding: Finding, most: int, seed: int) -> tuple[str, ...]:
    """At most ``most`` of the finding's traces, by a draw that only the seed changes."""
    return tuple(sorted(finding.trace_ids, key=lambda each: _drawn(finding, each, seed))[:most])


def _drawn(finding: Finding, trace_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {finding.fingerprint} {trace_id}".encode()).digest()


def traces_by_id(
    source: TraceSource,
    wanted: Iterable[str],
    window: str,
    cancelled: Callable[[], bool] = never,
) -> dict[str, TraceRecord]:
    """The traces that are ``wanted``, as they are now; those that cannot be read are missing.

    Raises what the source raises.
    """
    missing = set(wanted)
    found = []
    if missing:
        for page in source.outlines(window, marked=False, cancelled=cancelled):
            found += [each for each in page if each.trace_id in missing]
            if len(found) == len(missing):
                break
    read = source.read(found, cancelled=cancelled) if found else ()
    return {each.info.trace_id: each for each in read if isinstance(each, TraceRecord)}


def shown_trace(record: TraceRecord, clean: Clean) -> dict[str, Any]:
    """What matters of a trace: how it ended, what was asked and answered, its failing spans and its first ones."""
    info = record.info
    root = next((each for each in record.spans if each.parent_id is None), None)
    return {
        "state": info.state,
        "duration_ms": info.duration_ms,
        "request": _cut(root.inputs if root else info.request_preview, _TEXT, clean),
        "response": _cut(root.outputs if root else info.response_preview, _TEXT, clean),
        "spans": [_span(each, clean) for each in _telling(record.spans)],
        "spans_in_all": len(record.spans),
    }


def _telling(spans: Sequence[SpanRecord]) -> list[SpanRecord]:
    """Failing spans first, then from the start on, in the order of time."""
    first = sorted(range(len(spans)), key=lambda at: (spans[at].status != "ERROR", at))[:_SPANS]
    return [spans[at] for at in sorted(first)]


def _span(span: SpanRecord, clean: Clean) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": _cut(span.name, 120, clean),
        "kind": span.kind,
        "status": span.status,
        "duration_ms": None if span.end_ns is None else round((span.end_ns - span.start_ns) / 1e6),
        "inputs": _cut(span.inputs, _PAYLOAD, clean),
        "outputs": _cut(span.outputs, _PAYLOAD, clean),
    }
    message = _cut(span.status_message, _PAYLOAD, clean)
    raised = [_cut(dict(each.attributes), _PAYLOAD, clean) for each in span.events[:3]]
    if message:
        shown["message"] = message
    if raised:
        shown["events"] = raised
    return shown


def _cut(value: Any, most: int, clean: Clean) -> str:
    """``value`` as text, cleaned before it is cut: half a secret is not recognised as one."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value
    else:
        plain = printable_value(value)
        text = orjson.dumps(plain, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    text = clean(text[:_SEARCHED])
    return text if len(text) <= most else f"{text[:most]}…"
