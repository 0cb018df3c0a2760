"""What a model call was told, offered and asked for, in the shapes that frameworks log."""

from typing import Any

import pytest

from mlflow_analysis.features.model_call import LONGEST_INSTRUCTIONS, model_call
from trace_factory import features_of, model, tool, trace

TOLD = "Answer in one sentence."
FUNCTION = {"type": "function", "function": {"name": "find_order", "parameters": {}}}
USER = {"role": "user", "content": "Where is it?"}


@pytest.mark.parametrize(
    ("inputs", "outputs", "attributes"),
    [
        ({"messages": [{"role": "system", "content": TOLD}, USER]}, None, {}),
        ({"messages": [{"role": "developer", "content": [{"type": "text", "text": TOLD}]}]}, None, {}),
        ({"instructions": TOLD, "input": "Where is it?"}, None, {}),
        ({"input": [USER]}, {"object": "response", "instructions": TOLD, "output": []}, {}),
        ({"system": TOLD, "messages": [USER]}, None, {}),
        ({"system": [{"type": "text", "text": TOLD}], "messages": [USER]}, None, {}),
        ({"systemInstruction": {"parts": [{"text": TOLD}]}, "contents": []}, None, {}),
        ({"contents": [], "config": {"system_instruction": TOLD}}, None, {}),
        ([[{"type": "system", "content": TOLD}, {"type": "human", "content": "Hi"}]], None, {}),
        ({"messages": [[{"type": "system", "data": {"content": TOLD}}]]}, None, {}),
        (
            {"messages": [[{"id": ["langchain", "SystemMessage"], "kwargs": {"content": TOLD}}]]},
            None,
            {},
        ),
        ({"messages": [{"type": "SystemMessage", "content": TOLD}]}, None, {}),
        ({"messages": [{"role": "MessageRole.SYSTEM", "content": TOLD}]}, None, {}),
        (
            {"messages": [{"role": "system", "blocks": [{"block_type": "text", "text": TOLD}]}]},
            None,
            {},
        ),
        (
            {"messages": [{"kind": "request", "parts": [
                {"part_kind": "system-prompt", "content": TOLD},
                {"part_kind": "user-prompt", "content": "Hi"},
            ]}]},
            None,
            {},
        ),
        ({"messages": [{"kind": "request", "instructions": TOLD, "parts": []}]}, None, {}),
        (f"system: {TOLD}\nuser: Where is it?", None, {}),
        (None, None, {"gen_ai.system_instructions": f'[{{"type": "text", "content": "{TOLD}"}}]'}),
        (
            None,
            None,
            {"gen_ai.input.messages": [{"role": "system", "parts": [{"type": "text", "content": TOLD}]}]},
        ),
        (None, None, {"gen_ai.prompt.0.role": "system", "gen_ai.prompt.0.content": TOLD}),
        (
            None,
            None,
            {
                "llm.input_messages.0.message.role": "system",
                "llm.input_messages.0.message.content": TOLD,
            },
        ),
    ],
)  # fmt: skip
def test_finds_the_instructions(inputs: Any, outputs: Any, attributes: dict[str, Any]) -> None:
    assert model_call(inputs, outputs, attributes).instructions == TOLD


def test_the_users_words_and_the_answer_are_no_instructions() -> None:
    inputs = {"messages": [USER, {"role": "assistant", "content": "system: no"}]}
    assert model_call(inputs, {"content": "No instructions"}, {}).instructions == ""


def test_several_system_messages_are_one_text_cut_at_the_limit() -> None:
    long = {"role": "system", "content": "x" * LONGEST_INSTRUCTIONS}
    inputs = {"messages": [{"role": "system", "content": TOLD}, long, USER]}
    told = model_call(inputs, None, {}).instructions
    assert told.startswith(f"{TOLD}\n\nxxx")
    assert len(told) == LONGEST_INSTRUCTIONS


@pytest.mark.parametrize(
    ("inputs", "attributes"),
    [
        ({"tools": [FUNCTION]}, {}),
        ({"functions": [{"name": "find_order", "parameters": {}}]}, {}),
        ({"tools": [{"name": "find_order", "type": "function", "parameters": {}}]}, {}),
        ({"tools": [{"name": "find_order", "input_schema": {}}]}, {}),
        ({"config": {"tools": [{"function_declarations": [{"name": "find_order"}]}]}}, {}),
        ({"tools": [{"functionDeclarations": [{"name": "find_order"}]}]}, {}),
        ({"toolConfig": {"tools": [{"toolSpec": {"name": "find_order"}}]}}, {}),
        ({"kwargs": {"tools": [FUNCTION]}}, {}),
        ({"model_request_parameters": {"function_tools": [{"name": "find_order"}]}}, {}),
        ({"tools_to_call_from": ["find_order"]}, {}),
        ({"tools": {"find_order": {"description": "finds it"}}}, {}),
        ({"messages": [USER, {"role": "tool", "content": FUNCTION}]}, {}),
        (None, {"mlflow.chat.tools": [FUNCTION]}),
        (None, {"invocation_params": {"tools": [FUNCTION]}}),
        (None, {"llm.invocation_parameters": '{"tools": [{"name": "find_order"}]}'}),
        (None, {"gen_ai.tool.definitions": '[{"type": "function", "name": "find_order"}]'}),
        (None, {"ai.prompt.tools": ['{"type": "function", "name": "find_order"}']}),
        (None, {"llm.request.functions.0.name": "find_order"}),
        (
            None,
            {"llm.tools.0.tool.json_schema": '{"type": "function", "function": {"name": "find_order"}}'},
        ),
        (None, {"model_request_parameters": '{"function_tools": [{"name": "find_order"}]}'}),
    ],
)  # fmt: skip
def test_finds_the_tools_offered(inputs: Any, attributes: dict[str, Any]) -> None:
    assert model_call(inputs, None, attributes).offered == ("find_order",)


def test_tools_built_into_a_provider_go_by_their_type() -> None:
    inputs = {"tools": [{"type": "web_search"}, {"google_search": {}}, FUNCTION]}
    assert model_call(inputs, None, {}).offered == ("find_order", "google_search", "web_search")


def test_declarations_that_differ_in_a_name_are_not_taken_for_each_other() -> None:
    for name in ("find_order", "find_parcel", "find_order"):
        declared = [{"type": "function", "function": {"name": name}}, {"type": "web_search"}]
        assert model_call({"tools": declared}, None, {}).offered == (name, "web_search")


def test_a_declaration_with_a_number_beyond_64_bits_is_read() -> None:
    declared = [{"name": "find_order", "parameters": {"maximum": 2**70}}]
    assert model_call({"tools": declared}, None, {}).offered == ("find_order",)


@pytest.mark.parametrize("inputs", [None, "text", {"tools": []}, {"tools": None}, {"tools": 3}, []])
def test_nothing_offered(inputs: Any) -> None:
    assert model_call(inputs, None, {}).offered == ()


CALL = {"id": "1", "type": "function", "function": {"name": "find_order", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("outputs", "attributes"),
    [
        ({"choices": [{"message": {"role": "assistant", "content": None, "tool_calls": [CALL]}}]}, {}),
        ({"choices": [{"message": {"function_call": {"name": "find_order", "arguments": ""}}}]}, {}),
        ({"output": [{"type": "function_call", "name": "find_order", "arguments": "{}"}]}, {}),
        ({"role": "assistant", "content": [{"type": "tool_use", "name": "find_order", "input": {}}]}, {}),
        ({"candidates": [{"content": {"parts": [{"functionCall": {"name": "find_order"}}]}}]}, {}),
        ({"content": {"parts": [{"function_call": {"name": "find_order", "args": {}}}]}}, {}),
        ({"output": {"message": {"content": [{"toolUse": {"name": "find_order"}}]}}}, {}),
        (
            {"generations": [[{"message": {"type": "ai", "tool_calls": [
                {"name": "find_order", "args": {}, "id": "1", "type": "tool_call"}],
                "additional_kwargs": {"tool_calls": [CALL]}}}]]},
            {},
        ),
        (
            {"generations": [[{"message": {"id": ["AIMessage"], "kwargs": {"tool_calls": [
                {"name": "find_order", "args": {}}]}}}]]},
            {},
        ),
        ({"message": {"role": "assistant", "additional_kwargs": {"tool_calls": [CALL]}}}, {}),
        ({"message": {"blocks": [{"block_type": "tool_call", "tool_name": "find_order"}]}}, {}),
        ({"parts": [{"part_kind": "tool-call", "tool_name": "find_order", "args": "{}"}]}, {}),
        ({"content": [{"id": "1", "name": "find_order", "arguments": "{}"}]}, {}),
        ([{"role": "assistant", "parts": [{"type": "tool_call", "name": "find_order", "arguments": {}}]}], {}),
        ([{"toolCallId": "1", "toolName": "find_order", "input": "{}"}], {}),
        ([{"role": "assistant", "content": '[{"function": {"name": "find_order", "arguments": "{}"}}]'}], {}),
        ("", {"gen_ai.output.messages": '[{"parts": [{"type": "tool_call", "name": "find_order"}]}]'}),
        (None, {"llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "find_order"}),
        (None, {"gen_ai.completion.0.tool_calls.0.name": "find_order"}),
    ],
)  # fmt: skip
def test_finds_the_tools_asked_for(outputs: Any, attributes: dict[str, Any]) -> None:
    assert model_call(None, outputs, attributes).requested == ("find_order",)


def test_calls_in_the_history_are_not_asked_for_again() -> None:
    outputs = {"messages": [
        {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "sent"},
        {"role": "assistant", "content": "It was sent."},
    ]}  # fmt: skip
    assert model_call(None, outputs, {}).requested == ()


@pytest.mark.parametrize(
    "outputs",
    [
        {"content": "I would call find_order."},
        {"choices": [{"message": {"content": '{"name": "Ann", "arguments": "none"}'}}]},
        {"name": "Ann", "content": "Hello"},
        None,
        [[[[[[[[[[[[1]]]]]]]]]]]],
    ],
)
def test_an_answer_asks_for_no_tool(outputs: Any) -> None:
    assert model_call(None, outputs, {}).requested == ()


def test_the_columns_of_a_span() -> None:
    features = features_of(
        trace(
            model(
                inputs={"messages": [{"role": "system", "content": TOLD}], "tools": [FUNCTION, {"name": "b"}]},
                outputs={"tool_calls": [CALL, {"name": "b"}]},
            ),
            tool("find_order"),
        )
    )  # fmt: skip
    span = features.model_calls.frame.iloc[0]
    assert (span["instructions"], span["offered"], span["requested"]) == (
        TOLD,
        "b\nfind_order",
        "find_order\nb",
    )
    other = features.calls.frame.iloc[0]
    assert (other["instructions"], other["offered"], other["requested"]) == ("", "", "")
