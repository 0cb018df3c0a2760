"""The model calls tools that it was never offered."""

from dataclasses import replace
from typing import Any

import pytest

from mlflow_analysis.hypotheses.operational.undeclared_tool import UndeclaredTool
from trace_factory import Planned, affected_traces, chain, features_of, model, tool, trace


def asking(name: str, *offered: str, **details: Any) -> Planned:
    """A model call that was offered some tools and asks for one."""
    call = {"id": "1", "function": {"name": name, "arguments": "{}"}}
    return model(
        inputs={"tools": [{"name": each} for each in offered]},
        outputs={"choices": [{"message": {"tool_calls": [call] if name else []}}]},
        **details,
    )


def test_fires_on_a_reply_that_asks_for_what_was_not_offered() -> None:
    record = trace(asking("cancel_all", "find_order", "refund"), tool("cancel_all"))
    features = features_of(record)

    (case,) = UndeclaredTool().cases(features)

    (row,) = case.affected.to_dict("records")
    span = features.model_calls.frame.iloc[0]
    assert row["unit"] == span.name
    assert list(case.eligible) == [span.name]
    assert span["output"][row["offset"] :].startswith(row["excerpt"])
    assert "cancel_all" in row["excerpt"]
    assert "none of the 2 tools offered: find_order, refund" in row["rationale"]
    assert "cancel_all" in case.statement
    assert case.tokens_lost == 250
    assert case.seconds_lost == pytest.approx(0.1)


def test_fires_on_a_tool_span_where_replies_record_no_calls() -> None:
    record = trace(asking("", "find_order"), tool("cancel_all"))
    (case,) = UndeclaredTool().cases(features_of(record))
    (row,) = case.affected.to_dict("records")
    assert row["offset"] == -1
    assert "“cancel_all” is called" in row["rationale"]


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("find_order", "find_order"),
        ("functions.find_order", "find_order"),
        ("mcp__shop__find_order", "find_order"),
        ("find_order", "mcp__shop__find_order"),
        ("FindOrder", "find_order"),
        ("find-order", "find_order"),
        ("final_result", "find_order"),
    ],
)
def test_one_name_in_other_spellings_is_not_flagged(asked: str, offered: str) -> None:
    features = features_of(trace(asking(asked, offered)))
    assert len(UndeclaredTool().eligible(features)) == 1
    assert not affected_traces(UndeclaredTool(), features)


@pytest.mark.parametrize(
    "span", ["find_order_1", "execute_tool find_order", "running tool: find_order"]
)
def test_a_span_named_a_little_otherwise_is_not_flagged(span: str) -> None:
    features = features_of(trace(asking("", "find_order"), tool(span)))
    assert len(UndeclaredTool().eligible(features)) == 1
    assert not affected_traces(UndeclaredTool(), features)


def test_a_tool_offered_later_in_the_trace_is_not_flagged() -> None:
    features = features_of(trace(asking("refund", "find_order"), asking("refund", "refund")))
    assert len(UndeclaredTool().eligible(features)) == 2
    assert not affected_traces(UndeclaredTool(), features)


def test_without_a_recorded_offer_nothing_is_eligible() -> None:
    features = features_of(
        trace(asking("refund"), tool("refund")),
        trace(asking("", "find_order"), asking("refund"), tool("refund")),
    )
    assert UndeclaredTool().eligible(features).empty


def test_what_a_tool_calls_by_itself_is_not_flagged() -> None:
    inner = replace(tool("find_order"), children=(tool("database"),))
    features = features_of(trace(asking("", "find_order"), inner))
    assert len(UndeclaredTool().eligible(features)) == 1
    assert not affected_traces(UndeclaredTool(), features)


def test_steps_of_the_program_are_not_flagged() -> None:
    before = trace(tool("load_profile"), asking("", "find_order"))
    beside = trace(asking("find_order", "find_order"), tool("write_log"))
    usual = [trace(asking("", "find_order"), tool("write_log")) for _ in range(3)]
    features = features_of(before, beside, *usual)
    assert not affected_traces(UndeclaredTool(), features)
    assert len(UndeclaredTool().eligible(features)) == 1


def test_tools_that_the_user_declared_are_not_flagged() -> None:
    features = features_of(trace(chain("step", asking("refund", "find_order"))))
    assert affected_traces(UndeclaredTool(), features)
    told = replace(features, declared_tools=frozenset({"refund"}))
    assert not affected_traces(UndeclaredTool(), told)


def test_offers_that_no_model_takes_up_leave_nothing_to_count() -> None:
    (case,) = UndeclaredTool().cases(features_of(trace(asking("", "find_order"))))

    assert case.eligible.empty
    assert case.affected.empty


def test_what_the_user_declares_counts_where_no_offer_is_recorded() -> None:
    records = [trace(tool("find_order"), tool("wipe_disk"), number=n) for n in range(1, 5)]
    features = features_of(*records)
    (silent,) = UndeclaredTool().cases(features)
    assert "nobody has declared them" in silent.test_without_effect
    told = replace(features, declared_tools=frozenset({"Find-Order"}))
    (case,) = UndeclaredTool().cases(told)
    assert (len(case.eligible), len(case.affected)) == (8, 4)
    assert "does not name among the application's: all wipe_disk" in case.statement
    assert (
        "“wipe_disk” is called, which the user does not name" in case.affected["rationale"].iloc[0]
    )
    nothing = replace(features, declared_tools=frozenset())
    assert len(UndeclaredTool().affected(nothing)) == 8


def test_a_call_recorded_by_framework_and_library_counts_once() -> None:
    inner = asking("refund", "find_order")
    features = features_of(trace(replace(asking("refund", "find_order"), children=(inner,))))
    assert len(UndeclaredTool().eligible(features)) == 1
    assert len(UndeclaredTool().affected(features)) == 1


def test_a_refusal_by_the_framework_counts_where_no_offer_is_recorded() -> None:
    refusal = "Error: wipe_disk is not a valid tool, try one of [find_order]."
    refused = trace(
        tool("wipe_disk", outputs=refusal), tool("wipe_disk", outputs=refusal), number=1
    )
    plain = trace(tool("find_order"), number=2)

    (case,) = UndeclaredTool().cases(features_of(refused, plain))

    assert len(case.eligible) == 3
    (row,) = case.affected.to_dict("records")
    assert row["trace_id"] == refused.info.trace_id
    assert refusal[row["offset"] :].startswith(row["excerpt"][:40])
    assert "there is no such tool" in row["rationale"]


def test_a_refused_call_that_the_reply_asked_for_counts_once() -> None:
    refused = tool("refund", outputs="Error: refund is not a valid tool, try one of [find_order].")
    features = features_of(trace(asking("refund", "find_order"), refused))

    assert len(UndeclaredTool().affected(features)) == 1
