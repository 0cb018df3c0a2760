"""Sample stores of few traces: made once, and read by every test that changes nothing in them."""

from __future__ import annotations

from pathlib import Path

import stores
from made_once import made_once
from mlflow_analysis.demo.store import DemoStore, ensure_demo_store


def demo_store(traces: int) -> DemoStore:
    """The one that all tests share: to be read."""
    return ensure_demo_store(_directory(traces), traces=traces)


def copy_demo_store(traces: int, directory: Path) -> DemoStore:
    """One in ``directory``, which is made: to be written to."""
    stores.copy_directory(_directory(traces), directory)
    return ensure_demo_store(directory, traces=traces)


def _directory(traces: int) -> Path:
    return made_once(
        f"demo-of-{traces}", lambda directory: ensure_demo_store(directory, traces=traces)
    )
