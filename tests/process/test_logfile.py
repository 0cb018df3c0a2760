"""The log: private, rotated, without secrets, and the only place where libraries speak."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.process import logfile
from mlflow_analysis.process.logfile import keep_log
from mlflow_analysis.service.redaction import Redaction

SECRET = "hunter2-very-secret"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "logs" / "x.log"
    root, level = logging.getLogger(), logging.getLogger().level
    handler = keep_log(path, lambda text: text.replace(SECRET, "***"))
    yield path
    root.removeHandler(handler)
    root.setLevel(level)
    handler.close()


def test_the_log_is_private_and_holds_no_secret_not_even_in_a_traceback(log: Path) -> None:
    try:
        raise ValueError(f"http://u:{SECRET}@host \x1b[2J")  # noqa: TRY301
    except ValueError:
        logging.getLogger("sqlalchemy").exception("with %s", SECRET)
    written = log.read_text()
    assert "ValueError: http://u:***@host ␛[2J" in written
    assert SECRET not in written
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700


def test_it_is_rotated_and_every_part_is_private(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logfile.RotatingFileHandler):
            monkeypatch.setattr(handler, "maxBytes", 1_000)
    for number in range(100):
        logging.getLogger("x").warning("line %d %s", number, "-" * 50)
    parts = sorted(log.parent.iterdir())
    assert [part.name for part in parts] == ["x.log", "x.log.1", "x.log.2"]
    assert all(part.stat().st_mode & 0o777 == 0o600 for part in parts)
    assert all(part.stat().st_size <= 1_000 for part in parts)
    assert "line 99" in log.read_text()


def test_whatever_a_process_prints_goes_there(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    code = f"""
import os, sys, threading, warnings
from pathlib import Path
from mlflow_analysis.process.logfile import keep_log
keep_log(Path({str(path)!r}), lambda text: text.replace({SECRET!r}, "***"), take_output=True)
print("printed {SECRET}")
warnings.warn("warned {SECRET}")
os.write(2, b"past Python")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start(); thread.join()
raise RuntimeError("uncaught {SECRET}")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    written = path.read_text()
    assert (ended.stdout, ended.stderr) == (b"", b"")
    for said in ("printed ***", "warned ***", "past Python", "ZeroDivisionError", "uncaught ***"):
        assert said in written
    assert SECRET not in written


def test_redaction_knows_what_was_typed_what_is_named_and_what_the_env_file_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = tmp_path / "x.env"
    env_file.write_text("DB_PASSWORD=of-file\nMLFLOW_TRACKING_URI=http://u:in-address@host\n")
    monkeypatch.setenv("ODDLY_NAMED", "of-environment")
    redact = Redaction()
    sign_in = SignIn(SignInMethod.TOKEN, secret_variable="ODDLY_NAMED", secret="typed-one")
    redact.learn(ConnectionRequest("http://a:asked-for@host", str(env_file), sign_in))
    said = "of-file of-environment typed-one in-address asked-for stays"
    assert redact(said) == "*** *** *** *** *** stays"
