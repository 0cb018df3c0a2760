"""What the hypothesis step-limit-reached finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.step_limit_reached import StepLimitReached
from trace_factory import affected_traces, features_of, model, tool, trace


def test_a_stopped_agent_is_found_by_its_error_and_by_its_answer():
    steps = [tool("search", inputs={"q": n}) for n in range(12)]
    message = "GraphRecursionError: Recursion limit of 25 reached without hitting a stop condition"
    raised = trace(*steps, state="ERROR", root_message=message)
    answered = trace(*steps, response="Agent stopped due to iteration limit or time limit.")
    (case,) = StepLimitReached().cases(
        features_of(raised, answered, trace(model(), tool("search")))
    )

    assert set(case.affected["trace_id"]) == {raised.info.trace_id, answered.info.trace_id}
    assert "These traces made 12 calls at the median, the others 2." in case.statement


def test_an_ok_root_that_says_nothing_but_that_it_was_stopped_is_found_with_its_words():
    stopped = trace(tool("search"), response="Maximum iterations reached.")
    rows = StepLimitReached().affected(features_of(stopped, trace(model())))

    assert list(rows["trace_id"]) == [stopped.info.trace_id]
    assert rows["excerpt"].iloc[0] == "Maximum iterations reached."
    assert rows["offset"].iloc[0] == '{"content":"Maximum'.index("Maximum")
    assert rows["rationale"].iloc[0].endswith("; the trace is recorded as OK all the same.")


def test_an_answer_that_begins_with_it_and_goes_on_is_found():
    stopped = trace(response="Reached max steps. " + "This is what I have so far. " * 40)

    assert affected_traces(StepLimitReached(), features_of(stopped, trace())) == {
        stopped.info.trace_id
    }


def test_a_long_run_that_ends_by_itself_is_not_flagged():
    features = features_of(
        trace(*[tool("search", inputs={"q": n}) for n in range(40)]),
        trace(response="The maximum number of steps is 25; you can raise it in the settings."),
    )

    assert affected_traces(StepLimitReached(), features) == set()
