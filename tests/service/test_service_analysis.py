"""Analyses by the engine process."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from engine_process import Engine

import stores
from mlflow_analysis import protocol
from mlflow_analysis.brief.focus import parse
from mlflow_analysis.contract.kept import kept_analyses
from mlflow_analysis.contract.reading import read_analysis
from mlflow_analysis.events import AnalysisReady, FindingReady, HypothesisQueued, Progress
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.protocol import Reply, RowQuery


def test_an_analysis_runs_to_its_end_and_marks_the_rows(opened: Engine) -> None:
    events: list[Any] = []

    answer = opened.ask(protocol.StartAnalysis(), events.append)

    assert answer == protocol.Done()
    assert isinstance(events[0], HypothesisQueued)
    assert isinstance(events[-1], AnalysisReady)
    analysis = events[-1].analysis
    assert analysis.traces_read == 14
    assert not events[-1].interrupted
    found = [event.finding for event in events if isinstance(event, FindingReady)]
    assert {each.fingerprint for each in found} == {each.fingerprint for each in analysis.findings}
    timeout = next(each for each in found if each.hypothesis == "timeout")
    assert timeout.verdict.value == "confirmed"

    affected = opened.ask(protocol.FetchRows(RowQuery(finding=timeout.fingerprint), 0, 99))

    assert {row.trace_id for row in affected.rows} == set(timeout.trace_ids)
    assert all(row.findings > 0 for row in affected.rows)
    view = opened.ask(protocol.FetchTrace(timeout.trace_ids[0]))
    assert timeout.fingerprint in view.findings


def test_a_finished_analysis_is_kept_for_later_reports(opened: Engine, tmp_path: Path) -> None:
    ready: list[AnalysisReady] = []
    folder = tmp_path / "data" / "analyses"

    def on_push(body: Any) -> None:
        if isinstance(body, AnalysisReady):
            ready.append(body)

    assert opened.ask(protocol.StartAnalysis(keep_in=str(folder)), on_push) == protocol.Done()

    (kept,) = kept_analyses(folder)
    read = read_analysis(kept.path)
    assert [each.fingerprint for each in read.findings] == [
        each.fingerprint for each in ready[0].analysis.findings
    ]

    opened.ask(protocol.AskFocuses((parse("refund"),)))
    titles = [each.category.value for each in read_analysis(kept.path).findings]
    assert "user" in titles, "what is asked later is kept too"
    opened.ask(protocol.AskFocuses(()))


def test_an_analysis_of_a_sample_takes_no_place_of_one_of_all(
    opened: Engine, tmp_path: Path
) -> None:
    folder = str(tmp_path / "analyses")
    assert opened.ask(protocol.StartAnalysis(keep_in=folder)).note == ""

    answer = opened.ask(protocol.StartAnalysis(keep_in=folder, max_traces=5))

    assert answer.note.startswith("This analysis covers a sample of the traces.")
    (kept,) = kept_analyses(Path(folder))
    assert read_analysis(kept.path).traces_read == len(stores.small_traces())


def test_an_analysis_that_cannot_be_kept_is_told_and_not_lost(
    opened: Engine, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    events: list[Any] = []

    answer = opened.ask(
        protocol.StartAnalysis(keep_in=str(tmp_path / "file" / "analyses")), events.append
    )

    assert "could not be kept for later reports" in answer.note
    assert isinstance(events[-1], AnalysisReady)


def test_a_purpose_confirmed_while_reading_is_in_the_analysis(opened: Engine) -> None:
    purpose = Purpose("Refunds things.", confirmed_by_user=True)
    asked: list[int] = []
    ready: list[AnalysisReady] = []

    def on_push(body: Any) -> None:
        if isinstance(body, HypothesisQueued) and not asked:
            asked.append(opened.send(protocol.ConfirmPurpose(purpose)))
        if isinstance(body, AnalysisReady):
            ready.append(body)

    opened.ask(protocol.StartAnalysis(), on_push)

    said = ready[0].analysis.purpose
    assert (said.description, said.confirmed_by_user) == ("Refunds things.", True)
    assert said.tools, "the figures are those of all traces, not of the draft that was confirmed"


def own(events: list[Any]) -> list[tuple[str, int, str]]:
    *_, ready = [each for each in events if isinstance(each, AnalysisReady)]
    return [
        (each.title, each.affected, each.verdict.value)
        for each in ready.analysis.findings
        if each.category is Category.USER
    ]


def test_claims_of_ones_own_are_tested_with_the_rest_and_later_on_what_was_read(
    opened: Engine,
) -> None:
    events: list[Any] = []
    filtered = parse("filter: tags.region = 'eu' -> latency")
    opened.ask(protocol.StartAnalysis(focus=(parse("refund"), filtered)), events.append)
    assert sorted(own(events)) == [
        ("More failures with “refund”", 3, "not-testable"),
        ("Slower traces where tags.region = 'eu'", 5, "refuted"),
    ]
    rest = [each for each in events[-1].analysis.findings if each.category is not Category.USER]

    assert opened.ask(protocol.AskFocuses((filtered, parse("order"))), events.append)

    assert sorted(title for title, _, _ in own(events)) == [
        "More failures with “order”",
        "Slower traces where tags.region = 'eu'",
    ]
    again = [each for each in events[-1].analysis.findings if each.category is not Category.USER]
    assert again == rest
    (order,) = [each for each in events[-1].analysis.findings if "order" in each.title]
    rows = opened.ask(protocol.FetchRows(RowQuery(finding=order.fingerprint), 0, 99))
    assert len(rows.rows) == 9


def test_a_claim_asked_for_while_traces_are_read_is_tested_at_the_end(opened: Engine) -> None:
    events: list[Any] = []
    asked: list[int] = []

    def on_push(body: Any) -> None:
        events.append(body)
        if isinstance(body, HypothesisQueued) and not asked:
            asked.append(opened.send(protocol.AskFocuses((parse("order"),))))

    opened.ask(protocol.StartAnalysis(), on_push)
    assert [title for title, _, _ in own(events)] == ["More failures with “order”"]


@pytest.fixture
def large_store(store: str, tmp_path: Path) -> str:
    """The small store with a trace copied so often that reading it takes a while."""
    path = tmp_path / "large.db"
    shutil.copy(store.removeprefix("sqlite:///"), path)
    with sqlite3.connect(path) as database:
        source = stores.small_traces()[0].info.trace_id
        for table, key in (
            ("trace_info", "request_id"),
            ("trace_tags", "request_id"),
            ("spans", "trace_id"),
        ):
            columns = [
                row[1] for row in database.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0
            ]
            values = ", ".join("'tr-' || number" if name == key else name for name in columns)
            database.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) "
                "WITH RECURSIVE copies (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copies LIMIT 4000) "
                f"SELECT {values} FROM {table}, copies WHERE {key} = ?",
                (source,),
            )
    database.close()
    return f"sqlite:///{path}"


def test_an_analysis_stopped_midway_concludes_and_rows_come_meanwhile(
    large_store: str, tmp_path: Path
) -> None:
    engine = Engine(tmp_path / "log", tmp_path)
    engine.ask(protocol.CheckConnection(large_store))
    grown: list[protocol.TableGrew] = []
    opened = engine.ask(protocol.OpenExperiment(stores.EXPERIMENT), grown.append)
    assert (opened.traces, opened.complete) == (4014, True)
    assert len(grown) > 1

    start = engine.send(protocol.StartAnalysis())
    rows: list[protocol.Rows] = []
    last: Any = None
    calls: dict[int, str] = {}
    while True:
        message = engine.receive()
        if isinstance(message, Reply):
            if message.number == start:
                break
            if isinstance(message.answer, protocol.Rows):
                rows.append(message.answer)
        else:
            last = message.body
            reading = isinstance(last, Progress) and last.stage == "reading spans"
            if reading and last.done and not calls:
                calls[engine.send(protocol.FetchRows(RowQuery(), 0, 5))] = "rows"
                calls[engine.send(protocol.Stop())] = "stop"

    assert isinstance(last, AnalysisReady)
    assert last.interrupted
    assert 0 < last.analysis.traces_read < 4014
    assert rows[0].total == 4014
    engine.close()
