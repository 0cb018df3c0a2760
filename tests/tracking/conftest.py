"""Stores for the tests of reading: made once, copied where a test changes them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reading_back import opened, through_the_client

import stores
from mlflow_analysis.tracking.reader import StoreTraces
from tracking import databases, databricks_double
from tracking.databricks_double import Workspace


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


# ---- what is started once, where a test needs it ------------------------------------------------


def _filled(uri: str, artifacts: Path) -> str:
    stores.write(stores.small_traces(), uri, stores.EXPERIMENT, artifacts)
    return uri


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL holding ``stores.small_traces()``; its address, as its owner."""
    with databases.postgresql() as uri:
        yield _filled(uri, tmp_path_factory.mktemp("postgresql"))


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A MariaDB holding ``stores.small_traces()``; its address, as its owner."""
    with databases.mariadb() as uri:
        yield _filled(uri, tmp_path_factory.mktemp("mariadb"))


@pytest.fixture(scope="session")
def served_store(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file behind ``server``."""
    return Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("served") / "mlflow.db"))


@pytest.fixture(scope="session")
def server(served_store: Path) -> Iterator[str]:
    """``mlflow server``."""
    with databases.tracking_server(served_store) as uri:
        yield uri


@pytest.fixture(scope="session")
def server_with_sign_in(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """``mlflow server`` with basic authentication: see ``databases.ADMIN_PASSWORD``."""
    store = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("guarded") / "mlflow.db"))
    with databases.tracking_server_with_sign_in(store) as uri:
        yield uri


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """The double of a Databricks workspace."""
    with databricks_double.workspace(stores.small_traces()) as served:
        yield served


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


@pytest.fixture(params=["tables", "client", "files"])
def source(request: pytest.FixtureRequest) -> StoreTraces:
    name = "file_store" if request.param == "files" else "small_store"
    opening = through_the_client if request.param == "client" else opened
    return opening(request.getfixturevalue(name))


@pytest.fixture(params=[opened, through_the_client])
def opening(request: pytest.FixtureRequest) -> Callable[[Path], StoreTraces]:
    return request.param
