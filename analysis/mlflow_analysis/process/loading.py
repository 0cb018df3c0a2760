"""Libraries that are needed once traces are read, loaded while the store is being asked for them."""

from __future__ import annotations

import importlib
import threading

_NEEDED = (
    "scipy.stats",
    "statsmodels.stats.contingency_tables",
    "statsmodels.stats.multitest",
    "sklearn.cluster",
    "sklearn.decomposition",
    "sklearn.feature_extraction.text",
    "sklearn.preprocessing",
)
"""None of them is imported when a module of ours is: that takes as long as to list 50,000 traces."""


class Loading:
    """Loads them in a thread of its own. Whoever uses one waits for the end first."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=_load, name="loading", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until all are there."""
        self._thread.join()


def _load() -> None:
    for name in _NEEDED:
        importlib.import_module(name)
