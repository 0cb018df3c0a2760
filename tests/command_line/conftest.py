"""A store with one planted fault, and the command line as a function."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

import stores
from mlflow_analysis.records import TraceRecord
from mlflow_tui.cli import main, program
from trace_factory import model, tool, trace

EXPERIMENT = "orders"


def orders() -> list[TraceRecord]:
    """Eighty traces of forty sessions; every fifth fails because ``lookup_order`` is refused."""
    records = []
    for number in range(1, 81):
        refused = number % 5 == 0
        call = (
            tool(
                "lookup_order",
                status="ERROR",
                message="429 Too Many Requests",
                exception=("HTTPError", "429 Too Many Requests: rate limit exceeded"),
            )
            if refused
            else tool("lookup_order", outputs={"state": "shipped"})
        )
        records.append(
            trace(
                model("plan"),
                call,
                request=f"Where is my order {1000 + number}?",
                response="" if refused else "It was shipped yesterday.",
                state="ERROR" if refused else "OK",
                session=f"session-{number // 2}",
                number=number,
            )
        )
    return records


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a SQLite store with ``orders()`` and an experiment without traces."""
    folder = tmp_path_factory.mktemp("orders-store")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    stores.write(orders(), uri, EXPERIMENT, folder / "artifacts")
    stores.write([], uri, "nothing here", folder / "artifacts")
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
    """Run the installed command's entry point: its exit code, and what it said on stderr."""

    def invoke(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["mlflow-tui", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), capsys.readouterr().err

    return invoke
