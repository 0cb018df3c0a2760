"""Everything that was sent to a judge and came back, in a file that the user can read."""

from __future__ import annotations

import os
import threading
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import orjson


class Transcript:
    """A file of JSON lines with mode 0600, made when the first line is written. Safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
        self.path = directory / f"judge-{stamp}-{uuid.uuid4().hex[:8]}.jsonl"
        self._lock = threading.Lock()

    @property
    def written(self) -> bool:
        """Whether there is anything in it."""
        return self.path.exists()

    def add(self, line: dict[str, Any]) -> None:
        """Write ``line``, with the time. Raises ``OSError`` if it cannot be written."""
        moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        content = orjson.dumps({"time": moment, **line}, option=orjson.OPT_APPEND_NEWLINE)
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(content)
