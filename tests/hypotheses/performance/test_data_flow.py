"""What counts as a value handed from one call to the next."""

from __future__ import annotations

import json

import pytest

from mlflow_analysis.hypotheses.performance.data_flow import (
    argument_values,
    changes_something,
    uses_output,
    values,
)


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ('{"id": "C-7781"}', '{"customer": "C-7781"}'),
        ('{"path": "/data/C-7781/orders"}', '{"customer": "C-7781"}'),
        ('{"q": "AB-1"}', '{"code": "AB-1"}'),
        ('{"q": "x:AB-1:y"}', '{"code": "AB-1"}'),
        ('{"q": "tab\\tC-7781"}', '{"customer": "C-7781"}'),
        ("orders of C-7781", "the customer is C-7781"),
        ('["C-7781"]', '{"customer": "C-7781-2026"}'),
    ],
)
def test_a_value_that_was_returned_is_used(arguments: str, output: str) -> None:
    assert uses_output(arguments, output, "Where are Ann's orders?")


@pytest.mark.parametrize(
    ("arguments", "output", "known"),
    [
        ('{"id": "C-7781"}', '{"customer": "C-7781"}', "I am customer C-7781."),
        ('{"customer": "Ann"}', '{"customer": "C-7781"}', ""),
        ('{"flag": true}', '{"flag": true}', ""),
        ('{"id": "C-9"}', '{"customer": "C-7781"}', ""),
        ("{}", '{"customer": "C-7781"}', ""),
    ],
)
def test_what_is_known_or_only_a_name_of_a_field_is_not(
    arguments: str, output: str, known: str
) -> None:
    assert not uses_output(arguments, output, known)


def test_arguments_are_read_the_same_with_and_without_parsing() -> None:
    for recorded in (
        {"order_id": "A-17", "deep": {"list": [12345, "x.y@z.org", True, None], "n": 3.25}},
        {"a": "", "b": []},
        {},
    ):
        text = json.dumps(recorded)
        assert argument_values(text) == values(text)


def test_names_that_change_something() -> None:
    assert changes_something("create_order") and changes_something("sendMail")
    assert not changes_something("order_status") and not changes_something("run_query")
