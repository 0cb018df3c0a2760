"""What ``analyze`` and ``report`` make of an analysis: files, what fails, and what is wrong beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import parse

import platformdirs
import pytest
from click.testing import Result

import sample_analysis as sample
from mlflow_analysis.contract.kept import analyses_directory, keep_analysis
from mlflow_analysis.contract.writing import analysis_to_json, to_text
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.review import Decision, Review, review_path
from mlflow_analysis.review.acceptance import AcceptPolicy

Run = Callable[..., Result]
RunAsProgram = Callable[..., tuple[int, str]]
SECRET = "sk-" + "proj-abcdefghijklmnopqrstuvwx"


def data_folder() -> Path:
    return Path(platformdirs.user_data_dir("mlflow-tui")) / "reviews"


@pytest.fixture
def analysis() -> Analysis:
    """One that is kept, as after ``analyze``."""
    plain = sample.finding()
    leaking = replace(plain, examples=(replace(plain.examples[0], request=f"My key: {SECRET}"),))
    kept = sample.analysis(leaking, sample.strength(), sample.refuted())
    keep_analysis(analyses_directory(data_folder()), kept)
    return kept


def as_file(folder: Path, analysis: Analysis, *, show_secrets: bool = False) -> Path:
    path = folder / "analysis.json"
    content = analysis_to_json(analysis, Review(None, "me"), show_secrets=show_secrets)
    path.write_text(to_text(content))
    return path


def test_analyze_writes_everything_and_report_writes_it_again(
    run: Run, store: str, tmp_path: Path
) -> None:
    names = {"--report": "r.md", "--html": "r.html", "--json": "r.json", "--junit": "r.xml"}

    def files(folder: str) -> list[str]:
        (tmp_path / folder).mkdir()
        return [
            word
            for option, name in names.items()
            for word in (option, str(tmp_path / folder / name))
        ]

    first = run(
        "analyze", "--tracking-uri", store, "--experiment", "orders", "--accept", "reviewed",
        "--hypothesis", "rate-limited", "--hypothesis", "timeout", *files("first"),
    )  # fmt: skip
    assert first.exit_code == 0, first.output
    assert f"HTML saved: {tmp_path / 'first' / 'r.html'}" in first.stdout
    again = run("report", *files("again"))
    assert again.exit_code == 0, again.output
    for name in names.values():
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()
    by_address = run("report", "--tracking-uri", store, "--experiment", "orders")
    assert by_address.stdout == (tmp_path / "first" / "r.md").read_text()


def test_report_follows_the_review_as_it_is_now(run: Run, analysis: Analysis) -> None:
    assert "0 issues and 0 strengths accepted" in run("report").stdout
    review = Review(review_path(data_folder(), analysis.tracking_uri, analysis.experiment_id), "me")
    review.decide(analysis.findings[0], Decision.ACCEPTED)
    assert "1 issue and 0 strengths accepted" in run("report").stdout
    assert "1 issue and 1 strength accepted" in run("report", "--accept", "confirmed").stdout


def test_report_of_a_file(run: Run, tmp_path: Path) -> None:
    path = as_file(tmp_path, sample.analysis(sample.finding()))
    shown = run("report", "--analysis", str(path), "--accept", "confirmed", "--sections", "issues")
    assert "### Calls are refused because a rate limit is reached" in shown.stdout
    assert "## Method" not in shown.stdout


def test_secrets_are_masked_unless_they_are_to_be_shown(run: Run, tmp_path: Path) -> None:
    finding = replace(sample.finding(), statement=f"It shows {SECRET} to ann@example.com")
    path = as_file(tmp_path, sample.analysis(finding), show_secrets=True)
    outputs = [tmp_path / name for name in ("r.md", "r.html", "r.json", "r.xml", "summary.md")]
    options = ("--report", "--html", "--json", "--junit", "--github-summary")
    files = [word for pair in zip(options, map(str, outputs), strict=True) for word in pair]
    arguments = ("report", "--analysis", str(path), "--accept", "confirmed", *files)
    assert run(*arguments).exit_code == 0
    for each in outputs:
        text = each.read_text()
        assert "masked" in text, each.name
        assert SECRET not in text, each.name
        assert "ann@example.com" not in text, each.name
    outputs[-1].unlink()
    assert run(*arguments, "--show-secrets").exit_code == 0
    assert all(SECRET in each.read_text() for each in outputs)


def test_only_new_and_worse_findings_fail_with_a_baseline(
    run: Run, analysis: Analysis, tmp_path: Path
) -> None:
    def code(*findings: object) -> int:
        baseline = as_file(tmp_path, replace(analysis, findings=findings))  # type: ignore[arg-type]
        return run("report", "--fail-on", "low", "--baseline", str(baseline)).exit_code

    (issue, *others) = analysis.findings
    assert run("report", "--fail-on", "low").exit_code == 1
    assert code(issue, *others) == 0
    assert code(*others) == 1
    assert code(replace(issue, rate=0.01), *others) == 1


def test_a_baseline_that_is_not_there_yet_lets_nothing_through(
    run: Run, analysis: Analysis, tmp_path: Path
) -> None:
    result = run("report", "--fail-on", "low", "--baseline", str(tmp_path / "missing.json"))
    assert result.exit_code == 1
    assert "every finding counts as new" in result.stderr


def test_a_baseline_can_be_the_file_that_is_written(
    run: Run, analysis: Analysis, tmp_path: Path
) -> None:
    path = str(tmp_path / "analysis.json")
    arguments = ("report", "--fail-on", "low", "--baseline", path, "--json", path)
    assert [run(*arguments).exit_code for _ in range(3)] == [1, 0, 0]


def test_the_step_summary_is_added_to(
    run: Run, analysis: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "step.md"
    target.write_text("# An earlier step\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(target))
    assert run("report", "--github-summary", "--fail-on", "high").exit_code == 1
    text = target.read_text()
    assert text.startswith("# An earlier step\n")
    assert "**1 issue fails this build.**" in text


def test_junit_says_the_same_as_the_exit_code(run: Run, analysis: Analysis, tmp_path: Path) -> None:
    path = tmp_path / "r.xml"

    def failures(*arguments: str) -> tuple[int, str]:
        code = run("report", "--junit", str(path), *arguments).exit_code
        return code, parse(path).getroot().attrib["failures"]

    assert failures("--fail-on", "high") == (1, "1")
    baseline = as_file(tmp_path, analysis)
    assert failures("--fail-on", "high", "--baseline", str(baseline)) == (0, "0")


def test_files_of_others_stay_unless_forced(
    run: Run, run_as_program: RunAsProgram, analysis: Analysis, tmp_path: Path
) -> None:
    for option, name in (("--html", "r.html"), ("--junit", "r.xml"), ("--json", "r.json")):
        path = tmp_path / name
        path.write_text("mine")
        code, said = run_as_program("report", option, str(path))
        assert (code, path.read_text()) == (2, "mine"), said
        assert "was not written by mlflow-tui" in said
        assert run("report", option, str(path), "--force").exit_code == 0
        assert run("report", option, str(path)).exit_code == 0, "our own is replaced"


def test_a_template_of_ones_own(run: Run, analysis: Analysis, tmp_path: Path) -> None:
    own = tmp_path / "mine.md.j2"
    own.write_text(
        "{% for entry in report.strengths %}{{ entry.ruled.finding.title }}{% endfor %}\n"
    )
    shown = run("report", "--template", str(own), "--accept", "confirmed")
    assert shown.stdout.strip() == "One tool goes with better outcomes"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--experiment", "other"], 4, "No analysis of experiment 'other' is kept"),
        (["--sections", "issues,nothing"], 2, "No section is called nothing"),
        (["--analysis", "missing.json"], 2, "cannot be read: No such file"),
        (["--baseline", "other.json"], 2, "other.json is not JSON"),
        (["--template", "wrong.md.j2"], 2, "wrong.md.j2, line 2"),
        (["--template", "missing.md.j2"], 2, "There is no template"),
        (["--html", "-", "--json", "-"], 2, "Only one of"),
        (["--github-summary"], 2, "GITHUB_STEP_SUMMARY is not set"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    run_as_program: RunAsProgram,
    analysis: Analysis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    Path("other.json").write_text("no JSON")
    Path("wrong.md.j2").write_text("fine\n{{ nothing }}\n")
    ended, said = run_as_program("report", *arguments)
    assert (ended, sentence in said) == (code, True), said
    assert "Traceback" not in said


def test_which_of_several_is_asked(
    run: Run, run_as_program: RunAsProgram, analysis: Analysis
) -> None:
    other = replace(analysis, experiment_id="2", experiment_name="another")
    keep_analysis(analyses_directory(data_folder()), other)
    code, said = run_as_program("report")
    assert code == 4
    assert "--experiment 'another'" in said
    assert "--experiment 'support agent'" in said
    assert run("report", "--experiment", "2").stdout.startswith("# Trace analysis: another\n")


def test_before_the_first_analysis_it_says_what_to_do(run_as_program: RunAsProgram) -> None:
    code, said = run_as_program("report")
    assert code == 4
    assert "mlflow-tui analyze" in said


def test_json_of_report_keeps_to_the_policy(run: Run, analysis: Analysis) -> None:
    for accept in AcceptPolicy:
        content = json.loads(run("report", "--json", "-", "--accept", accept.value).stdout)
        accepted = content["findings"][0]["decision"] == "accepted"
        assert accepted is (accept is AcceptPolicy.CONFIRMED)
