"""Stores for the tests of reading: made once, copied where a test changes them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import stores


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small store, as it is made once."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    stores.write_small_store(path)
    return path


@pytest.fixture
def small_store(sqlite_template: Path, tmp_path: Path) -> Path:
    """A SQLite store of this test's own, holding ``stores.small_traces()``."""
    path = tmp_path / "a store" / "mlflow.db"
    path.parent.mkdir()
    return shutil.copy(sqlite_template, path)


@pytest.fixture(scope="session")
def file_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of files holding ``stores.small_traces()``."""
    path = tmp_path_factory.mktemp("files") / "mlruns"
    stores.write(stores.small_traces(), path.as_uri(), stores.EXPERIMENT, path.parent / "artifacts")
    return path


@pytest.fixture
def fingerprint() -> Callable[[Path], dict[str, str]]:
    """Every file and directory under a place, with a hash of each file."""

    def of(place: Path) -> dict[str, str]:
        return {
            str(path.relative_to(place)): (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "directory"
            )
            for path in sorted(place.rglob("*"))
        }

    return of
