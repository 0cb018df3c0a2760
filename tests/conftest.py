"""Every test runs in a home of its own, without this machine's settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
# Tests import helpers of their own folder (a made trace, a recorded engine) by plain name. pytest would
# arrange that too, but then no two test files anywhere could have one name.
sys.path[:0] = [
    str(folder)
    for folder in (_HERE, *sorted(_HERE.rglob("*/")))
    if folder.is_dir() and any(folder.glob("*.py"))
]

_THIS_MACHINES = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TMUX", "SSH_CONNECTION")
_OF_THE_STORE = ("MLFLOW_", "DATABRICKS_", "OTEL_")

import made_once  # noqa: E402 - found by the above

for name in list(os.environ):
    if name in _THIS_MACHINES or name.startswith(_OF_THE_STORE):
        del os.environ[name]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"

_PROCESSES_A_CORE, _MOST_PROCESSES = 2, 8


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """``-n auto``: a test spends half of its time waiting for a frame, a server or another process."""
    return min(_MOST_PROCESSES, _PROCESSES_A_CORE * (os.cpu_count() or 1))


def _settle_in(home: Path) -> dict[str, str]:
    """The environment of someone who lives in ``home``."""
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
    }


@pytest.fixture(scope="session", autouse=True)
def _session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home for what is made once for all tests."""
    made_once.share(tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _settle_in(tmp_path_factory.mktemp("session-home")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def _style_sheets() -> None:
    """Where a test starts the app, which the modules of tests have then imported."""
    if "textual.css" in sys.modules:
        import style_sheets

        style_sheets.parse_once()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory of this test's own."""
    directory = tmp_path_factory.mktemp("home")
    for name, value in _settle_in(directory).items():
        monkeypatch.setenv(name, value)
    return directory


@pytest.fixture
def orders_store(tmp_path: Path) -> Path:
    """A SQLite store of this test's own with the traces of ``orders``, its artifacts beside it."""
    import orders_store  # loads MLflow, which most tests do without

    return orders_store.in_directory(tmp_path / "store")


@pytest.fixture(params=["sqlite", pytest.param("server", marks=pytest.mark.server)])
def orders_uri(request: pytest.FixtureRequest, orders_store: Path) -> Iterator[str]:
    """That store as a file, and behind a real server."""
    if request.param == "sqlite":
        yield f"sqlite:///{orders_store}"
        return
    from tracking import databases

    with databases.tracking_server(orders_store) as served:
        yield served
