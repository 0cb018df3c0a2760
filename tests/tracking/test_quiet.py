"""Nothing of what libraries say reaches the terminal, and MLflow tells nobody that we use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import stores
from tracking import databases, network
from tracking.databricks_double import TOKEN, Workspace


def _run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, with nothing set that a user would not have."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MLFLOW_", "DO_NOT_TRACK"))
    }
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment | variables,
    )


def _analyzed(address: str, **variables: str) -> None:
    quiet = ("--quiet", "--json", "-", "--hypothesis", "api-failure")
    ran = _run(
        *("-m", "mlflow_tui", "analyze", "--tracking-uri", address),
        *("--experiment", stores.EXPERIMENT, *quiet),
        **variables,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["traces"]["read"] == len(stores.small_traces())


def test_reading_tables_and_files_says_nothing(small_store: Path, file_store: Path) -> None:
    _analyzed(str(small_store))
    _analyzed(str(file_store))


@pytest.mark.server
def test_reading_through_unverified_tls_says_nothing(server: str, tmp_path: Path) -> None:
    tls = network.server_side(*network.certificate(tmp_path))
    with databases.relay(urlsplit(server).port or 0, tls) as port:
        _analyzed(f"https://127.0.0.1:{port}", MLFLOW_TRACKING_INSECURE_TLS="true")


def test_reading_from_databricks_says_nothing(workspace: Workspace) -> None:
    _analyzed("databricks", DATABRICKS_HOST=workspace.url, DATABRICKS_TOKEN=TOKEN)


def test_a_server_that_fails_is_told_in_one_line_and_no_more() -> None:
    with network.answering(500, "{}") as where:
        ran = _run(
            "-m", "mlflow_tui", "analyze", "--tracking-uri", f"http://{where}", "--experiment", "x"
        )

    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (3, "", 1)


_TELEMETRY = """
import sys
from mlflow_analysis.tracking.connection import connect
connect(sys.argv[1]).experiment(sys.argv[2])
from mlflow.telemetry import get_telemetry_client
print(get_telemetry_client())
"""


def test_telemetry_is_off_though_nobody_said_so(small_store: Path) -> None:
    ran = _run("-c", _TELEMETRY, str(small_store), stores.EXPERIMENT)

    assert ran.stdout == "None\n", ran.stderr
