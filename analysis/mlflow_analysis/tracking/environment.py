"""How MLflow is told to behave: quiet, without telemetry, giving up before a person does, and for whom.

MLflow reads most of this when it is imported, so everything in ``tracking`` gets at MLflow through
``load_mlflow`` and imports no part of it at the top of a module. A variable that the user has set
is left alone.

The Databricks SDK and the stores of artifacts find their credentials in the environment, and a process
has one. So each connection has ``Variables`` of its own, which are in force while it makes such a request;
requests with others wait. No connection can send what another signs in with.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # At ERROR, MLflow prints SQL tracebacks over whatever is on the screen.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Ending a run prints where it can be seen, among our results.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # The defaults (7 retries, growing pauses) keep a person waiting for four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_DATABRICKS_ENDPOINT_HTTP_RETRY_TIMEOUT": "60",
    # Ten traces a query is what MLflow does by default; it makes reading three times slower.
    "MLFLOW_SEARCH_TRACES_MAX_BATCH_SIZE": "500",
    # Since 3.13 directories of files are refused unless this says otherwise. We only read them.
    "MLFLOW_ALLOW_FILE_STORE": "true",
}
_TALKATIVE = ("mlflow", "alembic", "huey", "sqlalchemy.engine", "py.warnings")
_QUIET_UNLESS_KEPT = ("urllib3", "sqlalchemy", "databricks", "dotenv", "git")


def load_mlflow() -> Any:
    """The ``mlflow`` module, imported with ``SETTINGS`` in force. The first call takes seconds."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    logging.captureWarnings(True)
    import mlflow

    _hush()
    return mlflow


def _hush() -> None:
    """Leave what libraries say to the program's own log, if it keeps one; none writes to the terminal."""
    for name in _TALKATIVE:  # MLflow gives these handlers that write to stderr
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = True
    for name in _QUIET_UNLESS_KEPT:  # without any handler, Python would write to stderr itself
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


class _InForce:
    """Which variables the process's environment holds now. There is one: the environment is one."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.variables: dict[str, str | None] = {}
        """In force, or the last that were."""
        self.replaced: dict[str, str | None] = {}
        """What the user's own environment has in their place."""
        self.at_work = 0
        """Requests under way that need them."""
        self.next: list[Variables] = []
        """Who waits for other variables, first come first served."""

    def put(self, variables: dict[str, str | None]) -> None:
        self.replaced = {name: os.environ.get(name) for name in variables}
        for name, value in variables.items():
            _set(name, value)
        self.variables = variables

    def take_back(self) -> None:
        for name, value in self.replaced.items():
            _set(name, value)
        self.replaced = {}


_in_force = _InForce()


class Variables:
    """What the environment has to hold for one connection."""

    def __init__(self, variables: Mapping[str, str | None]) -> None:
        """``variables`` to set, or to take away where ``None``."""
        self._variables = dict(variables)
        self._mine = threading.local()

    @contextmanager
    def in_force(self) -> Iterator[bool]:
        """Within, the environment holds these variables; gives whether it held others the last time.

        Several requests with equal variables run at a time. May be entered again within.
        """
        if getattr(self._mine, "within", False):
            yield False
            return
        changed = self._enter()
        self._mine.within = True
        try:
            yield changed
        finally:
            self._mine.within = False
            with _in_force.changed:
                _in_force.at_work -= 1
                if not _in_force.at_work:
                    _in_force.take_back()
                _in_force.changed.notify_all()

    def _enter(self) -> bool:
        with _in_force.changed:
            _in_force.next.append(self)
            try:
                _in_force.changed.wait_for(self._may_enter)
            finally:
                _in_force.next.remove(self)
                _in_force.changed.notify_all()
            changed = _in_force.variables != self._variables
            if not _in_force.at_work:
                _in_force.put(self._variables)
            _in_force.at_work += 1
            return changed

    def _may_enter(self) -> bool:
        if _in_force.next[0] is not self:
            return False
        return not _in_force.at_work or _in_force.variables == self._variables


def own_environment() -> dict[str, str]:
    """The environment as the user set it, whatever variables are in force."""
    with _in_force.changed:
        environment: dict[str, str | None] = {**os.environ, **_in_force.replaced}
    return {name: value for name, value in environment.items() if value is not None}


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
