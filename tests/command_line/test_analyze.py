"""``mlflow-tui analyze``: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import platformdirs
import pytest
from click.testing import Result

from mlflow_analysis.contract import schema
from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady, Event, Progress
from mlflow_analysis.review import Decision, Review, review_path
from mlflow_analysis.tracking.connection import connect
from mlflow_tui.command_line import headless

Run = Callable[..., Result]


@pytest.fixture
def analyzed(run: Run, store: str) -> Run:
    """``analyze`` of the orders, of one hypothesis to be quick, with further arguments."""

    def invoke(*arguments: str) -> Result:
        return run(
            "analyze", "--tracking-uri", store, "--experiment", "orders",
            "--hypothesis", "rate-limited", *arguments,
        )  # fmt: skip

    return invoke


def test_summary_on_stdout_and_progress_on_stderr(analyzed: Run) -> None:
    result = analyzed()
    assert result.exit_code == 0, result.output
    assert "80 traces · 41 sessions" in result.stdout
    assert "Rate limit" in result.stdout
    assert re.search(r"\b16 of \d+ spans", result.stdout)
    assert "reading spans" in result.stderr
    assert "reading spans" not in result.stdout


def test_files_hold_the_report_and_valid_json(analyzed: Run, tmp_path: Path) -> None:
    report, json_file = tmp_path / "r.md", tmp_path / "r.json"
    result = analyzed("--report", str(report), "--json", str(json_file))
    assert result.exit_code == 0, result.output
    assert report.read_text().startswith("# Trace analysis: orders\n")
    content = json.loads(json_file.read_text())
    jsonschema.Draft202012Validator(schema()).validate(content)
    (finding,) = content["findings"]
    assert (finding["verdict"], finding["decision"]) == ("confirmed", "accepted")
    assert len(finding["trace_ids"]) == 16
    assert f"Report saved: {report}" in result.stdout


def test_two_runs_give_the_same_bytes_apart_from_timings(
    run: Run, store: str, tmp_path: Path
) -> None:
    def once() -> tuple[str, str]:
        report = tmp_path / "r.md"
        content = json.loads(
            run(
                "analyze", "--tracking-uri", store, "--experiment", "orders", "--quiet",
                "--report", str(report), "--json", "-",
            ).stdout
        )  # fmt: skip
        del content["timings"]
        return report.read_text(), json.dumps(content)

    first, second = once(), once()
    assert first[0].startswith("# Trace analysis")
    assert first == second


def test_stdout_can_be_piped(analyzed: Run) -> None:
    assert json.loads(analyzed("--json", "-").stdout)["schema_version"] == 1
    assert analyzed("--report", "-").stdout.startswith("# Trace analysis")


def test_that_it_cannot_be_kept_costs_the_results_nothing(analyzed: Run, tmp_path: Path) -> None:
    kept = Path(platformdirs.user_data_dir("mlflow-tui")) / "analyses"
    kept.parent.mkdir(parents=True)
    kept.touch()
    json_file = tmp_path / "r.json"
    result = analyzed("--quiet", "--json", str(json_file))
    assert result.exit_code == 0, result.output
    assert json.loads(json_file.read_text())["findings"]
    assert "could not be kept for `mlflow-tui report`: " in result.stderr


def test_quiet_says_nothing(analyzed: Run) -> None:
    result = analyzed("--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_a_confirmed_issue_fails_the_gate(analyzed: Run) -> None:
    assert analyzed("--fail-on", "high", "--quiet").exit_code == 1


def test_an_issue_below_the_bar_does_not_fail_the_gate(run: Run, store: str) -> None:
    arguments = ("analyze", "--tracking-uri", store, "--experiment", "orders", "--quiet")
    refuted = ("--hypothesis", "timeout", "--fail-on", "low")
    assert run(*arguments, *refuted).exit_code == 0


def test_what_a_person_rejected_does_not_fail_the_gate(analyzed: Run, store: str) -> None:
    (finding,) = _last(store).analysis.findings
    _review(store).decide(finding, Decision.REJECTED, "by design")
    assert analyzed("--fail-on", "low", "--quiet").exit_code == 0
    content = json.loads(analyzed("--json", "-", "--quiet").stdout)
    assert content["findings"][0]["decision"] == "rejected"


def test_accept_reviewed_takes_what_a_person_accepted(analyzed: Run, store: str) -> None:
    def decision(*arguments: str) -> str:
        content = json.loads(analyzed("--json", "-", "--quiet", *arguments).stdout)
        return str(content["findings"][0]["decision"])

    assert decision("--accept", "reviewed") == "undecided"
    assert decision() == "accepted"
    _review(store).decide(_last(store).analysis.findings[0], Decision.ACCEPTED)
    assert decision("--accept", "reviewed") == "accepted"
    assert decision("--accept", "none") == "undecided"


def test_only_the_newest(analyzed: Run) -> None:
    content = json.loads(analyzed("--max-traces", "10", "--json", "-", "--quiet").stdout)
    assert content["traces"]["read"] == 10


def test_a_filter_goes_to_the_store(analyzed: Run) -> None:
    filter_string = "trace.status = 'ERROR'"
    content = json.loads(analyzed("--filter", filter_string, "--json", "-", "--quiet").stdout)
    assert content["traces"]["read"] == 16
    assert content["window"]["filter"] == filter_string


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--experiment", "no such"], 4, "no such"),
        (["--experiment", "nothing here"], 4, "has no traces"),
        (
            ["--experiment", "orders", "--since", "1m"],
            4,
            "its newest began 2026-06-01 01:20 UTC. Widen --since.",
        ),
        (
            ["--experiment", "orders", "--filter", "trace.colour ="],
            2,
            "A value is missing after “=”",
        ),
        (["--experiment", "orders", "--filter", "trace.state = 'OK'"], 2, "Did you mean"),
        (["--experiment", "orders", "--since", "yesterday"], 2, "is no age"),
        (["--experiment", "orders", "--max-traces", "0"], 2, "--max-traces"),
        (["--experiment", "orders", "--hypothesis", "rate_limit"], 2, "Did you mean rate-limited"),
        (["--experiment", "orders", "--report", "-", "--json", "-"], 2, "Only one of"),
        (["--experiment", "orders", "--report", "missing-folder/r.md"], 2, "does not exist"),
        ([], 2, "--experiment NAME"),
    ],
)
def test_wrong_usage_and_nothing_there(
    run_as_program: Callable[..., tuple[int, str]],
    store: str,
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    ended, said = run_as_program("analyze", "--tracking-uri", store, *arguments)
    assert ended == code, said
    assert sentence in said
    assert "Traceback" not in said


def test_no_store_is_told_and_not_made(
    run_as_program: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    missing = tmp_path / "missing.db"
    ended, said = run_as_program(
        "analyze", "--tracking-uri", f"sqlite:///{missing}", "--experiment", "orders"
    )
    assert ended == 3, said
    assert "missing.db" in said
    assert not missing.exists()


def test_a_file_of_someone_elses_is_not_replaced(
    analyzed: Run, run_as_program: Callable[..., tuple[int, str]], store: str, tmp_path: Path
) -> None:
    path = tmp_path / "notes.md"
    path.write_text("my notes\n")
    arguments = (
        "analyze",
        "--tracking-uri",
        store,
        "--experiment",
        "orders",
        "--report",
        str(path),
    )
    ended, said = run_as_program(*arguments)
    assert ended == 2
    assert "--overwrite" in said
    assert path.read_text() == "my notes\n"
    assert analyzed("--report", str(path), "--overwrite").exit_code == 0
    again = analyzed("--report", str(path))
    assert again.exit_code == 0, again.output
    assert "(replaced the earlier one)" in again.stdout


def test_interrupted_reading_is_concluded_and_reported(
    analyzed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def interrupting(quiet: bool) -> Iterator[Callable[[Event], None]]:
        def show(event: Event) -> None:
            if isinstance(event, Progress) and event.stage == "reading spans" and not pressed:
                pressed.append(True)
                signal.raise_signal(signal.SIGINT)

        pressed: list[bool] = []
        yield show

    monkeypatch.setattr(headless, "progress_shown", interrupting)
    report = tmp_path / "r.md"
    result = analyzed("--report", str(report))
    assert result.exit_code == 130
    assert "concluding from what was read" in result.stderr
    assert "Stopped by the user after" in report.read_text()


def test_interrupted_before_anything_was_read(
    run_as_program: Callable[..., tuple[int, str]], store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connecting(_uri: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(headless, "connect", connecting)
    ended, said = run_as_program("analyze", "--tracking-uri", store, "--experiment", "orders")
    assert (ended, said.strip()) == (130, "Interrupted.")


def _last(store: str) -> AnalysisReady:
    source = connect(store).experiment("orders")
    *_, last = analyze(source, AnalysisOptions(hypotheses=("rate-limited",)))
    assert isinstance(last, AnalysisReady)
    return last


def _review(store: str) -> Review:
    source = connect(store).experiment("orders")
    directory = Path(platformdirs.user_data_dir("mlflow-tui")) / "reviews"
    return Review(review_path(directory, source.tracking_uri, source.experiment_id), "me")


def test_a_filter_a_sample_or_some_claims_do_not_take_the_place_of_all(
    run: Run, store: str
) -> None:
    """``report`` goes on from the last analysis of everything, and the user is told so."""

    def analyze(*options: str) -> str:
        ended = run("analyze", "--tracking-uri", store, "--experiment", "orders", *options)
        assert ended.exit_code == 0, ended.output
        return str(ended.stderr)

    def kept() -> int:
        content = json.loads(run("report", "--json", "-").stdout)
        return int(content["traces"]["read"])

    assert "This analysis covers" not in analyze("--filter", "trace.status = 'ERROR'")
    assert kept() < 80, "there is no other yet"
    assert "This analysis covers" not in analyze()
    assert kept() == 80

    parts = {
        "traces that pass the filter": ("--filter", "trace.status = 'ERROR'"),
        "a sample": ("--max-traces", "20"),
        "traces of some time": ("--since", "3650d"),
        "some of the claims": ("--hypothesis", "rate-limited"),
    }
    for words, options in parts.items():
        assert f"This analysis covers {words}" in analyze(*options)
        assert kept() == 80
    assert "This analysis covers" not in analyze("--max-traces", "81"), "which is all of them"
