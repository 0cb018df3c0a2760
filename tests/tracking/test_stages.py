"""The check of a connection: told stage by stage, bounded, cancellable, and sure of its credentials."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import stores
from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.protocol import CancelCheck, CheckConnection, CheckStage, ConnectionReport
from mlflow_analysis.service.session import Session
from mlflow_analysis.tracking import environment
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.problems import CheckCancelled, ConnectionProblem
from mlflow_analysis.tracking.reopening import reopened
from mlflow_analysis.tracking.stages import ORDER, Stages
from tracking import databricks_double, network
from tracking.databricks_double import TOKEN, Workspace


def test_each_stage_is_told_as_it_begins_and_as_it_ends(small_store: Path) -> None:
    told: list[CheckStage] = []

    report = connect(str(small_store), on_stage=told.append).report()

    assert [(each.name, each.state) for each in told] == [
        (name, state) for name in ORDER for state in ("running", "passed")
    ]
    assert report.stages == tuple(each for each in told if each.state == "passed")
    found = {stage.name: stage.found for stage in report.stages}
    assert found["reach"].startswith("a SQLite file of")
    assert found["experiments"] == "2 active"
    assert found["trace"] == f"the newest of {stores.EXPERIMENT} has 1 spans"


def test_the_stage_that_fails_says_why_and_is_the_last() -> None:
    told: list[CheckStage] = []
    with network.dead() as where, pytest.raises(ConnectionProblem) as caught:
        connect(f"http://{where}", on_stage=told.append)

    assert (told[-1].name, told[-1].state) == ("reach", "failed")
    assert told[-1].found == caught.value.sentence


def test_a_check_that_is_cancelled_ends_though_the_server_never_answers() -> None:
    session, told, answers = Session(), [], []
    at_sign_in = threading.Event()

    def listen(stage: object) -> None:
        told.append(stage)
        if isinstance(stage, CheckStage) and stage.name == "sign in":
            at_sign_in.set()

    def check(where: str) -> None:
        try:
            session.answer(CheckConnection(f"http://{where}"), listen)
        except CheckCancelled as cancelled:
            answers.append(cancelled.sentence)

    with network.silent() as where:
        checking = threading.Thread(target=check, args=(where,))
        checking.start()
        assert at_sign_in.wait(60)
        session.answer(CancelCheck(), listen)
        checking.join(60)

    assert answers == ["The check was cancelled."]


def test_a_step_that_knows_no_end_is_left_behind() -> None:
    never = threading.Event()

    with pytest.raises(ConnectionProblem, match=r"no further than 'reach' within 0\.1 s"):
        Stages().run("reach", never.wait, str, 0.1)

    never.set()


def test_a_connection_that_fails_leaves_the_one_before(small_store: Path) -> None:
    session = Session()
    before = session.answer(CheckConnection(str(small_store)), lambda _: None)
    assert isinstance(before, ConnectionReport)

    with pytest.raises(ConnectionProblem):
        session.answer(CheckConnection("/nowhere/mlflow.db"), lambda _: None)

    assert session.connected.connection.tracking_uri == before.tracking_uri


# ---- credentials --------------------------------------------------------------------------------


def _to(workspace: Workspace, token: str) -> ConnectionRequest:
    sign_in = SignIn(SignInMethod.TOKEN, secret=token, databricks_host=workspace.url)
    return ConnectionRequest("databricks", sign_in=sign_in)


def test_connections_in_turn_never_send_each_others_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "of-the-environment")
    records = stores.small_traces()
    with databricks_double.workspace(records) as one, databricks_double.workspace(records) as other:
        one.tokens, other.tokens = {"dapi-one"}, {"dapi-other"}
        sources = [
            connect(_to(one, "dapi-one")).experiment(stores.EXPERIMENT),
            connect(_to(other, "dapi-other")).experiment(stores.EXPERIMENT),
        ]
        for source in [*sources, *sources]:
            infos = [info for page in source.infos() for info in page]
            assert len(list(source.traces(infos))) == len(records)
        threads = [
            threading.Thread(target=lambda s=source: [list(s.traces(page)) for page in s.infos()])  # type: ignore[misc]
            for source in sources
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert one.signed_in_as == {"dapi-one"}
    assert other.signed_in_as == {"dapi-other"}


def test_a_worker_opens_an_experiment_again_with_the_same_credentials(
    workspace: Workspace,
) -> None:
    source = connect(_to(workspace, TOKEN)).experiment(stores.EXPERIMENT)
    assert source.spec is not None
    assert TOKEN not in repr(source.spec)

    again = reopened(source.spec)

    assert [*again.infos()] == [*source.infos()]


def test_the_environment_is_what_it_was_between_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "mine")
    monkeypatch.delenv("DATABRICKS_HOST", raising=False)
    variables = environment.Variables({"DATABRICKS_TOKEN": None, "DATABRICKS_HOST": "there"})

    with variables.in_force() as changed, variables.in_force():
        assert changed
        assert ("DATABRICKS_TOKEN" in os.environ, os.environ["DATABRICKS_HOST"]) == (False, "there")
        assert environment.own_environment()["DATABRICKS_TOKEN"] == "mine"

    assert (os.environ["DATABRICKS_TOKEN"], "DATABRICKS_HOST" in os.environ) == ("mine", False)


def test_a_secret_is_in_no_text_of_a_request() -> None:
    sign_in = SignIn(SignInMethod.PASSWORD, user="anna", secret="hunter2")

    assert "hunter2" not in repr(CheckConnection("http://host", sign_in=sign_in))


@pytest.mark.parametrize(
    ("sign_in", "says"),
    [
        (SignIn(SignInMethod.PASSWORD, user="anna", secret_variable="THERE_IS_NONE"), "password"),
        (SignIn(SignInMethod.TOKEN, secret_variable="THERE_IS_NONE"), "token"),
    ],
)
def test_a_variable_that_is_not_set_is_named(sign_in: SignIn, says: str) -> None:
    with pytest.raises(ConnectionProblem, match=f"THERE_IS_NONE, which is to hold the {says}"):
        connect(ConnectionRequest("http://127.0.0.1:1", sign_in=sign_in))
