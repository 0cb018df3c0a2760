"""`analyze --focus` and `--purpose` on a real store."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import Result

from mlflow_analysis.brief.charter import Charter, charter_path, write_charter
from mlflow_analysis.brief.focus import parse
from mlflow_analysis.contract import schema
from mlflow_analysis.contract.writing import analysis_to_json, to_text
from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.review import Review
from mlflow_analysis.source import RecordedTraces
from mlflow_analysis.tracking import reader, sql_reader
from mlflow_analysis.tracking.connection import connect
from stores import HOSTILE

EXPERIMENT = "orders"
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _kept_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "kept"))


def analysed(run: Run, store: str, *arguments: str) -> dict[str, Any]:
    result = run(
        "analyze", "--tracking-uri", store, "--experiment", EXPERIMENT, "--json", "-", *arguments
    )
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(result.stdout)
    jsonschema.validate(content, schema())
    return content


def own(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        finding["title"]: finding
        for finding in content["findings"]
        if finding["category"] == "user"
    }


def test_each_focus_is_a_finding_beside_all_others(run: Run, store: str) -> None:
    plain = analysed(run, store)
    content = analysed(
        run,
        store,
        "--focus",
        "words: shipped in: response",
        "--focus",
        "filter: trace.status = 'ERROR' -> latency",
        "--focus",
        "unicorn",
    )
    found = own(content)
    assert set(found) == {
        "More failures with “shipped” in the response",
        "Slower traces where trace.status = 'ERROR'",
        "More failures with “unicorn”",
    }
    answered = found["More failures with “shipped” in the response"]
    assert (answered["affected"], answered["eligible"], answered["verdict"]) == (64, 80, "refuted")
    assert answered["effect"]["kind"] == "risk difference"
    assert answered["effect"]["value"] == -1.0
    failed = found["Slower traces where trace.status = 'ERROR'"]
    assert failed["affected"] == 16
    assert failed["effect"]["kind"] == "ratio of medians"
    assert len(failed["trace_ids"]) == len(failed["assessments"]) == 16
    assert failed["recommendation"]
    assert found["More failures with “unicorn”"]["verdict"] == "not-testable"
    rest = [each for each in content["findings"] if each["category"] != "user"]
    assert rest == plain["findings"]


def test_a_claim_of_ones_own_stands_in_the_report(run: Run, store: str, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    analysed(
        run, store, "--focus", "429 refused", "--focus", "429 -> latency", "--report", str(report)
    )
    text = report.read_text()
    section = text.split("## Asked by the user")[1].split("\n## ")[0]
    assert "Slower traces with “429”" in section
    assert "not-testable" in section
    plain = tmp_path / "plain.md"
    analysed(run, store, "--report", str(plain))
    assert "Asked by the user" not in plain.read_text()


@pytest.mark.parametrize(
    ("focus", "said"),
    [
        ("filter: trace.colour = 'red'", "Traces have no field “colour”."),
        ("filter: tags.region", "This is no whole condition."),
        ("refund in: moon", "“moon” is no place to look in. Places are"),
        ("  ", "something to look for"),
        ("refund ->", "Nothing stands after the arrow. Outcomes are"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_read(
    run: Run, store: str, focus: str, said: str
) -> None:
    result = run("analyze", "--tracking-uri", store, "--experiment", EXPERIMENT, "--focus", focus)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_an_outcome_that_no_trace_carries_is_told_with_those_there_are(
    run: Run, store: str
) -> None:
    (finding,) = own(analysed(run, store, "--focus", "order -> kindness")).values()
    assert finding["verdict"] == "not-testable"
    assert "No trace carries an assessment “kindness”" in finding["reason"]


def test_hostile_claims_are_shown_and_not_obeyed(run: Run, store: str, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    result = run(
        "analyze", "--tracking-uri", store, "--experiment", EXPERIMENT,
        "--focus", HOSTILE, "--focus", "<script>alert(1)</script> | x -> `rm`", "--report", str(report),
    )  # fmt: skip
    assert result.exit_code == 0
    for text in (result.output, report.read_text()):
        assert "\x1b]52" not in text
        assert "\u202e" not in text
    assert "<script>" not in report.read_text().replace("\\<script>", "")


def test_a_purpose_file_says_tools_scope_and_claims(run: Run, store: str, tmp_path: Path) -> None:
    said = tmp_path / "purpose.json"
    said.write_text(
        json.dumps(
            {
                "description": "Tells where orders are.",
                "tools": ["other_tool"],
                "out_of_scope": ["weather"],
                "focus": ["429 -> latency"],
            }
        )
    )
    content = analysed(run, store, "--purpose", str(said))
    purpose = content["purpose"]
    assert purpose["description"] == "Tells where orders are."
    assert purpose["confirmed_by_user"]
    assert purpose["declared_tools"] == ["other_tool"]
    assert purpose["out_of_scope"] == ["weather"]
    assert [tool["name"] for tool in purpose["tools"]] == ["lookup_order"]
    assert list(own(content)) == ["Slower traces with “429”"]
    said.write_text("{")
    result = run(
        "analyze", "--tracking-uri", store, "--experiment", EXPERIMENT, "--purpose", str(said)
    )
    assert result.exit_code == 2
    assert "is not JSON" in result.output


def test_what_was_said_full_screen_holds_here_too(run: Run, store: str, tmp_path: Path) -> None:
    source = connect(store).experiment(EXPERIMENT)
    kept = tmp_path / "kept" / "mlflow-tui" / "reviews"
    path = charter_path(kept, source.tracking_uri, source.experiment_id)
    write_charter(path, Charter("Kept.", focuses=(parse("429"),)))
    content = analysed(run, store, "--focus", "shipped")
    assert content["purpose"]["description"] == "Kept."
    assert set(own(content)) == {"More failures with “429”", "More failures with “shipped”"}


# ---- the same bytes, however the traces come ----------------------------------------------------

FOCUS = ("shipped -> latency", "429", "filter: trace.status = 'ERROR' -> latency")


def test_the_page_size_of_the_reader_does_not_show(
    run: Run, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [each for text in FOCUS for each in ("--focus", text)]
    before = analysed(run, store, *asked)
    monkeypatch.setattr(reader, "FIRST_PAGE", 7)
    monkeypatch.setattr(reader, "DIRECT_PAGE", 11)
    monkeypatch.setattr(reader, "DIRECT_BATCH", 3)
    monkeypatch.setattr(sql_reader, "SQL_BATCH", 3)
    after = analysed(run, store, *asked)
    before.pop("timings"), after.pop("timings")
    assert to_text(before) == to_text(after)


class Shuffled(RecordedTraces):
    """The same traces, in another order of arrival."""

    def __init__(self, records: list[TraceRecord], seed: int) -> None:
        super().__init__(records)
        self._chance = random.Random(seed)

    def infos(self, filter_string: str = "", **more: Any) -> Any:
        infos = [info for page in super().infos(filter_string, **more) for info in page]
        self._chance.shuffle(infos)
        yield from (infos[start : start + 9] for start in range(0, len(infos), 9))

    def traces(self, infos: Any, **more: Any) -> Any:
        chosen = list(infos)
        self._chance.shuffle(chosen)
        return super().traces(chosen, **more)


def bytes_of(source: RecordedTraces) -> str:
    options = AnalysisOptions(focus=[parse(text) for text in FOCUS])
    *_, last = analyze(source, options)
    assert isinstance(last, AnalysisReady)
    content = analysis_to_json(last.analysis, Review(None))
    content.pop("timings")
    return to_text(content)


def test_the_order_of_arrival_does_not_show() -> None:
    from mlflow_analysis.demo.scenario import generate

    records = list(generate(3, traces=150))
    plain = bytes_of(RecordedTraces(records))
    assert '"category": "user"' in plain
    assert bytes_of(Shuffled(records, 1)) == plain
    assert bytes_of(Shuffled(records[::-1], 2)) == plain
