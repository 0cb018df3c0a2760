"""Ids and links that no tool returned."""

import pytest

from mlflow_analysis.hypotheses.quality.unsupported_by_tools import UnsupportedByTools
from trace_factory import Planned, affected_traces, features_of, model, tool, trace

LOOKUP = tool(
    "lookup",
    inputs={"order": "ORD-1234"},
    outputs={
        "parcel": "PX-88123",
        "url": "https://post.example/px",
        "prices": [120.5, 49.95],
        "grams": 1250,
    },
)


def flagged(response: str, call: Planned = LOOKUP, request: str = "Where is ORD-1234?") -> bool:
    return bool(
        affected_traces(
            UnsupportedByTools(), features_of(trace(call, request=request, response=response))
        )
    )


@pytest.mark.parametrize(
    "response",
    [
        "Your parcel is PX-99999.",
        "Follow it at https://track.example/abc.",
        "The ticket is #48211 now.",
        "That makes 913.40 in all.",
        "You have 4,503 points.",
    ],
)
def test_fires_on_ids_and_links_from_nowhere(response: str) -> None:
    assert flagged(response)


@pytest.mark.parametrize(
    "response",
    [
        "Your parcel is PX-88123.",
        "Order ORD-1234 is on its way.",
        "Follow it at https://post.example/px.",
        "It weighs 1250 grams and arrives in 3 days.",
        "We follow ISO27001 and RFC8259.",
        "It costs $120.50, and $170.45 with the other one, a difference of 70.55.",
        "Two of them cost 99.90.",
        "It weighs 1,250 grams, about 121 euros' worth, since 1998.",
        "Try this:\n```\nget('https://new.example/v1', 7777)\n```",
        "See https://post.example/px\\nand more.",
        "It weighs about 1,300 grams.",
    ],
)
def test_what_a_tool_returned_or_the_user_said_is_not_flagged(response: str) -> None:
    assert not flagged(response)


def test_what_came_up_earlier_in_the_session_is_not_flagged() -> None:
    features = features_of(
        trace(LOOKUP, session="s"), trace(tool("lookup"), response="It was PX-88123.", session="s")
    )
    assert len(UnsupportedByTools().eligible(features)) == 1
    assert not affected_traces(UnsupportedByTools(), features)


def test_what_the_prompt_gave_is_not_flagged() -> None:
    prompted = model(
        inputs={"messages": [{"role": "system", "content": "Help: https://help.example"}]}
    )
    features = features_of(trace(prompted, LOOKUP, response="See https://help.example"))
    assert not affected_traces(UnsupportedByTools(), features)


def test_what_many_answers_give_is_not_flagged() -> None:
    features = features_of(
        *(trace(LOOKUP, response="See https://help.example/start") for _ in range(3))
    )
    assert len(UnsupportedByTools().eligible(features)) == 3
    assert not affected_traces(UnsupportedByTools(), features)


def test_links_of_a_known_form_need_a_known_id() -> None:
    usual = [
        trace(
            tool("lookup", outputs={"id": f"Q{n}000"}),
            response=f"See https://shop.example/o/Q{n}000",
        )
        for n in range(1, 4)
    ]
    invented = trace(
        tool("lookup", outputs={"id": "Q5000"}), response="See https://shop.example/o/Q9999"
    )
    assert affected_traces(UnsupportedByTools(), features_of(*usual, invented)) == {
        invented.info.trace_id
    }


def test_traces_without_a_call_are_not_eligible() -> None:
    assert UnsupportedByTools().eligible(features_of(trace(response="It is PX-99999."))).empty


def test_ids_that_are_never_traced_decide_nothing() -> None:
    features = features_of(
        *(trace(LOOKUP, response=f"Your ticket is T-{1000 + n}.") for n in range(30))
    )
    (case,) = UnsupportedByTools().cases(features)
    assert "not traced" in case.test_without_effect
