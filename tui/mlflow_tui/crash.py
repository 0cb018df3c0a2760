"""What is kept of a crash: the traceback in a file, and a sentence for the terminal."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from textual.worker import WorkerFailed


def crash_report(error: Exception, directory: Path) -> str:
    """Write the traceback to ``crash.log`` (mode 0600) in ``directory``; the sentence that says so.

    Without local variables: those hold trace content. If it cannot be written, the sentence says that.
    """
    # of what failed in a worker, Textual tells the name and not the place
    cause = error.error if isinstance(error, WorkerFailed) else error
    log = directory / "crash.log"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as stream:
            traceback.print_exception(cause, file=stream)
    except OSError as problem:
        details = f"Details could not be written to {log}: {problem.strerror or problem}."
    else:
        details = f"Details: {log}"
    return (
        f"mlflow-tui stopped because of an error in it ({type(cause).__name__}). "
        f"Your decisions are saved. {details}"
    )
