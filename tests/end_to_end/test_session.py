"""A whole session as a person has it: connect, board, accept, a kill, and the report after it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pseudo_terminal import Terminal

from demo_stores import demo_store
from mlflow_analysis.demo.store import DemoStore

pytestmark = pytest.mark.terminal

TRACES = 240
ENTER, ESCAPE, CLEAR_LINE = "\r", "\x1b", "\x15"


@pytest.fixture(scope="module")
def store() -> DemoStore:
    """A small sample store with planted faults."""
    return demo_store(TRACES)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Whatever is opened is closed, also after a failure."""
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def open_program(store: DemoStore, cwd: Path, terminals: list[Terminal]) -> Terminal:
    terminal = Terminal(
        "--tracking-uri", store.tracking_uri, "--experiment", store.experiment_name, cwd=cwd
    )
    terminals.append(terminal)
    terminal.wait_for(f"{TRACES} traces", store.experiment_name)
    return terminal


def test_a_decision_survives_kill_and_the_report_holds_exactly_what_was_accepted(
    store: DemoStore, tmp_path: Path, terminals: list[Terminal]
) -> None:
    first = open_program(store, tmp_path, terminals)
    first.press("4")
    first.wait_for("What the application does", "confirm")
    first.press(ENTER)
    first.wait_for("What worries you?")
    first.press("refunds", ENTER)
    first.wait_for(f"{TRACES} traces read", "to decide", "a accept")
    title = title_under_cursor(first)
    first.press("a")
    first.wait_for("1 accepted")
    first.kill()

    second = open_program(store, tmp_path, terminals)
    second.press("4")  # the purpose was confirmed, so nothing is asked again
    second.wait_for(f"{TRACES} traces read", "1 accepted")
    second.wait_for(f"✓ {title}")

    second.press("5")
    second.wait_for("Trace analysis", "1 accepted", "e export")
    write(second, "e", tmp_path / "report.md")
    write(second, "J", tmp_path / "analysis.json")
    assert second.leave() == 0
    assert b"\x1b[?1049l" in second.received, "the terminal is given back as it was"

    findings = json.loads((tmp_path / "analysis.json").read_text())["findings"]
    accepted = [found["title"] for found in findings if found["decision"] == "accepted"]
    assert accepted == [title]
    report = (tmp_path / "report.md").read_text()
    issues = report[report.index("## Accepted issues") : report.index("## Performance")]
    headings = [line for line in issues.splitlines() if line.startswith("### ")]
    assert len(headings) == 1
    assert title in headings[0]


def title_under_cursor(terminal: Terminal) -> str:
    """The claim of the card that the cursor is on: its first line, without what stands around it."""
    line = next(line for line in terminal.lines if line.startswith("▌"))
    return re.split(r"\s{2,}", line.strip("▌· "))[0]


def write(terminal: Terminal, key: str, path: Path) -> None:
    """Export to ``path``, undecided findings or not."""
    terminal.press(key)
    terminal.wait_for("Export now?")
    terminal.press("y")
    terminal.wait_for("Write to", "orders-shipping-support")
    terminal.press(CLEAR_LINE)
    # Textual runs bindings after the plain keys that are waiting: type only when it is done.
    terminal.wait_for("Write to", gone="orders-shipping-support")
    terminal.press(str(path), ENTER)
    terminal.wait_until(path.exists, f"{path} was not written")
    terminal.wait_for("e export", gone="Write to")
