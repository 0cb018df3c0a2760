"""The wheel and the sdist carry all that the program reads, and the wheel works once installed."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READ_AT_RUN_TIME = (".tcss", ".j2", ".json", "py.typed")
ROOTS = {
    "mlflow_analysis": ROOT / "analysis",
    "mlflow_tui": ROOT / "tui",
    "mlflow_styles": ROOT / "styles",
}


def _needed() -> set[str]:
    """Paths within the wheel of every source file and of what is read at run time."""
    return {
        str(file.relative_to(source_root))
        for package, source_root in ROOTS.items()
        for file in (source_root / package).rglob("*")
        if file.name.endswith((*READ_AT_RUN_TIME, ".py"))
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    finished = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder


def test_the_list_of_needed_files_is_not_empty() -> None:
    endings = {Path(name).suffix for name in _needed()}
    assert {".py", ".tcss", ".j2", ".json"} <= endings


def test_the_wheel_holds_every_file(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert _needed() - set(archive.namelist()) == set()


def test_the_sdist_holds_every_file_and_what_builds_it(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    sources = {
        str(source_root.relative_to(ROOT) / name)
        for package, source_root in ROOTS.items()
        for name in _needed()
        if name.startswith(package + "/")
    }
    assert sources | {"pyproject.toml", "LICENSE", "README.md", "constraints.txt"} <= held


def test_the_installed_wheel_reads_its_styles_templates_and_schema(
    built: Path, tmp_path: Path
) -> None:
    (wheel,) = built.glob("*.whl")
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--target", str(site), str(wheel)],
        check=True,
    )  # fmt: skip
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import mlflow_analysis, mlflow_tui.cli, mlflow_styles\n"
        "from mlflow_analysis.contract import schema\n"
        "from mlflow_analysis.mcp_server.server import guide\n"
        "from mlflow_analysis.report.templates import TemplateFolder\n"
        "from mlflow_styles import stylesheet\n"
        f"assert mlflow_analysis.__file__.startswith({str(site)!r})\n"
        "assert schema()['title']\n"
        "TemplateFolder(None).check()\n"
        "assert guide('skill')\n"
        "assert stylesheet('app')\n"
        "print('works')"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert finished.stdout == "works\n"
