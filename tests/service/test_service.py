"""The engine process, started as the app starts it and spoken to over its pipe."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

import stores
from mlflow_analysis import protocol
from mlflow_analysis.contract_reading import read_analysis
from mlflow_analysis.events import AnalysisReady, FindingReady, HypothesisQueued, Progress
from mlflow_analysis.findings import Category, Purpose
from mlflow_analysis.focus import parse
from mlflow_analysis.protocol import Call, Push, Reply, RowQuery
from mlflow_analysis.saved import kept_analyses
from trace_factory import model, tool, trace

ROOT = Path(__file__).parents[1]
ANSWER_WITHIN_SECONDS = 120


class Engine:
    """A running service and the conversation with it."""

    def __init__(self, log: Path, cwd: Path) -> None:
        ours, theirs = socket.socketpair()
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow_analysis.service", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=cwd,
                env={**os.environ, "PYTHONPATH": str(ROOT / "analysis")},
            )
        theirs.close()
        self.log = log
        self.pipe: Connection[Any, Any] = Connection(ours.detach())
        self.number = 0

    def send(self, request: Any) -> int:
        self.number += 1
        self.pipe.send(Call(self.number, request))
        return self.number

    def receive(self) -> Reply | Push:
        assert self.pipe.poll(ANSWER_WITHIN_SECONDS), f"no answer:\n{self.log.read_text()}"
        message: Reply | Push = self.pipe.recv()
        return message

    def ask(self, request: Any, on_push: Callable[[Any], None] = lambda body: None) -> Any:
        """The answer to a request; pushes of that call go to ``on_push``."""
        number = self.send(request)
        while True:
            message = self.receive()
            if isinstance(message, Push):
                on_push(message.body)
            elif message.number == number:
                return message.answer

    def close(self) -> None:
        self.pipe.close()
        self.process.wait(timeout=ANSWER_WITHIN_SECONDS)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return stores.write_small_store(tmp_path_factory.mktemp("store") / "mlflow.db")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One process for all tests that leave it as it is: it takes seconds to start."""
    place = tmp_path_factory.mktemp("engine")
    engine = Engine(place / "engine.log", place)
    yield engine
    engine.close()


@pytest.fixture
def opened(engine: Engine, store: str) -> Engine:
    engine.ask(protocol.CheckConnection(store))
    experiments = engine.ask(protocol.ListExperiments()).experiments
    chosen = next(each for each in experiments if each.name == stores.EXPERIMENT)
    assert engine.ask(protocol.OpenExperiment(chosen.experiment_id)).complete
    return engine


def test_what_is_plainly_wrong_is_said_before_mlflow_is_loaded(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "log", tmp_path)

    answer = engine.ask(protocol.CheckConnection(str(tmp_path / "missing.db")))

    assert isinstance(answer, protocol.Problem)
    assert "There is no file" in answer.sentence
    assert answer.remedy
    engine.close()
    assert engine.process.returncode == 0


def test_nothing_is_open_at_first(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "log", tmp_path)
    for request in (
        protocol.ListExperiments(),
        protocol.FetchTrace("tr-1"),
        protocol.StartAnalysis(),
    ):
        answer = engine.ask(request)
        assert isinstance(answer, protocol.Problem)
        assert answer.remedy
    assert engine.ask(protocol.FetchRows(RowQuery(), 0, 10)).rows == ()
    engine.close()


def test_from_the_connection_to_a_trace(engine: Engine, store: str) -> None:
    report = engine.ask(protocol.CheckConnection(store))
    assert (report.store, report.experiments) == ("SQLite", 2)

    experiments = engine.ask(protocol.ListExperiments()).experiments
    chosen = next(each for each in experiments if each.name == stores.EXPERIMENT)
    grown: list[protocol.TableGrew] = []
    end = engine.ask(protocol.OpenExperiment(chosen.experiment_id), grown.append)
    assert end == protocol.TableGrew(14, 14, complete=True)
    assert [each.traces for each in grown] == [14]

    slowest = engine.ask(protocol.FetchRows(RowQuery(sort="duration_ms"), 0, 2))
    assert slowest.total == 14
    row = slowest.rows[0]
    assert (row.state, row.duration_ms, row.request) == ("ERROR", 30_100.0, "Please refund me")
    position = engine.ask(
        protocol.LocateTrace(RowQuery(sort="duration_ms"), slowest.rows[1].trace_id)
    )
    assert position == protocol.RowPosition(1)

    view = engine.ask(protocol.FetchTrace(row.trace_id))
    assert [(span.record.name, span.depth) for span in view.spans] == [
        ("agent", 0),
        ("charge card", 1),
        ("apologise", 1),
    ]
    charge = view.spans[1]
    assert charge.failed
    assert charge.error_class == "timeout"
    assert charge.self_ms == charge.critical_ms == 30_000.0
    assert (view.spans[2].input_tokens, view.spans[2].model) == (200, "sonata")

    turns = engine.ask(protocol.FetchConversation("session-9")).turns
    assert [turn.start_ms for turn in turns] == sorted(turn.start_ms for turn in turns)
    assert len(turns) == 3


def test_a_summary_says_which_hypotheses_can_be_tested(opened: Engine) -> None:
    found = opened.ask(protocol.SummariseExperiment(stores.EXPERIMENT))

    assert (found.traces, found.exact) == (14, True)
    assert "timeout" in found.testable
    assert set(found.testable).isdisjoint(dict(found.not_testable))
    empty = opened.ask(protocol.SummariseExperiment("0"))
    assert empty.traces == 0
    assert "timeout" in dict(empty.not_testable)


def test_hostile_text_comes_harmless_from_every_request(opened: Engine) -> None:
    rows = opened.ask(protocol.FetchRows(RowQuery(), 0, 99)).rows
    hostile = next(row for row in rows if "click=app.bell" in row.request)
    answers = (
        rows,
        opened.ask(protocol.FetchTrace(hostile.trace_id)),
        opened.ask(protocol.FetchConversation(hostile.session_id)),
    )

    text = repr(answers)

    assert "[@click=app.bell]" in text
    assert not any(escape in text for escape in ("\\x1b", "\\x07", "\\u202e"))


def test_a_filter_narrows_the_table_and_a_wrong_one_leaves_it(opened: Engine) -> None:
    experiment = stores.EXPERIMENT
    wrong = opened.ask(protocol.OpenExperiment(experiment, "nonsense"))
    assert isinstance(wrong, protocol.FilterProblem)
    assert wrong.sentence == "This is no whole condition."
    assert (wrong.start, wrong.end) == (0, len("nonsense"))
    assert opened.ask(protocol.FetchRows(RowQuery(), 0, 1)).total == 14

    assert opened.ask(protocol.OpenExperiment(experiment, "trace.status = 'ERROR'")).traces == 3

    assert opened.ask(protocol.FetchRows(RowQuery(), 0, 1)).total == 3


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


def test_a_filter_is_looked_at_before_it_is_kept(opened: Engine) -> None:
    assert opened.ask(protocol.CheckFilter("tags.region = 'eu'")) == protocol.Done()
    problem = opened.ask(protocol.CheckFilter("trace.colour = 'red'"))
    assert isinstance(problem, protocol.FilterProblem)
    assert problem.sentence == "Traces have no field “colour”."
    offer = opened.ask(protocol.SuggestFilter("tags.re", 7))
    assert offer == protocol.FilterSuggestions(0, 7, ("tags.region ",))
    assert "{" not in problem.remedy, "MLflow prints a set, in another order each time"
    assert "A tag is tags.colour." in problem.remedy


def test_tool_outputs_alone_bring_a_trace_into_the_table(engine: Engine, tmp_path: Path) -> None:
    records = [
        trace(tool("lookup", outputs={"parcel": [{"city": "Porto"}, 7]}), number=1),
        trace(tool("lookup", inputs={"city": "Porto"}), model("say", outputs="Porto"), number=2),
    ]
    uri = f"sqlite:///{tmp_path / 'two.db'}"
    experiment = stores.write(records, uri, "two", tmp_path / "artifacts")
    engine.ask(protocol.CheckConnection(uri))
    engine.ask(protocol.OpenExperiment(experiment))
    query = RowQuery(text="porto")
    assert engine.ask(protocol.FetchRows(query, 0, 9)).total == 0
    assert engine.ask(protocol.SearchTools("porto")) == protocol.ToolsSearched("porto", 2, 2, True)
    (row,) = engine.ask(protocol.FetchRows(query, 0, 9)).rows
    assert row.trace_id == records[0].info.trace_id
    engine.ask(protocol.OpenExperiment(experiment))  # read again: what was found stays found
    assert engine.ask(protocol.FetchRows(query, 0, 9)).total == 1


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


def test_what_is_not_expected_is_answered_and_the_process_lives(opened: Engine) -> None:
    answer = opened.ask(protocol.FetchRows(RowQuery(sort="colour"), 0, 1))

    assert isinstance(answer, protocol.Problem)
    assert "did not expect" in answer.sentence
    assert "colour" in answer.details
    assert opened.ask(protocol.FetchRows(RowQuery(), 0, 1)).rows


def test_a_password_is_in_no_answer_and_not_in_the_log(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "log", tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        answers = [
            engine.ask(protocol.CheckConnection(f"{scheme}://me:hunter2@127.0.0.1:{port}/x"))
            for scheme in ("http", "postgresql", "mysql", "ftp")
        ]
    engine.close()

    assert all(isinstance(answer, protocol.Problem) for answer in answers)
    assert "hunter2" not in repr(answers)
    assert "hunter2" not in engine.log.read_text()


PARENT = """
import socket, subprocess, sys
ours, theirs = socket.socketpair()
child = subprocess.Popen(
    [sys.executable, "-m", "mlflow_analysis.service", str(theirs.fileno())],
    pass_fds=(theirs.fileno(),), start_new_session=True,
)
theirs.close()
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_when_the_app_is_killed_the_engine_leaves(tmp_path: Path) -> None:
    # The engine holds our standard output open, so that its end is the end of the file.
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "analysis")},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())

    parent.kill()
    parent.wait()
    rest = parent.stdout.read()

    assert rest == b""
    with pytest.raises(ProcessLookupError):
        _still_there(child)


def _still_there(process_id: int) -> None:
    """Raises ``ProcessLookupError`` unless that process runs; one that has ended does not."""
    os.kill(process_id, 0)
    state = Path(f"/proc/{process_id}/stat")
    if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
        raise ProcessLookupError(process_id)


def test_a_terminated_engine_ends(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "log", tmp_path)
    engine.ask(protocol.CheckConnection(str(tmp_path / "missing.db")))

    engine.process.terminate()

    assert engine.process.wait(timeout=ANSWER_WITHIN_SECONDS) != 0
    with pytest.raises(EOFError):
        engine.receive()
