"""What the hypothesis code-execution-error finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.code_execution_error import CodeExecutionError
from trace_factory import affected_traces, features_of, tool, trace


def test_generated_code_that_raises_is_found():
    output = "Traceback (most recent call last):\n  File main.py, line 1\nModuleNotFoundError: No module named 'pylot'"
    features = features_of(trace(tool("python_interpreter", outputs=output)))
    (case,) = CodeExecutionError().cases(features)

    assert case.affected["excerpt"].iloc[0].startswith("ModuleNotFoundError")
    assert "ran generated code that raised an exception" in case.affected["rationale"].iloc[0]


def test_test_failures_that_the_task_asked_to_see_are_not_flagged():
    features = features_of(
        trace(
            tool("run_tests", outputs="2 passed, 1 failed\ntest_sum: AssertionError was reported")
        ),
        trace(tool("python_interpreter", outputs="The error rate is 0.2")),
    )

    assert affected_traces(CodeExecutionError(), features) == set()
