"""Answers whose figures can be traced to what tools returned."""

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.strengths.grounded_answers import GroundedAnswers
from mlflow_analysis.records import TraceRecord
from trace_factory import affected_traces, features_of, tool, trace


def _records(invented: int, count: int = 100, returned: bool = True) -> list[TraceRecord]:
    """Answers with a parcel number and a price each; the first ``invented`` give another price."""
    return [
        trace(
            tool(
                "lookup",
                outputs={"parcel": f"PX-{5000 + n}", "price": 20.5 + n} if returned else "found",
            ),
            request=f"How much is parcel PX-{5000 + n}, more than {20.5 + n}?",
            response=f"PX-{5000 + n} costs {977.13 + 2 * n if n < invented else 20.5 + n:.2f} EUR.",
        )
        for n in range(count)
    ]


def _features(invented: int, count: int = 100, returned: bool = True) -> Features:
    return features_of(*_records(invented, count, returned))


def test_fires_where_everything_has_a_source() -> None:
    records = _records(0)
    features = features_of(*records)
    (case,) = confirmed(GroundedAnswers(), features)
    assert affected_traces(GroundedAnswers(), features) == {each.info.trace_id for each in records}
    assert "Of 200 ids, links and numbers in answers 200 stand" in case.statement
    row = case.affected.iloc[0]
    assert records[0].spans[0].outputs["content"].startswith(row["excerpt"]) and row["offset"] == 0
    assert "All 2 ids, links and numbers" in row["rationale"]


def test_one_invented_price_in_twenty_is_not_claimed() -> None:
    features = _features(5)
    assert len(affected_traces(GroundedAnswers(), features)) == 95
    assert not confirmed(GroundedAnswers(), features)


def test_too_few_values_decide_nothing() -> None:
    (case,) = GroundedAnswers().cases(_features(0, count=24))
    assert "only 48 ids" in case.test_without_effect


def test_repeating_what_the_user_said_is_no_strength() -> None:
    (case,) = GroundedAnswers().cases(_features(0, returned=False))
    assert case.eligible.empty
    assert "only 0 of 200 values" in case.test_without_effect


def test_answers_without_a_value_are_not_eligible() -> None:
    features = features_of(trace(tool("lookup", outputs="fine"), response="All is well."))
    assert GroundedAnswers().eligible(features).empty
