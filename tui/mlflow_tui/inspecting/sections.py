"""The parts of the inspector as lines: what a span holds, what was judged, the conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.cells import cell_len

from mlflow_analysis.protocol import Conversation, PackedJson, SpanView, unpacked
from mlflow_analysis.records import Assessment, SpanEvent, TraceInfo
from mlflow_analysis.untrusted import single_line
from mlflow_tui.inspecting.as_json import as_json, json_in, size_of
from mlflow_tui.inspecting.chat import chat_items
from mlflow_tui.inspecting.chat_shapes import chat_in
from mlflow_tui.inspecting.documents import document_items, documents_in
from mlflow_tui.inspecting.lines import Fold, Item, Line, Link, open_first, shown
from mlflow_tui.inspecting.stack_traces import stack_items
from mlflow_tui.inspecting.values import text_items, value_items
from mlflow_tui.widgets.moments import moment, state_sign, state_word

SAID_FROM = 10_000
"""Bytes from which on the size of a payload is said."""
WIDEST_NAME = 36
LONGEST_ATTRIBUTE = 100


@dataclass(frozen=True, slots=True)
class FindingNote:
    """A finding that affects the open trace."""

    fingerprint: str
    title: str
    severity: str
    span_ids: frozenset[str]
    """The spans of this trace that show it; empty if that is not known."""


def payload_items(value: Any) -> Sequence[Item]:
    """Inputs or outputs, packed or not: chat as messages, documents as a table, text as text, else JSON that folds."""
    if value is None:
        return [Line("muted", "not recorded")]
    size = _size(value)
    value = unpacked(value)
    if isinstance(value, str):
        inner = json_in(value)
        value = value if inner is None else inner
    items: list[Item] = []
    if size >= SAID_FROM:
        kind = "text" if isinstance(value, str) else "JSON"
        items.append(Line("muted", f"{size_of(size)} of {kind}"))
    chat = chat_in(value)
    documents = None if chat else documents_in(value)
    if chat is not None:
        items += chat_items(chat)
    elif documents is not None:
        items += document_items(documents)
        if isinstance(value, Mapping) and len(value) > 1:
            rest = {key: item for key, item in value.items() if item is not documents}
            items += [Line("text", ""), Line("heading", "also"), *value_items(rest)]
    else:
        items += value_items(value)
    return open_first(items)


def _size(value: Any) -> int:
    """Bytes, as text or as JSON."""
    if isinstance(value, PackedJson):
        return len(value.json)
    text = value if isinstance(value, str) else as_json(value, indent=False)
    return len(text.encode("utf-8", "replace"))


def failure_items(span: SpanView) -> list[Item]:
    """Why the span failed stands above what it returned."""
    message = span.record.status_message or span.error_message
    if not span.failed or not message:
        return []
    return [*(Line("bad", line) for line in message.split("\n")), Line("text", "")]


def attribute_items(span: SpanView) -> Sequence[Item]:
    """Status and what was worked out, then every attribute, a line each."""
    record = span.record
    items: list[Item] = []
    if record.status_message:
        items += [Line("bad", line) for line in record.status_message.split("\n")]
    known: dict[str, Any] = {"status": record.status, "type": record.kind}
    if span.error_class:
        known["seen as"] = span.error_class
    if span.model:
        known["model"] = span.model
    if span.input_tokens is not None or span.output_tokens is not None:
        known["tokens"] = f"{span.input_tokens or 0:,} in, {span.output_tokens or 0:,} out"
    known |= {"span": record.span_id, "parent": record.parent_id or "–"}
    items += _table(known)
    if record.attributes:
        items += [Line("text", ""), *_table(record.attributes)]
    return open_first(items)


def _table(named: Mapping[str, Any]) -> list[Item]:
    """Names in a column, values in another; what is long folds."""
    width = min(WIDEST_NAME, max(cell_len(single_line(name)) for name in named))
    return [_table_row(single_line(name), value, width) for name, value in named.items()]


def _table_row(name: str, value: Any, width: int) -> Item:
    label = name + " " * max(0, width - cell_len(name))
    if isinstance(value, str) and "\n" not in value and len(value) <= LONGEST_ATTRIBUTE:
        return Line("attribute", f"  {label}  {value}")
    written = as_json(value, indent=False)
    if not isinstance(value, str) and len(written) <= LONGEST_ATTRIBUTE:
        return Line("attribute", f"  {label}  {written}")
    beginning = single_line(written[: LONGEST_ATTRIBUTE // 2])
    size = size_of(len(written.encode("utf-8", "replace")))
    return Fold(
        Line("attribute", f"{label}  {beginning}… {size}"),
        partial(value_items, value, 2),
        lambda: written,
        eager=False,
    )


def event_items(events: Sequence[SpanEvent], start_ns: int) -> Sequence[Item]:
    """Events in order, when since the span began; of a stack trace the failing frame first."""
    if not events:
        return [Line("muted", "no events on this span")]
    items: list[Item] = []
    for event in events:
        attributes = dict(event.attributes)
        kind = attributes.pop("exception.type", "")
        message = attributes.pop("exception.message", "")
        stack = attributes.pop("exception.stacktrace", "")
        name = f"{event.name}{f' · {kind}' if kind else ''}"
        items.append(Line("heading", f"{name} · {(event.time_ns - start_ns) / 1e6:+,.0f} ms"))
        if message:
            items += [Line("bad", line) for line in str(message).split("\n")]
        if stack:
            items += stack_items(str(stack))
        if attributes:
            items += _table(attributes)
        items.append(Line("text", ""))
    return open_first(items[:-1])


def assessment_items(info: TraceInfo, span_id: str) -> Sequence[Item]:
    """Judgements on this span, on the trace, then on other spans: value, source and rationale."""
    groups: dict[str, list[Assessment]] = {
        "on this span": [],
        "on the trace": [],
        "on other spans": [],
    }
    for each in info.assessments:
        place = (
            "on the trace"
            if not each.span_id
            else "on this span"
            if each.span_id == span_id
            else "on other spans"
        )
        groups[place].append(each)
    items: list[Item] = []
    for place, found in groups.items():
        for each in found:
            items += [*_assessment(each, place), Line("text", "")]
    return items[:-1] or [Line("muted", "no assessments on this trace")]


def _assessment(each: Assessment, place: str) -> list[Item]:
    value = each.value if isinstance(each.value, str) else as_json(each.value, indent=False)
    source = f"{each.source_type.lower().replace('_', ' ')} {each.source_id}".strip()
    items: list[Item] = [
        Line("heading", f"{each.name} · {value}"),
        Line("muted", f"{each.kind} by {source} · {moment(each.created_ms)} · {place}"),
    ]
    if each.error:
        items.append(Line("bad", f"could not be made: {each.error}"))
    return [*items, *(text_items(each.rationale) if each.rationale else ())]


def finding_items(notes: Sequence[FindingNote], span_id: str) -> Sequence[Item]:
    """Findings that affect this trace, those that this span shows first; each leads to its card."""
    if not notes:
        return [Line("muted", "no finding affects this trace, or it was not analysed yet")]
    items: list[Item] = []
    for note in sorted(notes, key=lambda note: span_id not in note.span_ids):
        here = span_id in note.span_ids
        where = "this span shows it" if here else "shown by another span" if note.span_ids else ""
        link = Link("finding", note.fingerprint)
        items.append(Line("bad" if here else "heading", note.title, link))
        said = " · ".join(part for part in (note.severity, where, "enter goes to the card") if part)
        items += [Line("muted", said, link), Line("text", "")]
    return items[:-1]


def conversation_items(conversation: Conversation, trace_id: str) -> Sequence[Item]:
    """The session turn by turn; the turn of the open trace is marked, the others lead to theirs."""
    items: list[Item] = []
    turns = conversation.turns
    for number, turn in enumerate(turns, start=1):
        here = turn.trace_id == trace_id
        link = None if here else Link("trace", turn.trace_id)
        failed = "  ✗ failed" if turn.state == "ERROR" else ""
        if items:
            items.append(Line("text", ""))
        mark = "  ◂ this trace" if here else ""
        state = f"{state_sign(turn.state)} {state_word(turn.state)}"
        opens = "" if here else " · enter opens it"
        answer = turn.response or ("(no answer)" if failed else "(nothing recorded)")
        turn_items: list[Item] = [
            Line("heading", f"turn {number} of {len(turns)}{failed}{mark}"),
            Line("muted", f"{moment(turn.start_ms)} · {state}{opens}"),
            Line("muted", "user"),
            *text_items(turn.request or "(nothing recorded)"),
            Line("muted", "assistant"),
        ]
        turn_items += (
            [Line("bad", line) for line in answer.split("\n")] if failed else text_items(answer)
        )
        items += [
            item._replace(link=link) if isinstance(item, Line) else item for item in turn_items
        ]
    return open_first(items) or [Line("muted", "this trace belongs to no session")]


def where_turn_stands(items: Sequence[Item]) -> int:
    """The line of the open trace's turn, so that it can be shown first; 0 if there is none."""
    return next(
        (
            place
            for place, item in enumerate(shown(items))
            if isinstance(item, Line) and item.text.endswith("◂ this trace")
        ),
        0,
    )
