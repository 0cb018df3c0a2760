"""Progress without a terminal: a line for each stage, none in between that says nothing new."""

from __future__ import annotations

import pytest

from mlflow_analysis.events import Progress, TraceSkipped
from mlflow_tui.command_line.progress_lines import progress_shown


def test_one_line_a_stage_and_every_skipped_trace(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_shown(quiet=False) as show:
        show(Progress("listing traces", 0, None, 0.0, None))
        show(Progress("listing traces", 900, None, 450.0, None))
        show(TraceSkipped("tr-1", "Its spans are missing."))
        show(Progress("reading spans", 1, 900, 2.0, 450.0))
        show(Progress("testing hypotheses", 60, 90, 30.0, 1.0))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "listing traces: 0",
        "skipped tr-1: Its spans are missing.",
        "reading spans: 1 of 900",
        "testing hypotheses: 60 of 90, 30 a second, 1 s left",
    ]


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_shown(quiet=True) as show:
        show(Progress("listing traces", 0, None, 0.0, None))
    assert capsys.readouterr() == ("", "")
