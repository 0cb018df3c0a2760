"""Users who correct, complain, or leave after a failure."""

import pytest

from mlflow_analysis.hypotheses.quality.user_dissatisfaction import UserDissatisfaction
from trace_factory import affected_traces, features_of, trace


@pytest.mark.parametrize(
    "complaint",
    [
        "That's wrong, it was in May.",
        "No, I meant the other shop",
        "That is not what I asked.",
        "It still doesn't work",
        "You didn't answer my question",
        "This is useless",
        "That’s disappointing.",
        "I want to talk to a human",
    ],
)
def test_fires_on_complaints_in_a_follow_up(complaint: str) -> None:
    first, second = trace(session="s"), trace(request=complaint, session="s")
    (case,) = UserDissatisfaction().cases(features_of(first, second))
    assert list(case.affected["trace_id"]) == [second.info.trace_id]
    assert list(case.affected["unit"]) == ["s"]
    assert "turn 2" in case.affected["rationale"].iloc[0]
    assert "nothing of harm" in case.statement
    row = case.affected.iloc[0]
    assert complaint[row["offset"] :].startswith(row["excerpt"])


@pytest.mark.parametrize(
    "follow_up",
    [
        "Thanks, that is right.",
        "No thanks.",
        "Is it wrong to eat late?",
        "And on Monday?",
        "What works?",
        "No, that’s all. Thank you!",
        "No, I want the blue one.",
        "My lamp doesn't work, can I return it?",
        "The film was disappointing. Is there another one?",
        "Where is order 99?",
        "If that doesn't work, I can wait.",
        "I am really disappointed with my last stay. Which other hotels are there?",
    ],
)
def test_ordinary_follow_ups_are_not_flagged(follow_up: str) -> None:
    features = features_of(trace(session="s"), trace(request=follow_up, session="s"))
    assert list(UserDissatisfaction().eligible(features)) == ["s"]
    assert not affected_traces(UserDissatisfaction(), features)


def test_a_first_message_is_no_verdict_on_an_answer() -> None:
    features = features_of(
        trace(request="My phone still doesn't work, this is useless", session="s"),
        trace(session="s"),
    )
    assert not affected_traces(UserDissatisfaction(), features)


@pytest.mark.parametrize(
    ("again", "found"),
    [
        ("I said: where is my blue wool blanket?", 1),
        ("Where is my blue wool blanket, which Aunt Erna gave to cousin Karl?", 0),
        ("Where is my red wool blanket?", 0),
        ("My blanket?", 0),
    ],
)
def test_fires_where_the_user_asks_the_same_again(again: str, found: int) -> None:
    first = trace(request="Where is my blue wool blanket?", session="s")
    second = trace(request=again, session="s")
    (case,) = UserDissatisfaction().cases(features_of(first, second))
    assert (
        set(case.affected["trace_id"]) == {second.info.trace_id} if found else case.affected.empty
    )


@pytest.mark.parametrize(
    ("again", "found"),
    [
        ("Please, where is my blue wool blanket, order 4711?", 1),
        ("Where is my blue wool blanket?", 1),
        ("Where is my blue wool blanket, order 4712?", 0),
    ],
)
def test_asking_about_another_number_is_not_asking_the_same(again: str, found: int) -> None:
    first = trace(request="Where is my blue wool blanket, order 4711?", session="s")
    features = features_of(first, trace(request=again, session="s"))
    assert len(affected_traces(UserDissatisfaction(), features)) == found


def test_the_same_request_after_a_failure_is_no_complaint() -> None:
    features = features_of(
        trace(request="Where is my blue blanket?", session="s", state="ERROR", response=""),
        trace(request="Where is my blue blanket?", session="s"),
    )
    assert not affected_traces(UserDissatisfaction(), features)


def _sessions(leave_after_failure: bool) -> list[str]:
    """30 sessions of six turns; in half of them a failure, which ends them or does not."""
    return [
        "OOF" if n % 2 and leave_after_failure else "OOFOOO" if n % 2 else "OOOOOO"
        for n in range(30)
    ]


@pytest.mark.parametrize(("leaves", "found"), [(True, 15), (False, 0)])
def test_leaving_counts_where_failures_make_users_leave(leaves: bool, found: int) -> None:
    records = [
        trace(session=f"s{n}", state="ERROR" if turn == "F" else "OK")
        for n, turns in enumerate(_sessions(leaves))
        for turn in turns
    ]
    assert len(affected_traces(UserDissatisfaction(), features_of(*records))) == found
