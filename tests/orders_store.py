"""A real SQLite store with the traces of ``orders``."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import stores
from made_once import made_once
from orders import EXPERIMENT, orders


def in_directory(place: Path) -> Path:
    """``mlflow.db`` in ``place``, which is made; what is written to it later has its artifacts beside it."""
    original = made_once("orders", _write)
    shutil.copytree(original, place)
    path = place / "mlflow.db"
    with closing(sqlite3.connect(path)) as store, store:
        store.execute(
            "UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)",
            (original.as_uri(), place.as_uri()),
        )
    return path


def _write(folder: Path) -> None:
    stores.write(orders(), f"sqlite:///{folder / 'mlflow.db'}", EXPERIMENT, folder / "artifacts")
