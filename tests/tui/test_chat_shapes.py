"""Chats as those who record them write them, drawn as messages."""

from __future__ import annotations

from typing import Any

import pytest

from mlflow_tui.inspecting.chat import Chat, ToolCall, ToolResult, Words
from mlflow_tui.inspecting.chat_shapes import chat_in
from mlflow_tui.inspecting.lines import Fold, shown, texts
from mlflow_tui.inspecting.sections import payload_items


def said(value: Any) -> list[tuple[str, str]]:
    """Role and text of every message."""
    chat = chat_in(value)
    assert chat is not None
    return [
        (message.role, " ".join(part.text for part in message.parts if isinstance(part, Words)))
        for message in chat.messages
    ]


def parts(chat: Chat | None, kind: type) -> list[Any]:
    assert chat is not None
    return [part for message in chat.messages for part in message.parts if isinstance(part, kind)]


def lines(value: Any) -> list[str]:
    return list(texts(payload_items(value)))


LANGCHAIN_PLAIN = {"type": "human", "content": "Hi", "additional_kwargs": {}}
LANGCHAIN_SERIALISED = {
    "lc": 1,
    "type": "constructor",
    "id": ["langchain", "schema", "messages", "HumanMessage"],
    "kwargs": {"content": "Hi"},
}


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user", "content": "Hi"}],
        {"messages": [{"role": "user", "content": "Hi"}], "temperature": 0},
        {"role": "user", "content": "Hi"},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "user", "content": [{"type": "text", "content": "Hi"}]},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]},
        [[LANGCHAIN_PLAIN]],
        {"messages": [[LANGCHAIN_SERIALISED]]},
        {"messages": [{"type": "human", "data": {"content": "Hi"}}]},
        {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
        {"contents": "Hi"},
    ],
)
def test_a_request_is_shown_as_messages(value: Any) -> None:
    assert said(value) == [("user", "Hi")]
    assert lines(value)[:2] == ["user", "Hi"]


@pytest.mark.parametrize(
    ("value", "role"),
    [
        (
            {"choices": [{"message": {"role": "assistant", "content": "Hi"}, "index": 0}]},
            "assistant",
        ),
        (
            {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
            "assistant",
        ),
        (
            {
                "output": [
                    {
                        "type": "message",
                        "role": "assistant",
                        "content": [{"type": "output_text", "text": "Hi"}],
                    }
                ]
            },
            "assistant",
        ),
        (
            {"generations": [[{"text": "Hi", "message": {"type": "ai", "content": "Hi"}}]]},
            "assistant",
        ),
        ({"generations": [[{"text": "Hi"}]]}, "assistant"),
        ({"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}}]}, "model"),
    ],
)
def test_an_answer_is_shown_as_a_message(value: Any, role: str) -> None:
    assert said(value) == [(role, "Hi")]


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"role": 3, "content": ""},
        {"messages": []},
        "text",
        5,
        {"input": "Hi"},
        {"messages": [{"role": "user", "content": "Hi"}, {"id": 3}]},
        {"type": "human", "name": "Ana"},
        {"output": [1, 2]},
    ],
)
def test_what_is_no_chat_is_not_taken_for_it(value: Any) -> None:
    assert chat_in(value) is None


def test_what_stands_beside_the_messages_is_not_lost() -> None:
    shown_lines = lines({"messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5})
    assert shown_lines[-2:] == ["also", '  "temperature": 0.5']


@pytest.mark.parametrize("name", ["system", "instructions"])
def test_what_the_system_was_told_comes_first(name: str) -> None:
    key = "messages" if name == "system" else "input"
    assert said({name: "Be kind.", key: [{"role": "user", "content": "Hi"}]})[0] == (
        "system",
        "Be kind.",
    )


OPENAI = [
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "function": {"name": "search", "arguments": '{"q": "vase"}'}},
            {"id": "c2", "function": {"name": "stock", "arguments": "{}"}},
        ],
    },
    {"role": "tool", "tool_call_id": "c2", "content": "none left"},
    {"role": "tool", "tool_call_id": "c1", "content": "a blue vase"},
    {"role": "assistant", "content": "Sorry."},
]
ANTHROPIC = {
    "messages": [
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Look first."},
                {"type": "tool_use", "id": "c1", "name": "search", "input": {"q": "vase"}},
                {"type": "tool_use", "id": "c2", "name": "stock", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "c2",
                    "content": "none left",
                    "is_error": True,
                },
                {
                    "type": "tool_result",
                    "tool_use_id": "c1",
                    "content": [{"type": "text", "text": "a blue vase"}],
                },
            ],
        },
    ]
}
RESPONSES = {
    "output": [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Look first."}]},
        {
            "type": "function_call",
            "call_id": "c1",
            "id": "fc",
            "name": "search",
            "arguments": '{"q": "vase"}',
        },
        {"type": "function_call_output", "call_id": "c1", "output": "a blue vase"},
    ]
}
LANGCHAIN = [
    [
        {
            "type": "ai",
            "content": "",
            "tool_calls": [{"id": "c1", "name": "search", "args": {"q": "vase"}}],
        },
        {"type": "tool", "content": "a blue vase", "tool_call_id": "c1", "name": "search"},
    ]
]
GEMINI = {
    "contents": [
        {"role": "model", "parts": [{"functionCall": {"name": "search", "args": {"q": "vase"}}}]},
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "search", "response": {"found": "a blue vase"}}}
            ],
        },
    ]
}


@pytest.mark.parametrize("value", [OPENAI, ANTHROPIC, RESPONSES, LANGCHAIN, GEMINI])
def test_a_call_of_a_tool_stands_beside_its_result(value: Any) -> None:
    shown_lines = lines(value)
    call = next(place for place, line in enumerate(shown_lines) if line.startswith("calls search"))
    assert "vase" in shown_lines[call]
    assert "a blue vase" in "".join(shown_lines[call + 1 : call + 3])
    assert sum("a blue vase" in line for line in shown_lines) == 1


def test_each_call_has_its_own_result_in_whatever_order_they_came() -> None:
    shown_lines = lines(OPENAI)
    assert [line.strip() for line in shown_lines] == [
        "assistant",
        'calls search {"q": "vase"}',
        "↳ result a blue vase",
        "calls stock {}",
        "↳ result none left",
        "",
        "assistant",
        "Sorry.",
    ]


def test_a_failed_result_is_said_to_have_failed() -> None:
    assert "  ↳ failed none left" in lines(ANTHROPIC)


def test_thinking_is_told_apart_from_what_is_said() -> None:
    fold = next(item for item in shown(payload_items(ANTHROPIC)) if isinstance(item, Fold))
    assert fold.head.text == "thinking"


def test_a_result_without_its_call_is_shown_all_the_same() -> None:
    value = [{"role": "tool", "tool_call_id": "c9", "content": "alone"}]
    assert "alone" in "".join(lines(value))
    (result,) = parts(chat_in(value), ToolResult)
    assert result.id == "c9"


def test_calls_recorded_twice_are_said_once() -> None:
    call = {"type": "tool_use", "id": "c1", "name": "search", "input": {"q": 1}}
    value = {
        "type": "ai",
        "content": [call],
        "tool_calls": [{"id": "c1", "name": "search", "args": {"q": 1}}],
    }
    assert len(parts(chat_in(value), ToolCall)) == 1


def test_pictures_are_abbreviated() -> None:
    picture = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUg" * 90
    value = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": picture}}]}]
    assert "image/png in base64, 2.0 kB" in "".join(lines(value))
