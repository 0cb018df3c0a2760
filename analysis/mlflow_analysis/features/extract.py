"""One trace becomes rows: pure, picklable, no I/O. What the columns mean is told in ``tables``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from mlflow_analysis.features.conversation import answer_text, request_text
from mlflow_analysis.features.failures import failure_of
from mlflow_analysis.features.model_call import model_call
from mlflow_analysis.features.payload import as_text, canonical, key_of, parsed
from mlflow_analysis.features.retrieval import retrieved
from mlflow_analysis.features.usage import cached_tokens, span_cost, trace_cost
from mlflow_analysis.filing.issues import AUTHOR
from mlflow_analysis.records import MODEL_KINDS, TOOL_KINDS, SpanRecord, TraceInfo, TraceRecord
from mlflow_analysis.timing.tree import Recorded, recorded

EXTRACTION = 2
"""To be raised whenever ``extract`` gives other rows for the same trace: kept ones are then made anew."""
LONGEST_MESSAGE = 20_000
LONGEST_OUTPUT = 8_000
LONGEST_ARGUMENTS = 2_000
_NAN = float("nan")
_NOT_KNOWN = (-1, _NAN)

SPAN_COLUMNS = ("span_id", "name", "kind", "status")
"""What every span has.

What follows only some spans have: such a row begins with the place of its span in the trace.
"""
FAILURE_COLUMNS = ("failed", "error_class", "error_status", "error_message", "error_offset")
PAYLOAD_COLUMNS = ("arguments", "arguments_key", "output", "output_key")
MODEL_COLUMNS = (
    "model", "input_tokens", "output_tokens", "finish_reason", "instructions", "offered",
    "requested", "cached_tokens", "input_cost", "cost",
)  # fmt: skip
TOOL_COLUMNS = ("tool", "documents", "top_score")
TRACE_COLUMNS = (
    "trace_id", "start_ms", "duration_ms", "state", "failed", "complete", "session_id", "user",
    "request", "response", "name", "app_version", "prompt_version", "input_tokens", "output_tokens",
    "total_tokens", "input_cost", "cost", "root_span_id",
)  # fmt: skip
ASSESSMENT_COLUMNS = (
    "span_id", "name", "kind", "value", "passed", "rationale", "source", "error",
)  # fmt: skip
ATTRIBUTE_COLUMNS = ("name", "value")

_MODEL_KEYS = (
    "mlflow.llm.model",
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "model",
)
_TOOL_KEYS = ("gen_ai.tool.name", "tool.name")
_PLAUSIBLE_MODEL = re.compile(r"[\w./:@ -]{1,80}\Z")
_INPUT_TOKEN_KEYS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
)
_OUTPUT_TOKEN_KEYS = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
)
_TOKEN_KEYS = frozenset({"mlflow.chat.tokenUsage", *_INPUT_TOKEN_KEYS, *_OUTPUT_TOKEN_KEYS})
_APP_VERSION_KEYS = (
    "app_version",
    "app.version",
    "service.version",
    "release",
    "version",
    "mlflow.source.git.commit",
)
_PROMPT_VERSION_KEYS = ("prompt_version", "prompt.version", "mlflow.linkedPrompts")
_VERSION_KEYS = frozenset({*_APP_VERSION_KEYS, *_PROMPT_VERSION_KEYS})
_PASSED = frozenset({"yes", "true", "pass", "passed", "correct", "good"})
_NOT_PASSED = frozenset({"no", "false", "fail", "failed", "incorrect", "bad"})

Rows: TypeAlias = list[Any]
"""Laid end to end: millions of spans are spared a tuple for each row."""


class Extracted(NamedTuple):
    """The rows of one trace, each in the order of its ``*_COLUMNS``."""

    trace: tuple[Any, ...]
    tree: Recorded
    spans: Rows
    """In order of start. A ``Batch`` has them depth first, with all that follows from where they stand."""
    failures: Rows
    payloads: Rows
    models: Rows
    tools: Rows
    assessments: Rows
    attributes: Rows
    """Tags and metadata of the application's own."""


def extract(record: TraceRecord) -> Extracted:
    """The rows of a trace with its spans."""
    return extract_together([record])[0]


def extract_together(records: Sequence[TraceRecord]) -> list[Extracted]:
    """The rows of each of these traces.

    One kind of rows after the other, as a processor does the same for many spans sooner than one thing after
    another for each: 25 traces take a fifth less than one by one. Raises if there is anything odd about one.
    """
    infos, of_traces = [each.info for each in records], [each.spans for each in records]
    trees = list(map(recorded, of_traces))
    rows = list(map(_span_rows, of_traces))
    payloads = list(map(_payload_rows, of_traces))
    failures = list(map(_failure_rows, of_traces))
    models = list(map(_model_rows, of_traces))
    tools = list(map(_tool_rows, of_traces))
    traces = list(map(_trace_row, infos, of_traces, trees))
    assessments, attributes = map(_assessment_rows, infos), map(_attribute_rows, infos)
    columns = (traces, trees, rows, failures, payloads, models, tools, assessments, attributes)
    return [Extracted(*each) for each in zip(*columns, strict=True)]


def _span_rows(spans: Sequence[SpanRecord]) -> Rows:
    rows: Rows = []
    for span in spans:
        rows += (span.span_id, span.name, span.kind, span.status)
    return rows


def _failure_rows(spans: Sequence[SpanRecord]) -> Rows:
    rows: Rows = []
    for place, span in enumerate(spans):
        if (failure := failure_of(span)) is not None:
            rows += (
                place, True, failure.error_class, failure.status, failure.message, failure.offset
            )  # fmt: skip
    return rows


def _payload_rows(spans: Sequence[SpanRecord]) -> Rows:
    rows: Rows = []
    for place, span in enumerate(spans):
        inputs, outputs = span.inputs, span.outputs
        if inputs is not None or outputs is not None:
            rows += (place, *_payload_columns(inputs, outputs))
    return rows


def _model_rows(spans: Sequence[SpanRecord]) -> Rows:
    rows: Rows = []
    for place, span in enumerate(spans):
        attributes = span.attributes
        if span.kind in MODEL_KINDS:
            rows += (place, *_model_columns(span.inputs, span.outputs, attributes))
        elif not _TOKEN_KEYS.isdisjoint(attributes):
            rows += (place, "", *_tokens(attributes), "", "", "", "", None, None, None)
    return rows


def _tool_rows(spans: Sequence[SpanRecord]) -> Rows:
    rows: Rows = []
    for place, span in enumerate(spans):
        if span.kind == "RETRIEVER":
            rows += (place, _tool(span), *retrieved(parsed(span.outputs), span.attributes))
        elif span.kind in TOOL_KINDS:
            rows += (place, _tool(span), *_NOT_KNOWN)
    return rows


def _payload_columns(inputs: Any, outputs: Any) -> tuple[str, str, str, str]:
    arguments, arguments_key, output, output_key = "", "", "", ""
    if inputs is not None:
        encoded = canonical(inputs)
        arguments = encoded[:LONGEST_ARGUMENTS].decode("utf-8", "replace")
        arguments_key = key_of(encoded)
    if outputs is not None:
        encoded = canonical(outputs)
        output = outputs if isinstance(outputs, str) else encoded.decode("utf-8", "replace")
        output, output_key = output[:LONGEST_OUTPUT], key_of(encoded)
    return arguments, arguments_key, output, output_key


def _model_columns(inputs: Any, outputs: Any, attributes: Mapping[str, Any]) -> tuple[Any, ...]:
    reply = parsed(outputs)
    call = model_call(parsed(inputs), reply, attributes)
    return (
        model_name(attributes, inputs), *_tokens(attributes), _finish_reason(attributes, reply),
        call.instructions, "\n".join(call.offered), "\n".join(call.requested),
        cached_tokens(attributes), *span_cost(attributes),
    )  # fmt: skip


def extract_info(info: TraceInfo) -> Extracted:
    """The rows of a trace whose spans were not read."""
    return Extracted(
        _trace_row(info, (), recorded(())), recorded(()), [], [], [], [], [],
        _assessment_rows(info), _attribute_rows(info),
    )  # fmt: skip


def _trace_row(info: TraceInfo, spans: Sequence[SpanRecord], tree: Recorded) -> tuple[Any, ...]:
    root = spans[tree.parents.index(-1)] if spans else None
    models = [span for span in spans if span.kind in MODEL_KINDS]
    request = request_text(root.inputs) if root is not None and root.inputs is not None else ""
    response = answer_text(root.outputs) if root is not None and root.outputs is not None else ""
    if not request and models:
        request = request_text(models[0].inputs)
    if not response and models:
        response = answer_text(models[-1].outputs)
    request = request or request_text(info.request_preview)
    response = response or answer_text(info.response_preview)
    failed = info.state == "ERROR" or (root is not None and root.status == "ERROR")
    ended = info.state in ("OK", "ERROR") or (root is not None and root.end_ns is not None)
    usage: tuple[float | None, float | None, float | None]
    usage = (info.input_tokens, info.output_tokens, info.total_tokens)
    if info.total_tokens is None and models:
        counted = [tokens_of(span) for span in models]
        usage = (_sum(each[0] for each in counted), _sum(each[1] for each in counted), None)
    total = usage[2] if usage[2] is not None else _sum(usage[:2])
    cost = trace_cost(info.metadata)
    if cost[1] is None and models:
        costs = [span_cost(span.attributes) for span in models]
        cost = _sum(each[0] for each in costs), _sum(each[1] for each in costs)
    return (
        info.trace_id, info.start_ms, info.duration_ms, info.state, failed,
        ended and info.state != "IN_PROGRESS", info.session_id or "", info.user_id or "", request[:LONGEST_MESSAGE],
        response[:LONGEST_MESSAGE], info.name or (root.name if root else ""),
        _first(info, _APP_VERSION_KEYS), _first(info, _PROMPT_VERSION_KEYS)[:80], *usage[:2], total, *cost,
        root.span_id if root else "",
    )  # fmt: skip


def _sum(numbers: Any) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _first(info: TraceInfo, keys: tuple[str, ...]) -> str:
    metadata, tags = info.metadata, info.tags
    for key in keys:
        value = metadata.get(key) or tags.get(key)
        if value:
            return str(value)
    return ""


def _attribute_rows(info: TraceInfo) -> Rows:
    own = {
        name: str(source[key])[:80]
        for source in (info.metadata, info.tags)
        for key, name in _own_names(tuple(source))
    }
    return list(chain.from_iterable(own.items()))


@lru_cache(maxsize=512)
def _own_names(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Those of the application's own, and the names of their attributes; most traces have the same."""
    return tuple(
        (key, f"tag.{key}")
        for key in keys
        if not key.startswith("mlflow.") and key not in _VERSION_KEYS
    )


def _assessment_rows(info: TraceInfo) -> Rows:
    rows: Rows = []
    for each in info.assessments:
        if each.source_id != AUTHOR:  # what was found before is no evidence
            rows += (
                each.span_id or "", each.name, each.kind, as_text(each.value)[:400],
                None if each.error else verdict_of(each.value), each.rationale, each.source_type,
                each.error or "",
            )  # fmt: skip
    return rows


def verdict_of(value: Any) -> bool | None:
    """Whether an assessment's value says pass or fail; ``None`` if it says neither (a score)."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _PASSED:
        return True
    return False if word in _NOT_PASSED else None


def model_name(attributes: Mapping[str, Any], inputs: Any = None) -> str:
    """The model a span called; "" if unknown. An object's repr is no model name."""
    for key in _MODEL_KEYS:
        value = attributes.get(key)
        if isinstance(value, str) and _PLAUSIBLE_MODEL.match(value):
            return value
    if (
        isinstance(inputs, dict)
        and isinstance(inputs.get("model"), str)
        and _PLAUSIBLE_MODEL.match(inputs["model"])
    ):
        return str(inputs["model"])
    return ""


def _tool(span: SpanRecord) -> str:
    """OpenTelemetry names the span ``execute_tool x`` and tells the tool in an attribute."""
    # Pydantic AI's older spans are named ``running tool: x``
    for key in _TOOL_KEYS:
        name = span.attributes.get(key)
        if isinstance(name, str) and name:
            return name[:128]
    return span.name.removeprefix("execute_tool ").removeprefix("running tool: ") or span.name


def model_of(span: SpanRecord) -> str:
    """The model that a span called; "" if it called none or that is unknown."""
    return model_name(span.attributes, span.inputs) if span.kind in MODEL_KINDS else ""


def tokens_of(span: SpanRecord) -> tuple[int | None, int | None]:
    """Tokens in and out, where the span says them."""
    return _tokens(span.attributes)


def _tokens(attributes: Mapping[str, Any]) -> tuple[int | None, int | None]:
    usage = attributes.get("mlflow.chat.tokenUsage")
    if isinstance(usage, dict):
        return _count(usage.get("input_tokens")), _count(usage.get("output_tokens"))
    return _first_count(attributes, _INPUT_TOKEN_KEYS), _first_count(attributes, _OUTPUT_TOKEN_KEYS)


def _first_count(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
    return next((_count(attributes[key]) for key in keys if key in attributes), None)


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and value >= 0 else None


def _finish_reason(attributes: Mapping[str, Any], outputs: Any) -> str:
    reasons = parsed(attributes.get("gen_ai.response.finish_reasons"))
    if isinstance(reasons, list) and reasons:
        return str(reasons[0]).lower()
    if isinstance(reasons, str) and reasons:
        return reasons.lower()
    if isinstance(outputs, dict):
        choices = outputs.get("choices") or outputs.get("candidates")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            outputs = choices[0]
        for key in ("finish_reason", "finishReason", "stop_reason"):
            if isinstance(outputs.get(key), str):
                return str(outputs[key]).lower()
    return ""
