"""Writing a text to a file that the user names. Nothing that exists is overwritten without asking."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mlflow_tui.screens.base import StepScreen
from mlflow_tui.screens.dialogs import ConfirmDialog


async def save_text(screen: StepScreen, path: str, text: str, *, private: bool = False) -> bool:
    """Write it and say where, or why not; whether it was written. To be called from a worker.

    A ``private`` file can be read by its owner alone.
    """
    from mlflow_analysis.report import ReportExists, write_report

    if Path(path).expanduser().is_dir():
        screen.tell(f"{path} is a folder. Name a file.", problem=True)
        return False
    try:
        try:
            written = await asyncio.to_thread(write_report, path, text, private=private)
        except ReportExists as there:
            question = f"{there.path} exists already. Replace it?"
            answer = await screen.app.push_screen_wait(ConfirmDialog(question, "replace"))
            if answer is not True:
                screen.tell("Nothing was written.")
                return False
            written = await asyncio.to_thread(
                write_report, path, text, overwrite=True, private=private
            )
    except OSError as error:
        folder = Path(path).expanduser().absolute().parent
        reason = error.strerror or str(error)
        screen.tell(f"Could not write to {folder}: {reason}. Choose another.", problem=True)
        return False
    screen.tell(f"Written: {written}")
    return True
