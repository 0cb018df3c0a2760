"""The same question, the same evidence, another answer."""

import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.quality.inconsistent_answers import InconsistentAnswers
from trace_factory import affected_traces, features_of, tool, trace


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        ("You can return items within 30 days.", "Returns are accepted for 14 days."),
        ("Delivery costs $4.99.", "Delivery is $7.50 at the moment."),
        ("Yes, sale items are included.", "No, sale items are not included."),
        ("Sale items are eligible.", "I'm afraid sale items are not eligible."),
        ("It ends on June 3, 2026.", "It ends on 30 June 2026."),
        ("It is open on Monday.", "It is open on Friday."),
        ("The rate is 5%.", "The rate is 7 percent."),
        ("Your contact is Anna Schmidt there.", "Your contact is Peter Weber there."),
        ("You can bring a dog.", "You cannot bring a dog."),
    ],
)
def test_fires_on_contradicting_facts(usual: str, other: str) -> None:
    asked = "What is the return policy for sale items?"
    records = [trace(request=asked, response=usual) for _ in range(3)]
    records.append(trace(request="what's your return policy for sale items", response=other))
    features = features_of(*records)

    (case,) = InconsistentAnswers().cases(features)

    assert set(case.affected["trace_id"]) == {records[3].info.trace_id}
    assert len(case.eligible) == 1
    assert case.members is not None and len(case.members) == 4
    assert usual in case.affected["excerpt"].iloc[0] and other in case.affected["excerpt"].iloc[0]
    assert "3 answers give" in case.affected["rationale"].iloc[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "You can return items within 30 days.",
            "Items may be returned for 30 days after delivery.",
        ),
        ("You can return items within 30 days.", "Yes, that is possible for any item."),
        ("Within 30 days, and 14 days for shoes.", "Within 30 days."),
        ("Order 77 is on its way.", "It left the warehouse."),
        ("We sent reference 48213 to you.", "We sent reference 99120 to you."),
    ],
)
def test_the_same_facts_in_other_words_are_not_flagged(first: str, second: str) -> None:
    asked = "What is the return policy?"
    features = features_of(
        trace(request=asked, response=first), trace(request=asked, response=second)
    )
    assert not affected_traces(InconsistentAnswers(), features)


def test_another_order_is_another_question() -> None:
    features = features_of(
        trace(request="When does order 1234 arrive?", response="In 2 days."),
        trace(request="When does order 1235 arrive?", response="In 9 days."),
        trace(request="Is the red shirt in stock?", response="Yes, it is."),
        trace(request="Is the blue shirt in stock?", response="No, it is not."),
    )
    assert InconsistentAnswers().eligible(features).empty


def test_the_same_number_said_twice_is_the_same_question() -> None:
    features = features_of(
        trace(request="When does order 1234 arrive?", response="In 2 days."),
        trace(request="Order 1234, when does order 1234 arrive?", response="In 9 days."),
    )
    assert len(InconsistentAnswers().eligible(features)) == 1


def test_other_tool_outputs_may_change_the_answer() -> None:
    asked = "When does order 1234 arrive?"
    features = features_of(
        trace(tool("track", outputs={"days": 2}), request=asked, response="In 2 days."),
        trace(tool("track", outputs={"days": 9}), request=asked, response="In 9 days."),
    )
    assert not affected_traces(InconsistentAnswers(), features)


def test_the_same_tool_outputs_may_not() -> None:
    asked = "When does order 1234 arrive?"
    features = features_of(
        trace(tool("track", outputs={"days": 2}), request=asked, response="In 2 days."),
        trace(tool("track", outputs={"days": 2}), request=asked, response="In 9 days."),
    )
    assert len(affected_traces(InconsistentAnswers(), features)) == 1


def test_what_is_mine_differs_from_user_to_user() -> None:
    asked = "What is my balance?"
    features = features_of(
        trace(request=asked, response="It is $20.", user="ann"),
        trace(request=asked, response="It is $90.", user="bob"),
    )
    assert InconsistentAnswers().eligible(features).empty


ACCOUNT = tool("account", outputs={"level": "gold"})


@pytest.mark.parametrize(
    "asked",
    [
        "What is my balance?",
        "Did I earn enough points for a voucher?",
        "When does my order 1234 arrive?",
    ],
)
def test_what_users_ask_about_themselves_is_compared_for_one_user_on_one_output_only(
    asked: str,
) -> None:
    def groups(users: tuple[str, str], calls: bool) -> int:
        records = [
            trace(*([ACCOUNT] if calls else []), request=asked, response="In 3 days.", user=user)
            for user in users
        ]
        return len(InconsistentAnswers().eligible(features_of(*records)))

    assert groups(("ann", "bob"), calls=True) == 0
    assert groups(("ann", "ann"), calls=False) == 0
    assert groups(("ann", "ann"), calls=True) == 1


def test_answers_that_state_nothing_of_one_kind_could_not_contradict() -> None:
    asked = "What is the return policy?"
    features = features_of(
        trace(request=asked, response="Within 30 days."),
        trace(request=asked, response="A fair one."),
    )
    assert InconsistentAnswers().eligible(features).empty


def test_how_to_questions_are_the_same_for_all_users() -> None:
    asked = "How do I return a lamp?"
    features = features_of(
        trace(request=asked, response="Send it back within 30 days.", user="ann"),
        trace(request=asked, response="Send it back within 14 days.", user="bob"),
    )
    assert len(affected_traces(InconsistentAnswers(), features)) == 1


def test_a_difference_counts_only_where_sentences_are_more_alike_than_by_chance() -> None:
    """Each answer names a number of days, in sentences that random pairs share two words of."""
    words = ["lamp", "sofa", "rug", "vase", "clock", "desk", "shelf", "mirror", "bowl", "chair"]
    others = [
        trace(
            request=f"{word} {word}ness {word}ing terms?",
            response=f"All goods count {number + 20} days with {word} care.",
        )
        for number, word in enumerate(words)
        for _ in range(6)
    ]
    asked = "What is the return policy?"
    usual = [
        trace(request=asked, response="Returns are free within 30 days of delivery.")
        for _ in range(2)
    ]
    alike = trace(request=asked, response="Returns are free within 14 days of delivery.")
    apart = trace(request=asked, response="Some other goods, 7 days perhaps, vary a lot.")

    (case,) = InconsistentAnswers().cases(features_of(*others, *usual, alike, apart))

    assert set(case.affected["trace_id"]) == {alike.info.trace_id}
    assert "than 95% of those" in case.statement


def test_one_bad_group_of_many_is_not_confirmed() -> None:
    records = []
    for number in range(20):
        answers = ("In 2 days.", "In 9 days.") if number == 0 else ("In 2 days.", "In 2 days.")
        records += [
            trace(request=f"When does order {100 + number} arrive?", response=text)
            for text in answers
        ]
    features = features_of(*records)
    assert len(InconsistentAnswers().eligible(features)) == 20
    assert not confirmed(InconsistentAnswers(), features)


def test_the_question_counts_and_not_the_greeting_around_it() -> None:
    features = features_of(
        trace(
            request="Hello there. I may move soon. What is the return policy?", response="30 days."
        ),
        trace(request="What is the return policy?", response="14 days."),
    )
    assert len(affected_traces(InconsistentAnswers(), features)) == 1


def test_a_name_or_number_around_the_question_makes_it_another() -> None:
    features = features_of(
        trace(request="I live in France. What is the return policy?", response="30 days."),
        trace(request="I live in Spain. What is the return policy?", response="14 days."),
        trace(request="I have tariff 7. What is the notice period?", response="30 days."),
        trace(request="I have tariff 8. What is the notice period?", response="14 days."),
    )
    assert InconsistentAnswers().eligible(features).empty


def test_another_figure_in_the_same_words_contradicts_where_all_answers_are_alike() -> None:
    things = [
        f"{a}{b}" for a in ("oak", "fir", "elm", "ash") for b in ("desk", "sofa", "lamp", "bed")
    ]
    records = [
        trace(
            tool(f"{thing}_stock", outputs={"of": thing}),
            request=f"{thing}count {thing}stock {thing}room?",
            response=f"There are {answer} pieces in store.",
        )
        for number, thing in enumerate(things)
        for answer in (100 + number, (200 if number < 3 else 100) + number)
    ]
    (case,) = InconsistentAnswers().cases(features_of(*records))
    assert len(case.eligible) == len(things)
    assert len(case.affected) == 3
