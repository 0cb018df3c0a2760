"""What belongs to another topic or another person turns up in an answer."""

import pytest

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.base import Case
from mlflow_analysis.hypotheses.quality.context_carry_over import ContextCarryOver
from mlflow_analysis.hypotheses.quality.names import Names
from mlflow_analysis.records import TraceRecord
from trace_factory import Planned, features_of, tool, trace


def cases(features: Features) -> dict[str, Case]:
    return {case.subject: case for case in ContextCarryOver().cases(features)}


def conversation(
    second: str = "Where is order ORD-2002?",
    answer: str = "Order ORD-1001 is on a truck and arrives tomorrow.",
    *steps: Planned,
) -> list[TraceRecord]:
    return [
        trace(request="Where is order ORD-1001?", response="ORD-1001 has left.", session="s"),
        trace(*steps, request=second, response=answer, session="s"),
    ]


def test_fires_on_the_id_of_the_topic_before() -> None:
    records = conversation()
    case = cases(features_of(*records))["previous topic"]
    (row,) = case.affected.to_dict("records")
    assert list(case.eligible) == ["s"]
    assert (row["unit"], row["trace_id"]) == ("s", records[1].info.trace_id)
    assert "Turn 2 asks about ORD-2002" in row["rationale"]
    assert "ORD-1001 instead, which was asked about in turn 1" in row["rationale"]
    assert "Order ORD-1001 is on a truck and arrives tomorrow."[row["offset"] :].startswith(
        row["excerpt"]
    )


@pytest.mark.parametrize(
    ("second", "answer", "eligible"),
    [
        ("Where is order ORD-2002?", "ORD-2002 comes with ORD-1001.", True),
        ("Where is order ORD-2002?", "It arrives tomorrow.", True),
        ("Where is order ORD-2002?", "Your invoice INV-1001 is paid.", True),
        ("Can ORD-2002 go together with the other?", "ORD-1001 has left.", False),
        ("Is ORD-2002 or ORD-1001 faster?", "ORD-1001 is.", False),
        ("When will it arrive?", "ORD-1001 arrives tomorrow.", False),
    ],
    ids=["names both", "names none", "another form", "looks back", "asked for both", "same topic"],
)
def test_what_the_turn_is_about_is_not_flagged(second: str, answer: str, eligible: bool) -> None:
    case = cases(features_of(*conversation(second, answer)))["previous topic"]
    assert (len(case.eligible) == 1) is eligible
    assert case.affected.empty


@pytest.mark.parametrize(
    "second", ["And then, where is XRD-2002?", "Is the same true of ORD-2002?", "Also ORD-2002?"]
)
def test_a_new_id_of_that_kind_may_begin_otherwise_and_come_with_also(second: str) -> None:
    case = cases(features_of(*conversation(second)))["previous topic"]
    assert len(case.affected) == 1


def test_what_a_tool_of_the_turn_returned_is_not_flagged() -> None:
    found = tool("find", inputs={"order": "ORD-2002"}, outputs={"replaced_by": "ORD-1001"})
    case = cases(features_of(*conversation("Where is order ORD-2002?", "See ORD-1001.", found)))
    assert len(case["previous topic"].eligible) == 1
    assert case["previous topic"].affected.empty


def two_people(
    answer: str, *steps: Planned, request: str = "Where is it?", user: str = "ann"
) -> Features:
    return features_of(
        trace(request="I am kim.lee@mail.net, call +49 151 2345678", session="a", user="kim"),
        trace(*steps, request=request, response=answer, session="b", user=user),
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("Sent to kim.lee@mail.net today.", "an e-mail address of another user"),
        ("We will call +49 151 2345678 soon.", "a phone number of another user"),
    ],
)
def test_fires_on_another_persons_address(answer: str, kind: str) -> None:
    features = two_people(answer)
    case = cases(features)["another session"]
    (row,) = case.affected.to_dict("records")
    assert case.fewest_units == 1
    assert row["unit"] == "b"
    assert kind in row["rationale"]
    assert features.traces.index[0] in row["rationale"]
    before, masked, _ = row["excerpt"].partition("…[masked]")
    assert masked
    assert answer[row["offset"] :].startswith(before)
    assert "kim.lee@mail.net" not in row["excerpt"]
    assert "2345678" not in row["excerpt"]


@pytest.mark.parametrize(
    "features",
    [
        two_people("Sent to kim.lee@mail.net.", user="kim"),
        two_people("Sent to kim.lee@mail.net.", request="Send it to Kim"),
        two_people("Sent to kim.lee@mail.net.", tool("find", outputs={"mail": "kim.lee@mail.net"})),
        two_people(
            "We call +49 151 2345678.", tool("find", outputs={"phone": "+49 (151) 234-5678"})
        ),
        two_people("Write to support@mail.net."),
        features_of(
            trace(request="Where?", response="Sent to kim.lee@mail.net.", session="a"),
            trace(request="I am kim.lee@mail.net", response="Hello.", session="b"),
        ),
    ],
    ids=["same user", "named", "from a tool", "phone from a tool", "role", "given later"],
)
def test_addresses_with_a_source_are_not_flagged(features: Features) -> None:
    assert cases(features)["another session"].affected.empty


def test_both_cases_are_in_what_is_affected() -> None:
    features = features_of(
        *conversation(),
        trace(request="I am kim.lee@mail.net", session="a", user="kim"),
        trace(request="Where?", response="To kim.lee@mail.net.", session="b", user="ann"),
    )
    assert sorted(ContextCarryOver().affected(features)["unit"]) == ["b", "s"]
    assert sorted(ContextCarryOver().eligible(features)) == ["a", "b", "s"]


def trip(
    second: str = "And which hotel in Porto is free?",
    answer: str = "For Lisbon I see twelve rooms.",
    *steps: Planned,
) -> Features:
    """The user asks for Lisbon, then for Porto."""
    looked_up = steps or (tool("rooms", inputs={"city": "Porto"}, outputs={"rooms": 12}),)
    return features_of(
        trace(request="Find me a flight to Lisbon.", response="Lisbon costs 80.", session="s"),
        trace(*looked_up, request=second, response=answer, session="s"),
        trace(request="Find a room in Lisbon, then a train to Porto.", session="another"),
        trace(request="My friend Anna wants to go there.", session="another"),
    )


def test_fires_on_the_place_asked_about_before() -> None:
    case = cases(trip())["previous topic"]
    (row,) = case.affected.to_dict("records")
    assert list(case.eligible) == ["s"]
    assert "asks about Porto, and the answer names Lisbon instead" in row["rationale"]


@pytest.mark.parametrize(
    ("features", "eligible"),
    [
        (trip(answer="Porto has twelve rooms, Lisbon none."), True),
        (trip(answer="I see twelve rooms."), True),
        (trip("Which hotel in Porto is free, compared with the flight before?"), False),
        (trip("Is that hotel near Porto or Lisbon?"), False),
        (trip("Which hotel is free?"), False),
        (trip("My friend Anna asks for a hotel", "Lisbon suits her.", tool("x", outputs="Anna")), True),
        (trip("", "For Lisbon there are twelve.", tool("rooms", inputs={"city": "Lisbon"})), False),
        (trip("Which hotel in Porto?", "For Lisbon.", tool("rooms", outputs="12")), False),
    ],
    ids=["names both", "names none", "looks back", "asked for both", "no new place",
         "another kind of name", "nothing asked", "no work on the new place"],
)  # fmt: skip
def test_a_place_that_may_well_be_meant_is_not_flagged(features: Features, eligible: bool) -> None:
    case = cases(features)["previous topic"]
    assert (len(case.eligible) == 1) is eligible
    assert case.affected.empty


def test_a_word_that_is_also_written_small_is_no_name() -> None:
    names = Names(
        ["I want Hotels in Ghent on Monday.", "which hotels are free?", "Back on Monday in May"]
    )
    assert names.within == {"I want Hotels in Ghent on Monday.": ["Ghent"]}
