"""``--json``: valid by the published schema, in the order of the contract, the same bytes each time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import sample_analysis as sample
from mlflow_analysis.contract import schema
from mlflow_analysis.contract.writing import AnalysisJson, analysis_to_json, to_text
from mlflow_analysis.findings.analysis import Window
from mlflow_analysis.review import Decision, Review
from mlflow_analysis.review.acceptance import AcceptPolicy


def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def _everything() -> dict[str, object]:
    full = sample.analysis(
        sample.finding(),
        sample.strength(),
        sample.refuted(),
        sample.inconclusive(),
        sample.not_testable(),
    )
    return analysis_to_json(full, Review(None, "me"))


def test_schema_is_itself_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_kind_of_finding_is_valid() -> None:
    _validator().validate(_everything())


def test_an_experiment_without_anything_is_valid() -> None:
    nothing = sample.analysis(window=Window(None, None), timings={})
    statistics = replace(
        nothing.statistics, success_rate=None, latency_ms={}, tokens={"total": None}
    )
    _validator().validate(
        analysis_to_json(replace(nothing, statistics=statistics), Review(None, "me"))
    )


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("findings", 0, "verdict"), "maybe"),
        (("findings", 0, "rate"), 1.2),
        (("findings", 0, "interval"), [0.1]),
        (("findings", 0, "decision"), None),
        (("schema_version",), 2),
        (("surprise",), 1),
    ],
)
def test_the_schema_refuses_what_the_contract_does_not_say(
    path: tuple[str | int, ...], wrong: object
) -> None:
    content = json.loads(to_text(_everything()))
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    with pytest.raises(jsonschema.ValidationError):
        _validator().validate(content)


def test_keys_stand_in_the_order_of_the_contract() -> None:
    content = _everything()
    assert list(content) == [
        "schema_version", "tool", "experiment", "window", "seed", "tests_run", "traces",
        "statistics", "purpose", "findings", "timings", "notes",
    ]  # fmt: skip
    assert list(content["findings"][0]) == [  # type: ignore[index]
        "fingerprint", "hypothesis", "title", "statement", "category", "verdict", "reason",
        "severity", "decision", "unit", "affected", "eligible", "rate", "interval", "effect",
        "p_value", "q_value", "needs_more", "trace_ids", "assessments", "examples", "root_causes",
        "impact", "recommendation", "replicates", "held_out", "outcomes", "aliases", "parent", "course",
        "subject", "why", "not_flagged", "onset", "trend", "durations",
    ]  # fmt: skip


def test_figures_have_six_digits_and_what_is_no_number_is_null() -> None:
    odd = sample.finding(
        p_value=0.000123456789,
        effect=replace(sample.finding().effect, value=float("inf"), interval=(float("nan"), 1.0)),  # type: ignore[type-var]
    )
    content = analysis_to_json(sample.analysis(odd), Review(None, "me"))
    (finding,) = content["findings"]
    assert finding["p_value"] == 0.000123457
    assert finding["interval"] == [0.0731235, 0.206]
    assert finding["effect"]["value"] is None
    assert finding["effect"]["interval"] == [None, 1.0]
    assert content["window"]["from"] == "2026-06-01T00:00:00.000Z"
    _validator().validate(content)


def test_equal_analyses_give_equal_bytes_apart_from_timings() -> None:
    first = sample.analysis(sample.finding(), sample.refuted())
    second = replace(sample.analysis(sample.finding(), sample.refuted()), timings={"reading": 99.9})
    one, two = (analysis_to_json(each, Review(None, "me")) for each in (first, second))
    assert one.pop("timings") != two.pop("timings")
    assert to_text(one).encode() == to_text(two).encode()


def test_the_decision_is_the_reviews(tmp_path: Path) -> None:
    accepted, rejected, open_one = (
        sample.finding(fingerprint=name) for name in ("one", "two", "three")
    )
    review = Review(tmp_path / "journal.jsonl", "me")
    review.decide(accepted, Decision.ACCEPTED)
    review.decide(rejected, Decision.REJECTED, "by design")

    def decisions(accept: AcceptPolicy) -> list[str]:
        content = analysis_to_json(
            sample.analysis(accepted, rejected, open_one, sample.refuted()), review, accept=accept
        )
        return [finding["decision"] for finding in content["findings"]]

    assert decisions(AcceptPolicy.REVIEWED) == ["accepted", "rejected", "undecided", "undecided"]
    assert decisions(AcceptPolicy.CONFIRMED) == ["accepted", "rejected", "accepted", "undecided"]
    assert decisions(AcceptPolicy.NONE) == ["undecided", "rejected", "undecided", "undecided"]


def test_what_people_say_is_added_anew_each_time_it_is_asked_for(tmp_path: Path) -> None:
    analysis = sample.analysis(sample.finding(), sample.refuted())
    untouched, review = Review(None, "me"), Review(tmp_path / "journal.jsonl", "me")
    review.decide(sample.finding(), Decision.REJECTED, "by design")
    as_json = AnalysisJson(analysis)
    for each in (untouched, review, untouched):
        assert as_json.reviewed(each) == analysis_to_json(analysis, each)


def test_ids_that_a_terminal_would_obey_are_made_visible() -> None:
    ids = ("tr-1", "tr-\x1b[2J", "tr-3\r")
    (told,) = analysis_to_json(
        sample.analysis(sample.finding(trace_ids=ids)), Review(None, "me"), show_secrets=True
    )["findings"]
    assert told["trace_ids"] == ["tr-1", "tr-\u241b[2J", "tr-3\u240d"]


def test_text_that_a_terminal_would_obey_is_made_visible() -> None:
    hostile = sample.finding(statement="\x1b]52;c;aGk=\x07 \u202egnp.exe \ud800")
    text = to_text(analysis_to_json(sample.analysis(hostile), Review(None, "me")))
    assert not {"\x1b", "\x07", "\u202e", "\ud800"} & set(text)
    text.encode("utf-8")
