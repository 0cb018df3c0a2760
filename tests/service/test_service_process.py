"""The engine process begins, keeps secrets, and ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from engine_process import ANSWER_WITHIN_SECONDS, ROOT, Engine

from mlflow_analysis import protocol
from mlflow_analysis.protocol import RowQuery


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
