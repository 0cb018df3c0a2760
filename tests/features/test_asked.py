"""What topics are formed of, as it was read."""

from __future__ import annotations

from mlflow_analysis.features.asked import asked_in
from mlflow_analysis.features.batch import batch_of
from mlflow_analysis.features.extract import extract
from trace_factory import tool, trace


def test_what_is_answered_where_something_failed_is_no_answer() -> None:
    records = [
        trace(tool("search", status="ERROR"), response="It broke."),
        trace(tool("search"), response="Twelve."),
    ]
    asked = asked_in(batch_of([extract(each) for each in records]))
    answers = zip(asked["response"].to_pylist(), asked["is_answer"].to_pylist(), strict=True)
    assert dict(answers) == {"It broke.": False, "Twelve.": True}
