"""Values as lines: JSON that folds, texts, vectors and bytes, stack traces, documents, attributes."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from mlflow_analysis.protocol import Conversation, SpanView, Turn
from mlflow_analysis.records import Assessment, SpanEvent, SpanRecord
from mlflow_tui.inspecting.lines import Fold, Item, Line, Link, shown, texts
from mlflow_tui.inspecting.sections import (
    FindingNote,
    assessment_items,
    attribute_items,
    conversation_items,
    event_items,
    finding_items,
    payload_items,
)
from mlflow_tui.widgets.outline import MOST_MATCHES, Outline
from trace_factory import EPOCH_MS, feedback, trace

PYTHON_STACK = """Traceback (most recent call last):
  File "/app/shop/answer.py", line 12, in answer
    order = lookup(number)
  File "/usr/lib/python3.11/site-packages/requests/api.py", line 59, in get
    return request("get", url)
requests.exceptions.ReadTimeout: carrier did not answer
"""


def lines(value: Any) -> list[str]:
    return list(texts(payload_items(value)))


def fold_at(items: Any, text: str) -> Fold:
    return next(item for item in shown(items) if isinstance(item, Fold) and text in item.head.text)


def opened(fold: Fold) -> list[str]:
    return [item.text if isinstance(item, Line) else item.head.text for item in fold.items]


# ---- JSON -----------------------------------------------------------------------------------


def test_small_values_stand_on_one_line_and_large_ones_fold() -> None:
    assert lines({"id": 7, "usage": {"in": 3, "out": 5}, "steps": [{"a": [1, {"b": 2}]}]}) == [
        '  "id": 7',
        '  "usage": {"in":3,"out":5}',
        '"steps": [ 1 item ]',
        "[0] { 1 key }",
        '"a": [ 2 items ]',
        "        1",
        '        [1] {"b":2}',
    ]


def test_of_a_long_list_the_first_are_shown_and_how_many_more_there_are() -> None:
    items = payload_items({"orders": [{"id": number, "to": "x" * 80} for number in range(4_832)]})
    more = fold_at(items, "more")
    assert more.head.text == "… 4,812 more"
    assert not more.opened
    assert opened(more)[:2] == ["20 to 1,019", "1,020 to 2,019"]
    chunk = more.items[1]
    assert isinstance(chunk, Fold)
    assert opened(chunk)[0] == "[1020] { 2 keys }"


def test_only_what_is_opened_is_made() -> None:
    made: list[int] = []

    class Counted(dict[str, Any]):
        def items(self) -> Any:
            made.append(1)
            return super().items()

    value = {
        str(number): Counted(a=[{"b": {"c": number}}] * 2, d="e" * 90) for number in range(900)
    }
    payload_items(value)
    assert len(made) < 30


def test_what_is_deep_is_closed_at_first() -> None:
    value: Any = "bottom" * 20
    for _ in range(600):
        value = {"deeper": [value, value]}
    assert len(lines(value)) < 60


def test_numbers_beyond_64_bits() -> None:
    assert lines({"n": 2**70}) == [f'  "n": {2**70}']


def test_json_in_a_text_is_shown_as_json_and_near_json_as_text() -> None:
    assert lines('{"a": 1}') == ['  "a": 1']
    assert lines("{a: 1}") == ["{a: 1}"]
    inner = payload_items({"arguments": json.dumps({"q": "vase", "n": [1, 2, [3]]})})
    assert "JSON in a text" in fold_at(inner, "arguments").head.text


def test_escapes_that_come_to_life_in_json_are_made_visible() -> None:
    text = "\n".join(lines('{"a": "\\u001b]52;c;aGk=\\u0007 \\ud83d"}'))
    assert "\x1b" not in text and "\x07" not in text and "\ud83d" not in text
    assert "]52;c;aGk=" in text


def test_texts_of_several_lines_are_read_line_by_line() -> None:
    assert lines({"note": "first\n  second"})[1:] == ["    first", "      second"]


def test_nothing_recorded_is_said() -> None:
    assert lines(None) == ["not recorded"]


def test_the_size_of_large_payloads_is_said() -> None:
    assert lines({"a": "word " * 1_000_000})[0] == "5.0 MB of JSON"
    assert not lines({"a": "word"})[0].endswith("of JSON")


# ---- vectors and bytes ----------------------------------------------------------------------


def test_a_vector_is_abbreviated_with_its_length() -> None:
    items = payload_items({"embedding": [0.25, -1, 0.5] * 512})
    fold = fold_at(items, "embedding")
    assert fold.head.text == '"embedding": [0.25, -1, 0.5, … 1,533 more] 1,536 numbers'
    assert not fold.opened
    assert len(fold.items) == 192


def test_a_few_numbers_and_flags_are_no_vector() -> None:
    assert lines({"scores": [1, 2, 3]}) == ['  "scores": [1,2,3]']
    assert "numbers" not in "".join(lines({"flags": [True, False] * 20}))


@pytest.mark.parametrize("address", ["", "data:image/png;base64,"])
def test_encoded_bytes_are_abbreviated_with_their_size(address: str) -> None:
    encoded = base64.b64encode(random.Random(0).randbytes(3_000)).decode()
    (fold,) = payload_items({"image": address + encoded})
    assert isinstance(fold, Fold)
    what = "image/png in base64" if address else "base64"
    assert fold.head.text == f'"image": {what}, 4.0 kB'
    assert not fold.opened


@pytest.mark.parametrize("text", ["x" * 500, "a word and " * 50, "0123456789" * 40])
def test_long_texts_are_no_encoded_bytes(text: str) -> None:
    assert "base64" not in "".join(lines({"text": text}))


def test_unreadable_bytes_are_said_to_be_binary() -> None:
    assert "binary, 400 bytes" in "".join(lines({"blob": "\u2401\ufffd" * 200}))


# ---- prose ----------------------------------------------------------------------------------


def test_markdown_is_told_apart() -> None:
    text = "# Answer\nIt **left**.\n```sh\n# no heading\n```\ndone"
    kinds = [item.kind for item in payload_items(text) if isinstance(item, Line)]
    assert kinds == ["heading", "markdown", "code", "code", "code", "markdown"]


def test_cells_of_a_table_stand_under_one_another() -> None:
    text = "| id | state |\n|--|--|\n| 1234 | late |\n| 5 | on its way |"
    assert lines(text) == [
        "id   | state",
        "-----|-----------",
        "1234 | late",
        "5    | on its way",
    ]


def test_what_only_looks_like_a_table_stays_as_it_is() -> None:
    assert lines("| a\n| b | c") == ["| a", "| b | c"]


# ---- stack traces and events ----------------------------------------------------------------


def test_of_a_stack_trace_the_failing_frame_comes_first_then_the_programs_own() -> None:
    event = SpanEvent(
        "exception",
        2_000_000,
        {
            "exception.type": "ReadTimeout",
            "exception.message": "carrier did not answer",
            "exception.stacktrace": PYTHON_STACK,
        },
    )
    items = event_items([event], 0)
    assert [item.head.text if isinstance(item, Fold) else item.text for item in items] == [
        "exception · ReadTimeout · +2 ms",
        "carrier did not answer",
        "requests.exceptions.ReadTimeout: carrier did not answer",
        "failed at /usr/lib/python3.11/site-packages/requests/api.py:59 in get",
        '  return request("get", url)',
        "called from /app/shop/answer.py:12 in answer",
        "  order = lookup(number)",
        "stack trace, 6 lines",
    ]
    fold = items[-1]
    assert isinstance(fold, Fold) and not fold.opened
    assert [line.strip() for line in opened(fold)] == [
        line.strip() for line in PYTHON_STACK.rstrip().split("\n")
    ]


def test_a_stack_trace_of_javascript() -> None:
    text = "Error: late\n    at get (node_modules/axios/index.js:3:1)\n    at answer (src/a.js:7:2)"
    assert lines(text)[:2] == [
        "failed at get (node_modules/axios/index.js:3:1)",
        "called from answer (src/a.js:7:2)",
    ]


def test_a_stack_trace_that_is_not_understood_is_kept_whole() -> None:
    event = SpanEvent("exception", 0, {"exception.stacktrace": "somewhere\n  deep"})
    fold = event_items([event], 0)[-1]
    assert isinstance(fold, Fold)
    assert opened(fold) == ["  somewhere", "    deep"]


# ---- documents ------------------------------------------------------------------------------


def documents() -> list[dict[str, Any]]:
    return [
        {
            "page_content": "Returns are free.\nFor 30 days.",
            "metadata": {"doc_uri": "faq/returns", "score": 0.912},
        },
        {
            "page_content": "Parcels leave at noon.",
            "metadata": {"doc_uri": "faq/parcels", "score": 0.4},
        },
    ]


def test_documents_are_a_table_with_scores_that_opens_to_the_whole_text() -> None:
    items = payload_items(documents())
    assert list(texts(items)) == [
        "  #    score  source       text",
        "1    0.912  faq/returns  Returns are free. For 30 days.",
        "2    0.400  faq/parcels  Parcels leave at noon.",
    ]
    first = items[1]
    assert isinstance(first, Fold)
    assert "    For 30 days." in opened(first)


def test_documents_in_an_answer_and_what_stands_beside_them() -> None:
    shown_lines = lines({"documents": documents(), "query": "returns"})
    assert shown_lines[0].split() == ["#", "score", "source", "text"]
    assert '  "query": "returns"' in shown_lines


def test_rows_that_are_no_documents_are_json() -> None:
    assert "source" not in lines([{"text": "a", "id": 3}])[0]


# ---- attributes, assessments, findings, conversation ----------------------------------------


def view(record: SpanRecord, **details: Any) -> SpanView:
    told: dict[str, Any] = {
        "depth": 0,
        "self_ms": 1.0,
        "critical_ms": 0.0,
        "failed": record.status == "ERROR",
        "error_class": "",
        "error_message": "",
        "input_tokens": None,
        "output_tokens": None,
        "model": "",
    }
    return SpanView(record, **{**told, **details})


def test_attributes_are_a_table_and_long_ones_fold() -> None:
    record = SpanRecord(
        "s1",
        None,
        "chat",
        "LLM",
        "OK",
        "",
        0,
        1,
        attributes={"temperature": 0.5, "tools": ["x" * 90] * 9},
    )
    items = attribute_items(view(record, model="sonata", input_tokens=1200, output_tokens=5))
    shown_lines = list(texts(items))
    assert "  model   sonata" in shown_lines
    assert "  tokens  1,200 in, 5 out" in shown_lines
    assert "  temperature  0.5" in shown_lines
    assert isinstance(items[-1], Fold) and "tools" in items[-1].head.text


def test_assessments_say_value_source_and_rationale_this_span_first() -> None:
    on_span = Assessment(
        "late", "feedback", True, "It took a day.", "LLM_JUDGE", "judge-1", "s1", None, EPOCH_MS
    )
    on_other = Assessment("ok", "feedback", True, "", "CODE", "check", "s2", None, EPOCH_MS)
    info = trace(
        assessments=[on_other, feedback("correct", False, rationale="It is wrong."), on_span],
        number=1,
    ).info
    shown_lines = list(texts(assessment_items(info, "s1")))
    assert shown_lines[0] == "late · true"
    assert "llm judge judge-1" in shown_lines[1] and "on this span" in shown_lines[1]
    assert shown_lines[2] == "It took a day."
    assert "It is wrong." in shown_lines
    assert "on other spans" in shown_lines[-1]


def test_findings_lead_to_their_cards_those_that_this_span_shows_first() -> None:
    notes = [
        FindingNote("f1", "Slow carrier", "low", frozenset({"s9"})),
        FindingNote("f2", "Refused calls", "high", frozenset({"s1"})),
    ]
    items = finding_items(notes, "s1")
    assert items[0] == Line("bad", "Refused calls", Link("finding", "f2"))
    assert "this span shows it" in list(texts(items))[1]


def test_turns_lead_to_their_traces_but_the_open_one() -> None:
    turns = tuple(
        Turn(f"tr-{number}", EPOCH_MS, "ERROR" if number else "OK", f"q{number}", f"a{number}")
        for number in range(2)
    )
    items = conversation_items(Conversation("s", turns), "tr-0")
    links = {item.text: item.link for item in items if isinstance(item, Line)}
    assert links["turn 1 of 2  ◂ this trace"] is None
    assert links["turn 2 of 2  ✗ failed"] == Link("trace", "tr-1")
    assert links["a1"] == Link("trace", "tr-1")


# ---- finding --------------------------------------------------------------------------------


def test_folded_parts_are_searched_without_opening_them_all() -> None:
    value = {
        "orders": [
            {"id": number, "note": f"parcel {number} " + "x" * 80} for number in range(5_000)
        ]
    }
    outline = Outline(payload_items(value))
    (match,) = outline.find('"id": 4321')
    assert [fold.head.text for fold in match.within[-3:]] == [
        "… 4,980 more",
        "4,020 to 4,999",
        "[4321] { 2 keys }",
    ]
    number = outline.reveal(match)
    assert outline.lines[number].text.strip() == '"id": 4321'
    chunks = fold_at(outline.items, "more").items
    assert sum(isinstance(each, Fold) and each._made is not None for each in chunks) == 1


def test_very_many_matches_are_not_all_sought() -> None:
    outline = Outline(payload_items("a" * (MOST_MATCHES + 5)))
    assert len(outline.find("a")) == MOST_MATCHES
    assert outline.find("") == []


def test_no_pattern_takes_long_on_hostile_text() -> None:
    """Each of these took minutes with a careless pattern."""
    items: list[Item] = []
    for text in (
        "at x" + " " * 100_000 + "(",
        "Traceback (most recent call last)" + "\n" * 100_000,
        "| a\n|" + " |" * 50_000 + "x",
        "`" * 100_000,
        "**" * 50_000,
    ):
        items += payload_items(text)
    assert items
