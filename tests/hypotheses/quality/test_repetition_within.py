"""Answers that say the same thing twice."""

from mlflow_analysis.hypotheses.quality.repetition_within import RepetitionWithin
from trace_factory import affected_traces, features_of, trace

DISTINCT = (
    "Your parcel left the warehouse in the morning. The driver has it on his list for the afternoon, and "
    "he will ring twice before he leaves it with a neighbour. You may change the address until noon."
)


def test_fires_on_a_sentence_that_stands_there_twice() -> None:
    record = trace(response=DISTINCT + " Your parcel left the warehouse in the morning.")
    (case,) = RepetitionWithin().cases(features_of(record))
    assert list(case.affected["trace_id"]) == [record.info.trace_id]
    assert case.affected["excerpt"].iloc[0] == "Your parcel left the warehouse in the morning."
    assert "2 times" in case.affected["rationale"].iloc[0]


def test_fires_on_a_loop_without_full_stops() -> None:
    record = trace(response="and then we go on and see what comes " * 8)
    assert affected_traces(RepetitionWithin(), features_of(record)) == {record.info.trace_id}


def test_distinct_sentences_are_not_flagged() -> None:
    features = features_of(trace(response=DISTINCT))
    assert len(RepetitionWithin().eligible(features)) == 1
    assert not affected_traces(RepetitionWithin(), features)


def test_code_lists_and_tables_are_not_flagged() -> None:
    code = "```\n" + "x = compute(x, y, z, 1)\n" * 10 + "```"
    items = "\n".join(["- the price of the small plan is five"] * 6)
    rows = "\n".join(["| the price of the small plan | five |"] * 6)
    features = features_of(trace(response="\n".join([DISTINCT, code, items, rows])))
    assert len(RepetitionWithin().eligible(features)) == 1
    assert not affected_traces(RepetitionWithin(), features)


def test_repetition_on_request_is_not_eligible() -> None:
    looped = "and then we go on and see what comes " * 8
    features = features_of(trace(request="Repeat this sentence for me", response=looped))
    assert RepetitionWithin().eligible(features).empty


def test_without_a_long_answer_nothing_is_eligible() -> None:
    assert RepetitionWithin().eligible(features_of(trace(response="Yes."))).empty
