"""The connection of a session: checked, and replaced only by one that works."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.protocol import CheckConnection, ConnectionReport, Pushed
from mlflow_analysis.tracking.connection import Connection, ConnectionProblem, connect


class Connected:
    """The connection that works, and how it was asked for; one check at a time."""

    def __init__(self) -> None:
        self.asked = ConnectionRequest()
        """How the open connection was asked for."""
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._cancelled = threading.Event()
        """Set to give up the check that is running."""

    @property
    def connection(self) -> Connection:
        """The open connection. Raises ``ConnectionProblem`` if there is none yet."""
        if self._connection is None:
            raise ConnectionProblem(
                "There is no connection to a tracking store yet.", "Connect first."
            )
        return self._connection

    def check(self, request: CheckConnection, send: Callable[[Pushed], None]) -> ConnectionReport:
        """Connect; the connection before, if any, stays unless the new one works."""
        cancelled = threading.Event()
        with self._lock:
            self._cancelled.set()
            self._cancelled = cancelled
        connection = connect(request, on_stage=send, cancelled=cancelled.is_set)
        report = connection.report()
        with self._lock:
            if not cancelled.is_set():
                self._connection, self.asked = connection, request
        return report

    def cancel(self) -> None:
        """Give up the check that is running."""
        self._cancelled.set()
