"""Long answers to simple questions."""

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.quality.verbose_response import VerboseResponse
from mlflow_analysis.records import TraceRecord
from trace_factory import affected_traces, features_of, trace

LONG = " ".join(f"word{number}" for number in range(180))
SHORT = "It closes at six."


def test_fires_where_short_questions_get_long_answers() -> None:
    records = [trace(request="When do you close?", response=LONG) for _ in range(12)]
    records += [trace(request="When do you open?", response=SHORT) for _ in range(10)]
    features = features_of(*records)

    assert affected_traces(VerboseResponse(), features) == {
        record.info.trace_id for record in records[:12]
    }
    assert confirmed(VerboseResponse(), features)
    row = next(iter(VerboseResponse().cases(features))).affected.iloc[0]
    assert "180 words" in row["rationale"] and "question of 4" in row["rationale"]
    assert LONG.startswith(row["excerpt"]) and row["offset"] == 0


def test_some_long_answers_where_the_median_is_short_are_not_flagged() -> None:
    records = [trace(request="When do you close?", response=LONG) for _ in range(12)]
    records += [trace(request="When do you open?", response=SHORT) for _ in range(13)]
    assert not affected_traces(VerboseResponse(), features_of(*records))


def test_the_median_is_that_of_the_prompt_version() -> None:
    def of_prompt(version: str, response: str, count: int) -> list[TraceRecord]:
        link = {"mlflow.linkedPrompts": f'[{{"name": "agent", "version": "{version}"}}]'}
        return [
            trace(request="When do you close?", response=response, tags=link) for _ in range(count)
        ]

    wordy, terse = of_prompt("7", LONG, 12), of_prompt("6", SHORT, 30)
    (case,) = VerboseResponse().cases(features_of(*wordy, *terse))

    assert set(case.affected["trace_id"]) == {record.info.trace_id for record in wordy}
    assert len(case.eligible) == 42
    assert "7" in case.statement


def test_requests_for_something_long_are_not_flagged() -> None:
    requests = (
        "Explain how returns work.",
        "List all your shops.",
        "Write a letter to my landlord.",
        "Why was I charged twice?",
        "Can you compare the two plans?",
        "What is open on Sunday? And what on Monday?",
        "Is this right?\nfoo = 1\nbar = 2",
        " ".join(["word"] * 16) + "?",
        "My name is Ann and I live in Ghent.",
    )
    features = features_of(*(trace(request=request, response=LONG) for request in requests))

    assert VerboseResponse().eligible(features).empty
    assert not affected_traces(VerboseResponse(), features)


def test_149_words_are_not_flagged() -> None:
    def flagged(words: int) -> int:
        text = " ".join(["so"] * words)
        records = (trace(request="When do you close?", response=text) for _ in range(10))
        return len(affected_traces(VerboseResponse(), features_of(*records)))

    assert flagged(149) == 0
    assert flagged(150) == 10


def test_answers_that_grow_with_the_request_are_not_flagged() -> None:
    essay = " ".join(f"word{number}" for number in range(600))
    records = [trace(request="When do you close?", response=LONG) for _ in range(12)]
    records += [trace(request="Explain your opening hours.", response=essay) for _ in range(12)]
    assert not affected_traces(VerboseResponse(), features_of(*records))


def test_failed_traces_are_not_eligible() -> None:
    features = features_of(trace(request="When do you close?", response=LONG, state="ERROR"))
    assert VerboseResponse().eligible(features).empty
