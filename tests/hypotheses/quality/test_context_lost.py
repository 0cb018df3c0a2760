"""What the user said earlier in the conversation is asked for again."""

import pytest

from mlflow_analysis.hypotheses.quality.context_lost import ContextLost
from mlflow_analysis.records import TraceRecord
from trace_factory import affected_traces, features_of, tool, trace


def conversation(*turns: tuple[str, str], session: str = "s1") -> list[TraceRecord]:
    return [trace(request=asked, response=said, session=session) for asked, said in turns]


@pytest.mark.parametrize(
    ("given", "asked_again"),
    [
        ("Where is order A-1234?", "Could you please provide your order number?"),
        ("My order number is 1234.", "Which order do you mean?"),
        ("Where is ORD-1234?", "Could you please provide your order number?"),
        ("INV-2231 is wrong", "What is the invoice number?"),
        ("Write to ann@example.com please", "What is your email address?"),
        ("Hello, my name is Ann Smith.", "May I have your full name?"),
        ("Call me at +49 170 1234567", "Please share your phone number."),
    ],
)
def test_fires_when_what_was_given_is_asked_for_again(given: str, asked_again: str) -> None:
    turns = conversation((given, "Thank you."), ("So what now?", asked_again))
    features = features_of(*turns)

    (case,) = ContextLost().cases(features)

    assert set(case.affected["trace_id"]) == {turns[1].info.trace_id}
    assert set(case.affected["unit"]) == {"s1"}
    row = case.affected.iloc[0]
    assert "turn 1" in row["rationale"]
    assert asked_again[row["offset"] :].startswith(row["excerpt"])


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("Where is my order?", "Could you please provide your order number?"),
        ("Where is INV-1234?", "Could you please provide your order number?"),
        ("Where is X-1234?", "Could you please provide your order number?"),
        ("Where is order A-1234?", "Could you give me your email address?"),
        ("Where is order A-1234?", "Could you confirm your order number?"),
        ("Where is order A-1234?", "No such order was found. Could you provide the order number?"),
        ("Where is order A-1234?", "Do you want to give me a different order number?"),
        ("Where is order A-1234?", "I can send you the order number by mail."),
        ("Where is order A-1234?", "Please give your order number to the driver."),
        ("Where is order A-1234?", "Your order number A-1234 is what I need, thanks."),
    ],
)
def test_first_asks_and_confirmations_are_not_flagged(given: str, asked: str) -> None:
    features = features_of(*conversation((given, "Thank you."), ("So what now?", asked)))
    assert list(ContextLost().eligible(features)) == ["s1"]
    assert not affected_traces(ContextLost(), features)


def test_asking_again_after_a_failed_call_is_not_flagged() -> None:
    features = features_of(
        trace(request="Where is order A-1234?", response="One moment.", session="s1"),
        trace(
            tool("track", status="ERROR", message="404 no such order", outputs={"error": "404"}),
            request="And?",
            response="Could you please provide your order number?",
            session="s1",
        ),
    )
    assert not affected_traces(ContextLost(), features)


def test_fires_when_users_restate_what_did_not_fail() -> None:
    records = []
    for number in range(12):
        asked = (
            f"Please move appointment {number} in town {chr(97 + number) * 6} to {number} o'clock"
        )
        records += conversation(
            (asked, "What would you like to do?"), (asked + " now", "Done."), session=f"s{number}"
        )
    features = features_of(*records)
    (case,) = ContextLost().cases(features)
    assert case.affected["unit"].nunique() == 12
    assert "similarity" in case.affected["rationale"].iloc[0]


def test_requests_that_everybody_sends_are_not_restated() -> None:
    records = []
    for number in range(12):
        records += conversation(
            ("Show me the weather please", "Sunny."),
            ("Show me the weather please", "Sunny."),
            session=f"s{number}",
        )
    assert not affected_traces(ContextLost(), features_of(*records))


def test_trying_again_after_a_failure_is_not_flagged() -> None:
    records = []
    for number in range(12):
        asked = (
            f"Please move appointment {number} in town {chr(97 + number) * 6} to {number} o'clock"
        )
        records.append(trace(request=asked, response="", state="ERROR", session=f"s{number}"))
        records.append(trace(request=asked, response="Done.", session=f"s{number}"))
    assert not affected_traces(ContextLost(), features_of(*records))


def test_the_same_question_about_another_thing_is_not_flagged() -> None:
    records = []
    for number in range(12):
        own = chr(97 + number) * 6
        asked = f"How long does the train from {own} to Porto take, and is there a dining car on the way"
        records += conversation(
            (asked, "Two hours."), (asked.replace("Porto", "Braga"), "Three."), session=f"s{number}"
        )
    assert not affected_traces(ContextLost(), features_of(*records))


def test_a_restated_request_may_be_spelled_otherwise() -> None:
    records = []
    for number in range(12):
        own = chr(97 + number) * 6
        asked = f"Please move my apointment in {own} to the week after, {own} is where I live"
        records += conversation(
            (asked, "Sure."), (asked.replace("apoint", "appoint"), "Done."), session=f"s{number}"
        )
    assert affected_traces(ContextLost(), features_of(*records))


def test_fires_when_the_user_says_so() -> None:
    turns = conversation(("Where is it?", "Which city?"), ("I already told you: Rome.", "Sorry."))
    assert affected_traces(ContextLost(), features_of(*turns)) == {turns[1].info.trace_id}


def test_fires_where_an_answer_has_called_the_value_so() -> None:
    turns = conversation(
        ("What about W2586676?", "Your order #W2586676 is on a truck."),
        ("So cancel it", "Could you please provide your order number?"),
    )
    (case,) = ContextLost().cases(features_of(*turns))
    (row,) = case.affected.to_dict("records")
    assert row["trace_id"] == turns[1].info.trace_id
    assert "W2586676" in row["rationale"]


def test_fires_when_the_user_restates_the_request() -> None:
    records = []
    for number in range(12):
        town = chr(97 + number) * 6
        asked = f"Please move my appointment in {town} to the week after, {town} is where I live"
        records += conversation(
            (asked, "Sure."), (asked.replace("Please", "Again"), "Done."), session=f"s{number}"
        )
    found = affected_traces(ContextLost(), features_of(*records))
    assert found == {record.info.trace_id for record in records[1::2]}
