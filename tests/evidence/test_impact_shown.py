"""Impact as the JSON, the report and the board show it."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema

import sample_analysis as sample
from mlflow_analysis.contract import schema
from mlflow_analysis.contract.writing import analysis_to_json, to_text
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.impact import Impact, Retimed
from mlflow_analysis.report.render import render_markdown
from mlflow_analysis.review import Review
from mlflow_analysis.review.acceptance import AcceptPolicy
from mlflow_tui.widgets.measured import impact_words, mended_words

_REPLAYED = Impact(
    7.0, 5, 81.5, 12_000, 21.0, 3.0, "replayed", 3.25, 4.5, Retimed(3.4, 3.1, 12.0, 7.25, 40)
)


def _finding(impact: Impact) -> Finding:
    return replace(sample.finding(), impact=impact)


def test_the_json_holds_the_retimed_durations_and_passes_the_schema() -> None:
    content = json.loads(
        to_text(analysis_to_json(sample.analysis(_finding(_REPLAYED)), Review(None, "me")))
    )
    jsonschema.Draft202012Validator(schema()).validate(content)
    assert content["findings"][0]["impact"] == {
        "traces": 7.0, "failures": 5, "seconds": 81.5, "tokens": 12000, "score": 21.0,
        "severity_weight": 3.0, "reason": "replayed", "rescued": 3.25, "money_usd": 4.5,
        "retimed": {"p50_before_s": 3.4, "p50_after_s": 3.1, "p95_before_s": 12.0,
                    "p95_after_s": 7.25, "traces": 40},
    }  # fmt: skip


def test_what_is_not_known_is_null() -> None:
    content = analysis_to_json(sample.analysis(_finding(Impact(7.0))), Review(None, "me"))
    jsonschema.Draft202012Validator(schema()).validate(json.loads(to_text(content)))
    impact = content["findings"][0]["impact"]
    assert impact["retimed"] is None and impact["money_usd"] is None and impact["seconds"] is None


def _report(impact: Impact) -> str:
    analysis = sample.analysis(_finding(impact))
    return render_markdown(analysis, Review(None, "me"), accept=AcceptPolicy.CONFIRMED)


def test_the_report_tells_what_mending_gives_and_the_three_numbers_of_the_rank() -> None:
    text = _report(_REPLAYED)
    assert "at least 3 failures began with it" in text
    assert "at least 81.5 s of waiting saved" in text
    assert "p50 3.40 s to 3.10 s; p95 12.0 s to 7.25 s" in text
    assert "$4.50" in text
    assert "**Rank:** 21.0 = 7.0 traces × 3 for high severity" in text


def test_the_report_does_not_call_recorded_time_saved() -> None:
    text = _report(replace(_REPLAYED, retimed=None))
    assert "of waiting saved" not in text and "of waiting" in text


def test_the_board_tells_it_too() -> None:
    assert mended_words(_REPLAYED.retimed) == "p50 3.4 s to 3.1 s, p95 12.0 s to 7.2 s"  # type: ignore[arg-type]
    assert "82 s saved" in impact_words(_finding(_REPLAYED)) and "$4.50" in impact_words(
        _finding(_REPLAYED)
    )
    assert "82 s lost" in impact_words(_finding(replace(_REPLAYED, retimed=None)))
