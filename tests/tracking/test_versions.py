"""MLflow of other versions: servers, and what a version lacks. `make test-oldest` brings the two together."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

import stores
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.tracking.address import parse
from mlflow_analysis.tracking.connection import ConnectionProblem, connect
from mlflow_analysis.tracking.versions import compared, missing
from mlflow_tui.cli import program
from tracking import databases

OTHER_PYTHON = os.environ.get("OTHER_PYTHON", "")
"""A Python with another MLflow; `make test-oldest` names it."""

_WRITE = "import pathlib, sys, stores; stores.write_small_store(pathlib.Path(sys.argv[1]))"


@pytest.mark.parametrize(
    ("client", "server", "says"),
    [
        ("3.17.2", "3.17.0", "MLflow 3.17.2 here, 3.17.0 on the server"),
        ("3.17.2", "3.4.0", "MLflow 3.17.2 here, the older 3.4.0 on the server"),
        ("3.6.0", "3.17.2", "MLflow 3.6.0 here, the newer 3.17.2 on the server"),
        ("3.17.2", "", "MLflow 3.17.2 here; the server does not say its version"),
    ],
)
def test_client_and_server_are_compared(client: str, server: str, says: str) -> None:
    assert compared(client, server) == says


def test_a_server_that_is_too_old_is_refused() -> None:
    with pytest.raises(ConnectionProblem, match=r"MLflow 3\.3\.2, which is too old"):
        compared("3.17.2", "3.3.2")


def test_spans_that_an_older_client_cannot_read_are_told_beforehand() -> None:
    with pytest.raises(
        ConnectionProblem, match=r"spans the older 3\.4\.0 here cannot read"
    ) as caught:
        compared("3.4.0", "3.6.0")

    assert caught.value.remedy.endswith("pip install --upgrade mlflow")
    assert compared("3.4.0", "3.5.1")


def test_what_a_version_or_store_lacks_is_named() -> None:
    server, files = parse("http://host:5000"), parse("/srv/mlruns")

    assert missing(server, "3.17.2", "3.17.2") == ()
    assert missing(server, "3.17.2", "3.10.1") == ("issues (MLflow 3.11)",)
    assert missing(server, "3.4.0", "3.17.2") == missing(server, "3.17.2", "3.4.0")
    assert "sessions (MLflow 3.10)" in missing(server, "3.4.0", "")
    assert missing(files, "3.17.2", "") == ("counts by the store", "filters on spans", "issues")


@pytest.fixture(scope="module")
def store_of_the_other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store as the other MLflow makes and fills it."""
    if not OTHER_PYTHON:
        pytest.skip("no OTHER_PYTHON: `make test-oldest` has one")
    path = tmp_path_factory.mktemp("other") / "mlflow.db"
    here = Path(__file__).parents[1]
    paths = [here, here.parent / "analysis"]
    subprocess.run(
        [OTHER_PYTHON, "-c", _WRITE, str(path)],
        check=True,
        capture_output=True,
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
    )
    return path


@pytest.fixture(scope="module")
def other_server(store_of_the_other: Path) -> Iterator[str]:
    with databases.tracking_server(store_of_the_other, python=OTHER_PYTHON) as uri:
        yield uri


needs_spans = pytest.mark.skipif(
    not stores.SPANS_IN_STORE, reason="MLflow before 3.6 cannot read the spans of newer servers"
)


@pytest.mark.server
@pytest.mark.skipif(stores.SPANS_IN_STORE, reason="for MLflow before 3.6")
def test_a_server_that_is_too_new_is_told(other_server: str) -> None:
    with pytest.raises(ConnectionProblem, match="cannot read"):
        connect(other_server)


@needs_spans
@pytest.mark.server
def test_a_server_of_another_version_is_read_and_its_version_told(other_server: str) -> None:
    connection = connect(other_server)
    report = connection.report()

    assert report.client_version == version("mlflow")
    assert report.server_version not in {"", report.client_version}
    assert "er " + report.server_version in report.stages[3].found  # older, newer
    assert "issues (MLflow 3.11)" in report.missing
    source = connection.experiment(stores.EXPERIMENT)
    outcomes = [each for page in source.infos() for each in source.traces(page)]
    assert [isinstance(each, TraceRecord) for each in outcomes] == [True] * 14


@needs_spans
@pytest.mark.server
def test_a_server_of_another_version_is_analysed(other_server: str) -> None:
    result = CliRunner().invoke(
        program, ["analyze", "--tracking-uri", other_server, "--experiment", stores.EXPERIMENT]
    )

    assert result.exit_code == 0, result.output
    assert "14 traces" in result.stdout


def test_a_store_of_another_version_stays_as_it_was(
    store_of_the_other: Path, tmp_path: Path
) -> None:
    store = Path(shutil.copy(store_of_the_other, tmp_path / "mlflow.db"))
    before = store.read_bytes()

    if stores.SPANS_IN_STORE:
        with pytest.raises(ConnectionProblem, match="was made by an older MLflow"):
            connect(str(store))
    else:  # the tables of the newest are known: they are read without the MLflow at hand
        source = connect(str(store)).experiment(stores.EXPERIMENT)
        outcomes = [each for page in source.outlines() for each in source.read(page)]
        assert [isinstance(each, TraceRecord) for each in outcomes] == [True] * 14

    assert store.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["mlflow.db"]
