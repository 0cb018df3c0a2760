"""What the hypothesis invalid-tool-arguments finds, and what it leaves alone."""

from __future__ import annotations

import pandas as pd
import pytest

from mlflow_analysis.hypotheses.operational.invalid_tool_arguments import (
    InvalidToolArguments,
    argument_names,
)
from trace_factory import affected_traces, features_of, tool, trace


def test_a_rejected_argument_is_found_and_named():
    message = "TypeError: search() got an unexpected keyword argument 'limit'"
    records = [trace(tool("search", status="ERROR", message=message)) for _ in range(3)]
    (case,) = InvalidToolArguments().cases(features_of(*records, trace(tool("search"))))

    assert set(case.affected["trace_id"]) == {each.info.trace_id for each in records}
    assert "The argument named most is limit (3 of 3)." in case.statement


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("search() missing 1 required positional argument: 'query'", "query"),
        ("'order_id' is a required property", "order_id"),
        ("Additional properties are not allowed ('colour' was unexpected)", "colour"),
        ("1 validation error for Search\nquery\n  Field required", "query"),
        ("Bad request", ""),
    ],
)
def test_validators_name_the_argument_in_their_own_ways(message, name):
    assert argument_names(pd.Series([message])).iloc[0] == name


def test_the_tools_own_crash_is_not_flagged():
    features = features_of(
        trace(tool("search", exception=("ZeroDivisionError", "division by zero"), status="ERROR")),
        trace(tool("search", exception=("KeyError", "'colour'"), status="ERROR")),
    )

    assert affected_traces(InvalidToolArguments(), features) == set()
