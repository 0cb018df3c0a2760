"""An analysis is read back from its JSON, and the last one of each experiment is kept."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

import sample_analysis as sample
from mlflow_analysis.contract.kept import keep_analysis, kept_analyses, part_covered, set_aside
from mlflow_analysis.contract.reading import (
    AnalysisNotUnderstood,
    analysis_from_json,
    read_analysis,
)
from mlflow_analysis.contract.writing import analysis_to_json, to_text
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.impact import Impact, Retimed
from mlflow_analysis.findings.statistics import TimePoint
from mlflow_analysis.report import render_html, render_markdown
from mlflow_analysis.review import Decision, Review
from mlflow_analysis.review.acceptance import AcceptPolicy


def everything() -> Analysis:
    analysis = sample.analysis(
        sample.finding(
            onset_ms=sample.START_MS + 1,
            impact=Impact(7.0, 5, 81.5, 12_000, 21.0, 3.0, "", 2.0, 0.5, Retimed(1, 2, 3, 4, 5)),
            interval=(0.073123, 0.206),
            p_value=0.000123,
        ),
        sample.strength(),
        sample.refuted(),
        sample.inconclusive(),
        sample.not_testable(),
        timings={"began_ms": sample.START_MS, "reading": 1.25},
    )
    timeline = (
        TimePoint(sample.START_MS, 10, 2, 900.0, None),
        TimePoint(sample.START_MS + 5, 0, 0, None, None),
    )
    statistics = replace(
        analysis.statistics,
        success_rate=0.873333,
        timeline=timeline,
        tokens={"total": 45_339_151.0},
    )
    findings = tuple(
        replace(
            each,
            interval=(round(each.interval[0], 6), each.interval[1]),
            p_value=None if each.p_value is None else round(each.p_value, 6),
            outcomes=tuple(
                replace(contrast, p_value=0.0321, q_value=0.0642) for contrast in each.outcomes
            ),
        )
        for each in analysis.findings
    )
    return replace(analysis, statistics=statistics, findings=findings)


def read_back(analysis: Analysis) -> Analysis:
    content = analysis_to_json(analysis, Review(None, "me"), show_secrets=True)
    return analysis_from_json(json.loads(to_text(content)))


def test_nothing_is_lost() -> None:
    assert read_back(everything()) == everything()


def test_reports_from_it_are_the_same_bytes() -> None:
    analysis, review = everything(), Review(None, "me")
    review.decide(analysis.findings[0], Decision.REJECTED, "by design")
    for render in (render_markdown, render_html):
        for accept in AcceptPolicy:
            assert render(read_back(analysis), review, accept=accept) == render(
                analysis, review, accept=accept
            )


def test_digits_that_json_leaves_out_are_no_growth() -> None:
    finding = replace(sample.finding(), interval=(0.07312345678, 0.206), rate=0.1234567891)
    review = Review(None, "me")
    review.decide(finding, Decision.REJECTED, "by design")
    (again,) = read_back(sample.analysis(finding)).findings
    assert again.interval[0] != finding.interval[0]
    assert review.standing(again).decision is Decision.REJECTED


def test_a_figure_that_was_no_number_stays_none() -> None:
    effect = replace(sample.finding().effect, value=math.inf)  # type: ignore[type-var]
    (finding,) = read_back(sample.analysis(sample.finding(effect=effect))).findings
    assert finding.effect is not None
    assert math.isnan(finding.effect.value)


def test_the_last_one_of_each_experiment_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "analyses"
    keep_analysis(folder, sample.analysis(sample.finding()))
    path = keep_analysis(folder, everything())
    keep_analysis(folder, sample.analysis(experiment_id="2", experiment_name="another"))
    assert [each.experiment_name for each in kept_analyses(folder)] == ["another", "support agent"]
    assert len(read_analysis(path).findings) == 5
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_of_a_part_takes_no_place_of_one_of_all(tmp_path: Path) -> None:
    some, whole = sample.analysis(sample.finding()), everything()
    part = part_covered(filter_string="trace.status =\n'ERROR'", is_sample=True)
    assert part == "traces that pass the filter trace.status = 'ERROR', a sample of the traces"
    assert set_aside(keep_analysis(tmp_path, some, part=part), part) == ""
    (kept,) = kept_analyses(tmp_path)
    assert len(read_analysis(kept.path).findings) == 1, "there is no other"

    keep_analysis(tmp_path, whole)
    path = keep_analysis(tmp_path, some, part=part)

    assert set_aside(path, part).startswith(f"This analysis covers {part}. The last one of everyth")
    (kept,) = kept_analyses(tmp_path)
    assert len(read_analysis(kept.path).findings) == len(whole.findings)

    assert part_covered() == ""
    assert set_aside(keep_analysis(tmp_path, some, part=part_covered()), "") == ""
    (kept,) = kept_analyses(tmp_path)
    assert len(read_analysis(kept.path).findings) == 1, "the next one of all"


def test_what_is_kept_holds_no_secret(tmp_path: Path) -> None:
    secret = "sk-" + "proj-abcdefghijklmnopqrstuvwx"
    path = keep_analysis(tmp_path, sample.analysis(sample.finding(statement=f"It shows {secret}")))
    assert secret not in path.read_text()


def test_other_files_beside_it_are_passed_over(tmp_path: Path) -> None:
    keep_analysis(tmp_path, sample.analysis())
    (tmp_path / "notes.json").write_text("{}")
    (tmp_path / "cut.json").write_text('{"experiment": {"id": "1", "na')
    assert len(list(kept_analyses(tmp_path))) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("[1, 2]", "holds no analysis"),
        ("{}", "holds no analysis"),
        ('{"schema_version": 2}', "schema version 2"),
        ('{"schema_version": 1}', "it has no 'experiment'"),
    ],
)
def test_what_is_no_analysis_is_told_in_a_sentence(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "out.json"
    path.write_text(text)
    with pytest.raises(AnalysisNotUnderstood) as problem:
        read_analysis(path)
    assert reason in str(problem.value)
    assert "out.json" in str(problem.value)


@pytest.mark.parametrize("field", ["verdict", "interval", "examples", "rate"])
def test_a_changed_analysis_is_told(tmp_path: Path, field: str) -> None:
    content = analysis_to_json(sample.analysis(sample.finding()), Review(None, "me"))
    content["findings"][0][field] = "surprise"
    path = tmp_path / "out.json"
    path.write_text(to_text(content))
    with pytest.raises(AnalysisNotUnderstood, match="cut or changed"):
        read_analysis(path)
