"""What the engine process answers: from the connection to a trace."""

from __future__ import annotations

from pathlib import Path

from engine_process import Engine

import stores
from mlflow_analysis import protocol
from mlflow_analysis.protocol import RowQuery
from trace_factory import model, tool, trace


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


def test_what_is_not_expected_is_answered_and_the_process_lives(opened: Engine) -> None:
    answer = opened.ask(protocol.FetchRows(RowQuery(sort="colour"), 0, 1))

    assert isinstance(answer, protocol.Problem)
    assert "did not expect" in answer.sentence
    assert "colour" in answer.details
    assert opened.ask(protocol.FetchRows(RowQuery(), 0, 1)).rows
