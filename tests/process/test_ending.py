"""A process ends in order, and what it holds is left to the system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BEGINNING = """
import atexit, threading
from mlflow_analysis.process.ending import Ending
ending = Ending()

class Held:
    def __del__(self):
        print("taken apart", flush=True)

held = Held()
"""


def _ended(rest: str, outputs: str = "") -> subprocess.CompletedProcess[str]:
    """What became of a process that begins so; ``outputs`` as a shell has it after a command."""
    return subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" {outputs}', sys.executable, BEGINNING + rest],
        capture_output=True,
        text=True,
        check=False,
    )


def test_threads_and_what_is_registered_come_to_their_end_and_nothing_is_taken_apart() -> None:
    ended = _ended(
        """
def on_a_thread():
    threading.main_thread().join()
    print("thread done")

atexit.register(print, "registered done")
threading.Thread(target=on_a_thread).start()
print("main done")
ending.with_code(3)
"""
    )
    assert ended.returncode == 3
    assert ended.stdout.splitlines() == ["main done", "thread done", "registered done"]
    assert ended.stderr == ""


def test_an_error_is_told_and_ends_as_python_ends() -> None:
    ended = _ended("raise KeyError('what')")
    assert ended.returncode == 1
    assert "KeyError: 'what'" in ended.stderr
    assert ended.stdout == "taken apart\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file is always full")
def test_what_cannot_be_written_at_the_end_is_no_success() -> None:
    ended = _ended(
        """
import sys
sys.stdout = open("/dev/full", "w")
atexit.register(print, "lost")
ending.with_code(0)
"""
    )
    assert ended.returncode == 120
    assert "No space left on device" in ended.stderr


def test_that_there_is_no_output_is_no_error() -> None:
    ended = _ended("ending.with_code(4)", ">&- 2>&-")
    assert ended.returncode == 4
