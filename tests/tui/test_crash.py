"""A crash of the app: a sentence on the terminal, the rest in the log, trace text in neither."""

from __future__ import annotations

from pathlib import Path

import pytest
from first_screen import first_screen
from recorded_engine import RecordedEngine, settings_in
from textual.worker import WorkerFailed

from mlflow_tui.application import MlflowTui
from mlflow_tui.crash import crash_report


@pytest.mark.parametrize("in_worker", [False, True])
async def test_a_crash_shows_where_it_was_and_no_local_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], in_worker: bool
) -> None:
    app = MlflowTui(RecordedEngine(tmp_path), settings_in(tmp_path))

    async def crash() -> None:
        secret_of_a_trace = "the customer's " + "address"
        raise ZeroDivisionError(len(secret_of_a_trace))

    with pytest.raises((ZeroDivisionError, WorkerFailed)):
        async with app.run_test() as pilot:
            await first_screen(pilot)
            app.call_later((lambda: app.run_worker(crash())) if in_worker else crash)
            await pilot.pause(0.1)
    said = capsys.readouterr()
    log = (tmp_path / "logs" / "crash.log").read_text()
    assert "customer's address" not in said.out + said.err + log
    assert "ZeroDivisionError" in log
    assert "in crash" in log
    assert "(ZeroDivisionError)" in said.out + said.err
    assert "Details:" in said.out + said.err
    assert app.return_code == 1
    assert (tmp_path / "logs" / "crash.log").stat().st_mode & 0o777 == 0o600


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    said = crash_report(ValueError("a trace's words"), tmp_path / "logs")
    assert "Your decisions are saved. Details could not be written to" in said
    assert "a trace's words" not in said
