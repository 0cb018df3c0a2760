"""The end of a process that holds much: in order, but without taking apart what it holds."""

from __future__ import annotations

import atexit
import os
import sys
from typing import NoReturn


class Ending:
    """The last thing that this process does, if it is made before anything else is registered with ``atexit``.

    Python waits for threads, does what is registered, and would then let go of all objects one by one. After a large
    analysis that takes a tenth of a second or more, and the system takes back all memory at once anyway.
    """

    def __init__(self) -> None:
        self._code: int | None = None
        atexit.register(self._leave)

    def with_code(self, code: int) -> NoReturn:
        """Leave with this exit code. Raises ``SystemExit`` to get there."""
        self._code = code
        sys.exit(code)

    def _leave(self) -> None:
        if self._code is None:
            return  # an error that Python told about, and whose code it knows
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:  # as where it was closed before the process began
                    stream.flush()
        except (OSError, ValueError):
            return  # Python says what it says when what was printed cannot be written
        os._exit(self._code)
