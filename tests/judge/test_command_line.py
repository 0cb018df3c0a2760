"""``analyze --judge``: what it prints and writes, and what it refuses before anything is read."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest
from chat_double import Reply, double, right
from click.testing import CliRunner, Result

import orders_store
from mlflow_analysis.contract import schema
from mlflow_analysis.events import Event, Progress
from mlflow_tui.cli import program
from mlflow_tui.command_line import headless
from orders import EXPERIMENT

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = orders_store.in_directory(tmp_path_factory.mktemp("judged") / "store")
    return f"sqlite:///{path}"


@pytest.fixture
def analyzed(store: str) -> Run:
    def invoke(*arguments: str) -> Result:
        where = ("--tracking-uri", store, "--experiment", EXPERIMENT)
        return CliRunner().invoke(
            program, ["analyze", *where, "--hypothesis", "rate-limited", *arguments]
        )

    return invoke


def test_json_and_report_hold_the_judges_part_and_the_same_statistics(
    analyzed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, json_file, report = (tmp_path / name for name in ("plain.json", "out.json", "out.md"))
    assert analyzed("--json", str(plain)).exit_code == 0
    with double(right) as there:
        monkeypatch.setenv("OPENAI_BASE_URL", there.address)
        monkeypatch.setenv("OPENAI_API_KEY", "any-word")
        result = analyzed(
            "--judge", "openai:/m", "--json", str(json_file), "--report", str(report),
            "--fail-on", "high",
        )  # fmt: skip
    assert result.exit_code in (0, 1), result.output
    assert "The judge took 12 calls" in result.stderr
    content = json.loads(json_file.read_text())
    jsonschema.Draft202012Validator(schema()).validate(content)
    (finding,) = content["findings"]
    assert finding.pop("judge")["opinion"]["agreed"] == 10
    assert Path(content.pop("judge")["transcript"]).exists()
    before = json.loads(plain.read_text())
    del before["timings"], content["timings"]
    assert content == before
    assert "The judge's view" in report.read_text()


def test_a_broken_judge_leaves_the_analysis_and_a_note(
    analyzed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with double(lambda _: Reply(status=403)) as there:
        monkeypatch.setenv("OPENAI_API_BASE", there.address)
        monkeypatch.setenv("OPENAI_API_KEY", "any-word")
        result = analyzed("--judge", "openai:/m")
    assert result.exit_code == 0, result.output
    assert "Rate limit" in result.stdout
    assert "Note: Not done by the judge" in result.stdout
    assert "status 403" in result.stdout


def test_no_model_is_asked_without_the_option(
    analyzed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with double(right) as there:
        monkeypatch.setenv("OPENAI_API_BASE", there.address)
        monkeypatch.setenv("OPENAI_API_KEY", "any-word")
        assert analyzed().exit_code == 0
        assert there.seen == []


def test_after_an_interrupted_reading_no_model_is_asked_and_the_note_says_so(
    analyzed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def interrupting(_quiet: bool) -> Iterator[Callable[[Event], None]]:
        pressed: list[bool] = []

        def show(event: Event) -> None:
            if isinstance(event, Progress) and event.stage == "reading spans" and not pressed:
                pressed.append(True)
                signal.raise_signal(signal.SIGINT)

        yield show

    monkeypatch.setattr(headless, "progress_shown", interrupting)
    json_file = tmp_path / "out.json"
    with double(right) as there:
        monkeypatch.setenv("OPENAI_API_BASE", there.address)
        monkeypatch.setenv("OPENAI_API_KEY", "any-word")
        result = analyzed("--judge", "openai:/m", "--no-cache", "--json", str(json_file))
    assert (result.exit_code, there.seen) == (130, [])
    assert any("not asked" in note for note in json.loads(json_file.read_text())["notes"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--judge", "gpt"), "Give provider:/model"),
        (("--judge", "openai:/m", "--judge-budget", "much"), "Say it like"),
        (("--judge", "openai:/own-model", "--judge-budget", "$1"), "Give a budget in calls or"),
        (("--judge-budget", "3 calls"), "give --judge MODEL_URI too"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_read(
    analyzed: Run, options: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any-word")
    result = analyzed(*options)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())
    assert "reading spans" not in result.stderr


def test_the_key_may_stand_in_an_env_file_alone(
    analyzed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_BASE", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    env_file = tmp_path / "judge.env"
    with double(right) as there:
        env_file.write_text(f"OPENAI_API_BASE={there.address}\nOPENAI_API_KEY=of-the-file\n")
        result = analyzed("--judge", "openai:/m", "--env-file", str(env_file), "--no-cache")
        assert result.exit_code == 0, result.output
        assert {headers["Authorization"] for _, headers, _ in there.seen} == {"Bearer of-the-file"}
        before = len(there.seen)
        monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
        analyzed("--judge", "openai:/m", "--env-file", str(env_file), "--no-cache")
    later = {headers["Authorization"] for _, headers, _ in there.seen[before:]}
    assert later == {"Bearer of-the-environment"}, "the environment goes first"
