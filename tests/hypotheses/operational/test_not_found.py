"""What the hypothesis not-found finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.not_found import NotFound
from trace_factory import affected_traces, features_of, tool, trace


def test_a_missing_record_is_found_with_its_place_in_the_output():
    features = features_of(trace(tool("get_order", outputs={"error": "order 77 not found"})))
    (case,) = NotFound().cases(features)
    row = case.affected.iloc[0]
    output = features.spans["output"][row["unit"]]

    assert output[row["offset"] :].startswith(row["excerpt"])
    assert row["rationale"].startswith(
        "get_order asked for something that does not exist after 0.1 s"
    )


def test_an_empty_search_result_is_not_flagged():
    features = features_of(
        trace(tool("search", outputs=[])),
        trace(tool("search", outputs={"results": [], "total": 0})),
        trace(tool("search", outputs="The guide says what to do when a file is not found.")),
    )

    assert affected_traces(NotFound(), features) == set()
