"""A real SQLite store with the traces of ``orders``."""

from __future__ import annotations

from pathlib import Path

import stores
from made_once import made_once
from orders import EXPERIMENT, orders


def in_directory(place: Path) -> Path:
    """``mlflow.db`` in ``place``, which is made; a copy of one that is made once."""
    stores.copy_directory(made_once("orders", _write), place)
    return place / "mlflow.db"


def _write(folder: Path) -> None:
    stores.write(orders(), f"sqlite:///{folder / 'mlflow.db'}", EXPERIMENT, folder / "artifacts")
