"""The first answer asks for what the request already holds."""

import pytest

from mlflow_analysis.hypotheses.quality.asks_instead_of_attempting import AsksInsteadOfAttempting
from mlflow_analysis.records import TraceRecord
from trace_factory import affected_traces, features_of, retriever, tool, trace

REQUEST = "Please move order ORD-4711 to Lisbon."
ASKS = "Happy to help! Which order is it? Please provide the city."


def session(
    *, request: str = REQUEST, answer: str = ASKS, second: str = "As I wrote.", **arguments: object
) -> list[TraceRecord]:
    call = tool(
        "move_order", inputs=arguments or {"order": "ORD-4711", "city": "lisbon", "limit": 10}
    )
    return [
        trace(request=request, response=answer, session="s"),
        trace(call, request=second, response="Done.", session="s"),
    ]


def test_fires_when_the_request_held_everything() -> None:
    records = session()
    (case,) = AsksInsteadOfAttempting().cases(features_of(*records))
    (row,) = case.affected.to_dict("records")
    assert list(case.eligible) == ["s"]
    assert row["unit"] == "s"
    assert row["trace_id"] == records[0].info.trace_id
    assert ASKS[row["offset"] :].startswith(row["excerpt"])
    assert row["excerpt"].startswith("Which order")
    assert "2 of 3 sentences" in row["rationale"]
    assert "move_order is called in turn 2 with “lisbon”, “ord-4711”" in row["rationale"]


@pytest.mark.parametrize(
    "answer",
    [
        "I can move it to Lisbon. Shall I go ahead?",
        "Do you want me to move ORD-4711 to Lisbon?",
        "I could not find it. Which order is it?",
        "Orders can be moved until they leave the warehouse. That takes two days. Which day suits you?",
    ],
    ids=["consent", "consent", "failure", "mostly tells"],
)
def test_consent_and_answers_that_tell_something_are_not_flagged(answer: str) -> None:
    features = features_of(*session(answer=answer))
    assert list(AsksInsteadOfAttempting().eligible(features)) == ["s"]
    assert not affected_traces(AsksInsteadOfAttempting(), features)


@pytest.mark.parametrize(
    "records",
    [
        session(request="Please move my order.", second="ORD-4711 to Lisbon"),
        session(request="Please move order ORD-4711.", second="To Lisbon"),
        session(order="x-999", note="moved by the agent"),
        session(order=7),
        session(order="ORD-4711", text="x" * 3000),
        session(order="ORD-4711", text="ü" * 1500),
        [trace(request=REQUEST, response=ASKS, session="s") for _ in range(2)],
    ],
    ids=["nothing held", "one missing", "not the user's words", "short", "cut", "cut", "no call"],
)
def test_what_the_request_did_not_hold_may_be_asked_for(records: list[TraceRecord]) -> None:
    assert AsksInsteadOfAttempting().eligible(features_of(*records)).empty


def test_an_attempt_in_the_first_turn_is_not_flagged() -> None:
    attempt = trace(
        tool("move_order", inputs={"order": "ORD-4711"}),
        request=REQUEST,
        response=ASKS,
        session="s",
    )
    features = features_of(attempt, trace(session="s"))
    assert list(AsksInsteadOfAttempting().eligible(features)) == ["s"]
    assert not affected_traces(AsksInsteadOfAttempting(), features)


def test_a_retriever_is_no_attempt_that_takes_arguments() -> None:
    records = session()
    records[1] = trace(retriever("search", inputs={"q": "ORD-4711"}), request="So?", session="s")
    assert AsksInsteadOfAttempting().eligible(features_of(*records)).empty


def test_part_of_a_word_is_not_the_value() -> None:
    features = features_of(
        *session(request="Please move order ORD-47112 to Lisbon.", order="ORD-4711")
    )
    assert AsksInsteadOfAttempting().eligible(features).empty
