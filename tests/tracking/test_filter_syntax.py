"""A filter that MLflow refuses: which word it is, and what helps. What MLflow takes is refused nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import stores
from mlflow_analysis.tracking.address import parse
from mlflow_analysis.tracking.connection import ConnectionProblem, FilterNotUnderstood, connect
from mlflow_analysis.tracking.filter_syntax import (
    check_filter,
    comparators_of,
    fault_in,
    fields,
)
from mlflow_analysis.tracking.versions import refuses_as_known

REFUSED = [
    # filter, the word that it is about, what is said
    ("trace.stat = 'ERROR'", "stat", "Traces have no field “stat”. Did you mean trace.status?"),
    ("foo.bar = 'x'", "foo", "“foo” begins no field."),
    ("tags.region = eu", "eu", "“eu” needs quotes. Write 'eu'"),
    ("status = OK", "OK", "“OK” needs quotes. Write 'OK'"),
    ("tags.a = 5", "5", "“5” needs quotes. Write '5'"),
    ("feedback.helpful = true", "true", "“true” needs quotes. Write 'true'"),
    ("trace.execution_time_ms > 'x'", "'x'", "is compared with a number"),
    ("trace.execution_time_ms LIKE '5'", "LIKE", "It takes =, !=, <, <=, >, >=."),
    ("tags.region > 'eu'", ">", "“>” does not go with tags.region. It takes =, !=, LIKE"),
    ("span.name > 'x'", ">", "“>” does not go with span.name."),
    ("trace.status > 5", ">", "“>” does not go with trace.status."),
    ("trace.status = 5", "5", "“5” needs quotes."),
    ("span.foo = 'x'", "foo", "Spans have no field “foo”."),
    ("trace.text = 'x'", "=", "It takes LIKE, ILIKE."),
    ("session = 'x'", "session", "Write metadata.`mlflow.trace.session`"),
    ("tags.a = 'x' OR tags.b = 'y'", "OR", "MLflow's filters know no OR."),
    ("(trace.status = 'OK')", "(", "know no brackets here"),
    ("tags.region = 'eu", "'", "This quote is not closed."),
    ("trace.status =", "=", "A value is missing after “=”."),
    ("= 'x'", "=", "The field is missing."),
    ("trace.status", "trace.status", "This is no whole condition."),
]


@pytest.mark.parametrize(("text", "word", "says"), REFUSED)
def test_a_refusal_points_at_the_word(text: str, word: str, says: str) -> None:
    fault = fault_in(text)
    assert fault is not None
    assert text[fault.start : fault.end] == word
    assert says in f"{fault.sentence} {fault.remedy}"


@pytest.mark.parametrize(("text", "word", "says"), REFUSED)
def test_the_place_is_right_behind_other_conditions_too(text: str, word: str, says: str) -> None:
    before = "tags.`odd AND even` = 'fish AND chips' AND "
    fault = fault_in(before + text)
    assert fault is not None
    assert (before + text)[fault.start : fault.end] == word
    assert fault.start >= len(before)
    assert says in f"{fault.sentence} {fault.remedy}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "trace.status = 'ERROR'",
        "status = 'ERROR' and tags.region = 'eu'",
        "trace.status NOT IN ('OK', 'IN_PROGRESS')",
        "trace.execution_time_ms > 5000 AND trace.timestamp_ms <= 1780000000000",
        "metadata.`mlflow.trace.session` = 's AND t' AND tags.`my key` IS NOT NULL",
        "feedback.helpful = 'true' AND feedback.score >= 3",
        "span.name LIKE '%card' AND span.attributes.model = 'x' AND trace.text ILIKE '%OR%'",
    ],
)
def test_what_mlflow_takes_is_not_refused(text: str) -> None:
    assert fault_in(text) is None
    check_filter(text)


def test_what_is_not_refused_is_taken_by_a_store(small_store: Path) -> None:
    source = connect(f"sqlite:///{small_store}").experiment(stores.EXPERIMENT)
    for text in ("trace.status = 'ERROR'", "tags.region = 'eu' AND trace.execution_time_ms > 1"):
        assert fault_in(text) is None
        assert next(source.infos(text))


REFUSED_BY_TABLES = [
    ("trace.prompt LIKE 'greet%'", "LIKE", "“LIKE” does not go with trace.prompt. It takes =."),
    ("prompt != 'greeting/1'", "!=", "“!=” does not go with prompt. It takes =."),
    ("trace.prompt IS  NOT NULL", "IS  NOT NULL", "“IS NOT NULL” does not go with trace.prompt."),
    ("tags.prompt LIKE 'greet%'", "LIKE", "does not go with tags.prompt."),  # MLflow: the same
    ("trace.prompt = 'greeting'", "'greeting'", "example: trace.prompt = 'greeting/2'"),
    ("span.attributes.model IN ('x', 'y')", "IN", "does not go with span.attributes.model."),
    ("span.attributes.`a b` NOT IN ('x')", "NOT IN", "It takes =, !=, LIKE, ILIKE, RLIKE."),
]
TAKEN_BY_TABLES = [
    "trace.prompt = 'greeting/1'",
    "span.attributes.model = 'x' AND span.attributes.`a b` LIKE 'x'",
    "span.name IN ('a', 'b') AND trace.status IN ('OK')",
    "tags.prompts LIKE 'greet%'",
]


@pytest.mark.parametrize(("text", "word", "says"), REFUSED_BY_TABLES)
def test_what_only_the_tables_refuse_is_refused_before_it_is_sent(
    small_store: Path, text: str, word: str, says: str
) -> None:
    connection = connect(f"sqlite:///{small_store}")
    before = "trace.status = 'OK' AND "
    with pytest.raises(FilterNotUnderstood) as caught:
        connection.check_filter(before + text)
    start, end = caught.value.place
    assert (before + text)[start:end] == word
    assert says in f"{caught.value.sentence} {caught.value.remedy}"
    assert fault_in(text) is None  # nothing is known of a store that is not named
    with pytest.raises(FilterNotUnderstood):  # the store itself, asked all the same
        next(connection.experiment(stores.EXPERIMENT).infos(text))


@pytest.mark.parametrize("text", TAKEN_BY_TABLES)
def test_what_the_tables_take_is_sent(small_store: Path, text: str) -> None:
    connection = connect(f"sqlite:///{small_store}")
    connection.check_filter(text)
    assert list(connection.experiment(stores.EXPERIMENT).infos(text)) is not None


@pytest.mark.server
def test_a_server_refuses_and_takes_the_same(server: str) -> None:
    connection = connect(server)
    source = connection.experiment(stores.EXPERIMENT)
    for text, _, _ in REFUSED_BY_TABLES:
        with pytest.raises(FilterNotUnderstood):
            connection.check_filter(text)
        with pytest.raises(ConnectionProblem):
            next(source.infos(text))
    for text in TAKEN_BY_TABLES:
        connection.check_filter(text)
        list(source.infos(text))


@pytest.mark.parametrize(
    "text", ["span.name = 'x'", "trace.text LIKE 'x'", "feedback.good = 'true'", "issue.id = 'x'"]
)
def test_files_are_filtered_by_what_stands_beside_the_spans(file_store: Path, text: str) -> None:
    connection = connect(str(file_store))
    with pytest.raises(FilterNotUnderstood, match="kept in files") as caught:
        connection.check_filter(text)
    assert caught.value.place == (0, len(text.split()[0]))
    with pytest.raises(FilterNotUnderstood):
        next(connection.experiment(stores.EXPERIMENT).infos(text))
    connection.check_filter("trace.prompt LIKE 'greet%' AND tags.region = 'eu'")


@pytest.mark.parametrize(
    ("server", "refuses"), [("3.17.2", True), ("3.9.0", True), ("3.18.0", False), ("", False)]
)
def test_a_newer_server_decides_itself(server: str, refuses: bool) -> None:
    address = parse("http://tracking.example")
    assert refuses_as_known(address, "3.17.2", server) is refuses


def test_a_refusal_carries_the_place() -> None:
    with pytest.raises(FilterNotUnderstood, match="no field") as caught:
        check_filter("trace.stat = 'x'")
    assert caught.value.place == (6, 10)


def test_the_comparators_of_a_field_are_those_that_mlflow_takes() -> None:
    assert comparators_of("trace.execution_time_ms") == ("=", "!=", "<", "<=", ">", ">=")
    assert comparators_of("trace.text") == ("LIKE", "ILIKE")
    assert "IN" in comparators_of("trace.status")
    assert "IN" not in comparators_of("trace.name")  # MLflow keeps the name as a tag
    assert "IS NULL" in comparators_of("tags.`my key`")
    assert comparators_of("trace.colour") == comparators_of("") == ()
    assert all(comparators_of(field) for field in fields())
