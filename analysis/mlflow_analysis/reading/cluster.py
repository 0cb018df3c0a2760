"""Slices read by a Dask cluster, through its ``concurrent.futures`` interface.

Whatever concerns the cluster, such as giving the slices of a lost worker to another one, is its scheduler's
business. Its workers need this package, and have to reach the store at the same address as this process.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Any

from mlflow_analysis.reading.slices import SliceRead, reopen_and_read
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import SourceSpec
from mlflow_analysis.tracking.problems import ConnectionProblem

SCHEME = "dask://"
_PATIENCE = 10
"""Seconds to wait for the scheduler."""


class Cluster:
    """A Dask cluster, as an ``executors.Place``. ``engine`` is ``dask://host:port``, its scheduler.

    Raises ``ConnectionProblem`` if it cannot be reached, has no workers, or Dask is not installed.
    """

    def __init__(self, spec: SourceSpec, engine: str) -> None:
        self._spec = spec
        self._client = _connected(engine)
        self._executor: Executor = self._client.get_executor(pure=False)

    @property
    def workers(self) -> int:
        """Threads of the cluster now; it may grow."""
        return max(1, sum(self._client.nthreads().values()))

    def submit(self, outlines: Sequence[TraceOutline]) -> Future[SliceRead]:
        """Read these traces."""
        return self._executor.submit(reopen_and_read, self._spec, outlines)

    def renew(self) -> None:
        """Nothing: the scheduler finds other workers."""

    def stop(self) -> None:
        """Nothing: slices are short, and nobody waits for them any more."""

    def close(self) -> None:
        """Take back what has not begun, and part from the cluster."""
        self._executor.shutdown(wait=False)
        self._client.close(timeout=1)


def _connected(engine: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise ConnectionProblem(
            f"{engine} needs Dask, which is not installed.", "pip install 'mlflow-tui[dask]'"
        ) from error
    address = engine.removeprefix(SCHEME)
    if not engine.startswith(SCHEME) or not address:
        raise ConnectionProblem(
            f"{engine} is no engine.", "Give the address of a Dask scheduler: dask://host:port."
        )
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it would draw over the screen
    try:
        client = Client(f"tcp://{address}", timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConnectionProblem(
            f"The Dask scheduler at {address} does not answer.",
            "Start one (dask scheduler), or leave --engine out.",
            f"{type(error).__name__}: {error}",
        ) from error
    if not client.nthreads():
        client.close(timeout=1)
        raise ConnectionProblem(
            f"The Dask scheduler at {address} has no workers.",
            f"Start some: dask worker tcp://{address}",
        )
    return client
