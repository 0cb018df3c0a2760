"""``mlflow-tui`` itself, ``demo`` and ``hypotheses``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from mlflow_analysis import __version__
from mlflow_analysis.hypotheses.catalogue import catalogue
from mlflow_tui.command_line import sample_store

Run = Callable[..., Result]


@pytest.mark.parametrize("arguments", [["--help"], ["analyze", "--help"], ["demo", "--help"]])
def test_help(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_what_a_command_does_is_said_in_a_whole_sentence(run: Run) -> None:
    _, listed = run("--help").stdout.split("Commands:\n")
    for line in listed.strip().splitlines():
        assert line.endswith(".") and not line.endswith("..."), line


def test_exit_codes_are_documented(run: Run) -> None:
    said = run("analyze", "--help").stdout
    for line in ("1    a confirmed issue", "3    cannot connect", "130  interrupted"):
        assert line in said


def test_version(run: Run) -> None:
    assert run("--version").stdout.strip().endswith(__version__)


@pytest.mark.parametrize("arguments", [[], ["--experiment", "orders"]])
def test_the_screens_need_a_terminal(
    run_as_program: Callable[..., tuple[int, str]], arguments: list[str]
) -> None:
    ended, said = run_as_program(*arguments)
    assert ended == 2
    assert "needs a terminal" in said
    assert "mlflow-tui analyze" in said


def test_options_before_a_command_are_not_lost_silently(
    run_as_program: Callable[..., tuple[int, str]],
) -> None:
    ended, said = run_as_program("--experiment", "orders", "analyze")
    assert ended == 2
    assert "stand after its name" in said


def test_demo_without_a_terminal_reports(
    run: Run, store: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def small_store(fresh: bool) -> tuple[str, str]:
        asked.append(fresh)
        return store, "orders"

    monkeypatch.setattr(sample_store, "sample_store", small_store)
    first, second = run("demo"), run("demo", "--fresh")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert asked == [False, True]
    assert "Issues confirmed" in first.stdout
    report = home / ".local/share/mlflow-tui/reports/demo-report.md"
    assert report.read_text().startswith("# Trace analysis: orders")
    assert f"Report saved: {report}" in first.stdout
    assert "(replaced the earlier one)" in second.stdout


def test_hypotheses_are_listed_and_explained(run: Run) -> None:
    listed = run("hypotheses")
    assert listed.exit_code == 0
    for hypothesis in catalogue():
        assert hypothesis.id in listed.stdout
    explained = run("hypotheses", "rate-limited").stdout
    for heading in ("Why it matters", "Test", "Not flagged", "Recommendation"):
        assert f"\n{heading}\n" in explained


def test_every_hypothesis_can_be_explained(run: Run) -> None:
    for hypothesis in catalogue():
        result = run("hypotheses", hypothesis.id)
        assert result.exit_code == 0
        assert result.stdout.startswith(f"{hypothesis.id}: {hypothesis.title}")


def test_an_unknown_hypothesis_is_corrected(
    run_as_program: Callable[..., tuple[int, str]],
) -> None:
    ended, said = run_as_program("hypotheses", "slow-tol")
    assert ended == 2
    assert "slow-tool" in said
