"""Start-up stays light: help and the first paint load none of the heavy libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("mlflow", "numpy", "pandas", "scipy", "sklearn", "statsmodels", "sqlalchemy")


def _loaded_by(code: str) -> set[str]:
    """Which heavy libraries a fresh Python has loaded after ``code``."""
    asking = f"\nimport sys\nprint('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    finished = subprocess.run(
        [sys.executable, "-c", code + asking],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return set(finished.stdout.rpartition("LOADED")[2].split())


HELP = """
import sys
sys.argv = ["mlflow-tui", "--help"]
from mlflow_tui.cli import main
try:
    main()
except SystemExit as ended:
    assert ended.code == 0
"""


@pytest.mark.parametrize(
    "code",
    [
        HELP,
        "import mlflow_tui.cli",
        "import mlflow_tui.app",
        "import mlflow_tui.application",
        "import mlflow_analysis, mlflow_analysis.findings.analysis, mlflow_analysis.review",
        "import mlflow_analysis.protocol, mlflow_analysis.events, mlflow_analysis.report",
    ],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert _loaded_by(code) == set()


def test_help_does_not_load_textual() -> None:
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mlflow_tui", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Usage:" in finished.stdout
    assert "click" in finished.stderr
    assert "textual" not in finished.stderr


UNTIL_THE_APP_RUNS = """
import sys
sys.argv = ["mlflow-tui"]
from mlflow_tui.terminal import capabilities
capabilities.objection = lambda environment: None
import mlflow_tui.application
mlflow_tui.application.MlflowTui.run = lambda app, **options: None
from mlflow_tui.cli import main
try:
    main()
except SystemExit as ended:
    assert ended.code == 0
print("LOADED", *[name for name in sys.modules if name.startswith("mlflow_")])
"""


def test_the_first_paint_does_not_wait_for_what_app_and_engine_say_to_each_other() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", UNTIL_THE_APP_RUNS], capture_output=True, text=True, check=True
    )
    loaded = finished.stdout.rpartition("LOADED")[2].split()
    assert "mlflow_tui.screens.base" in loaded
    late = ("mlflow_analysis.protocol.", "mlflow_analysis.findings", "mlflow_analysis.records")
    assert not [name for name in loaded if name.startswith(late)]


def test_the_engine_leaves_the_libraries_of_statistics_until_traces_are_listed() -> None:
    loading = "from mlflow_analysis.engine import run\nrun.catalogue()"
    late = ("scipy.n", "scipy.s", "sklearn")
    asking = f"\nimport sys\nprint(*[name for name in sys.modules if name.startswith({late})])"
    finished = subprocess.run(
        [sys.executable, "-c", loading + asking], capture_output=True, text=True, check=True
    )
    assert finished.stdout.split() == []


def test_the_check_itself_sees_what_is_loaded() -> None:
    assert "numpy" in _loaded_by("import numpy")
