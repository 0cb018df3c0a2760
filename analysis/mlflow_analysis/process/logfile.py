"""The program's own log: what it and its libraries say that is not for the screen, without secrets.

The file has mode 0600. At ``LONGEST`` bytes it becomes ``….1``, that ``….2``; older ones go.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from mlflow_analysis.untrusted import printable

LONGEST = 1_000_000
KEPT = 2
_FORMAT = "%(asctime)s %(process)d %(levelname)s %(threadName)s %(name)s: %(message)s"

logger = logging.getLogger(__name__)


def keep_log(
    path: Path, redact: Callable[[str], str], *, take_output: bool = False
) -> logging.Handler:
    """From now on log to ``path``, every line through ``redact`` first. Returns the handler.

    With ``take_output`` also what is printed goes there, by Python (redacted) or past it (the process's
    descriptors 1 and 2). Raises ``OSError`` if the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = _PrivateFile(path, take_output)
    handler.setFormatter(_Redacting(redact))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    if take_output:
        sys.excepthook = _uncaught
        threading.excepthook = lambda args: _uncaught(
            args.exc_type, args.exc_value, args.exc_traceback
        )
        sys.stdout = sys.stderr = io.TextIOWrapper(_Lines(), encoding="utf-8", line_buffering=True)
    return handler


class _PrivateFile(RotatingFileHandler):
    """Made with mode 0600; the process's output follows it when it is rotated."""

    def __init__(self, path: Path, take_output: bool) -> None:
        self._take_output = take_output
        super().__init__(path, maxBytes=LONGEST, backupCount=KEPT, encoding="utf-8")

    def _open(self) -> io.TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fchmod(descriptor, 0o600)  # one from before, or with a generous umask
        if self._take_output:
            for output in (1, 2):
                os.dup2(descriptor, output)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - as in logging
        """A full disk must not end the work; there is nowhere left to say so."""


class _Redacting(logging.Formatter):
    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__(_FORMAT)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The whole entry, traceback included."""
        return printable(self._redact(super().format(record)))


class _Lines(io.RawIOBase):
    """What Python prints, logged line by line."""

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        text = bytes(content)  # type: ignore[call-overload]
        for line in text.decode("utf-8", "replace").splitlines():
            if line.strip():
                logger.info("printed: %s", line)
        return len(text)


def _uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    logger.critical("Not caught", exc_info=(kind, error or kind(), trace))
