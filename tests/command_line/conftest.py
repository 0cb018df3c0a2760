"""A store with one planted fault, and the command line as a function."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

import orders_store
import stores
from mlflow_tui.cli import exit_code, program


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a SQLite store with ``orders()`` and an experiment without traces."""
    path = orders_store.in_directory(tmp_path_factory.mktemp("orders") / "store")
    uri = f"sqlite:///{path}"
    stores.write([], uri, "nothing here", path.parent / "artifacts")
    return uri


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run ``mlflow-tui`` in this process with these arguments."""

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(program, arguments)

    return invoke


@pytest.fixture
def run_as_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run what the installed command runs: its exit code, and what it said on stderr."""

    def invoke(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["mlflow-tui", *arguments])
        return exit_code(), capsys.readouterr().err

    return invoke
