"""A payload in the user's pager: the terminal is handed over, and taken back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pseudo_terminal import Terminal

import stores

pytestmark = pytest.mark.terminal

PAGER = """
import json, os, sys
path = sys.argv[-1]
text = open(path, encoding="utf-8").read()
print("THE PAGER HAS THE TERMINAL:", sys.argv[1], sys.stdin.isatty(), sys.stdout.isatty(), flush=True)
line = sys.stdin.readline()
mode = oct(os.stat(path).st_mode & 0o777)
json.dump({"path": path, "mode": mode, "text": text, "typed": line}, open(os.environ["RECORD"], "w"))
"""


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    (tmp_path / "pager.py").write_text(PAGER)
    monkeypatch.setenv("PAGER", f"{sys.executable} {tmp_path}/pager.py 'two words'")
    monkeypatch.setenv("RECORD", str(tmp_path / "record.json"))
    uri = stores.write_small_store(tmp_path / "mlflow.db")
    terminal = Terminal(
        "--tracking-uri", uri, "--experiment", stores.EXPERIMENT, cwd=tmp_path, columns=100
    )
    yield terminal
    terminal.close()


def test_the_pager_has_the_terminal_until_it_ends(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait_for("Please refund me", "thinking")
    terminal.press("]")
    terminal.wait_for("✗ error  30 s", "charge card")
    terminal.press("\r", "x", "o")
    terminal.wait_for("THE PAGER HAS THE TERMINAL: two words True True")
    terminal.press("typed to the pager\r")
    terminal.wait_for("charge card", gone="THE PAGER")
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["typed"] == "typed to the pager\n"
    assert record["mode"] == "0o600"
    assert json.loads(record["text"]) == {"amount": 12.5, "card": "…4242"}
    assert not Path(record["path"]).parent.exists()
    assert terminal.leave() == 0
