"""Facts of this machine for ``doctor``: paths in use, versions, the terminal, optional parts. Reads only."""

from __future__ import annotations

import locale
import os
import platform
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import platformdirs

from mlflow_tui.terminal import capabilities

PROGRAM = "mlflow-tui"
PACKAGES = ("mlflow", "textual", "rich", "sqlalchemy", "pandas", "databricks-sdk")
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Place:
    """A file or folder that is used, or would be."""

    name: str
    path: Path
    state: str
    problem: str = ""
    """What to do about it, if it cannot be used."""


def places() -> list[Place]:
    """Every path in use."""
    config = Path(platformdirs.user_config_dir(PROGRAM))
    logs = Path(platformdirs.user_log_dir(PROGRAM))
    return [
        _file("profiles", config / "profiles.toml"),
        _file("keys", config / "keys.toml", private=False),
        _file("recent", config / "recent.json"),
        _folder("reviews", Path(platformdirs.user_data_dir(PROGRAM)) / "reviews"),
        _folder("cache", Path(platformdirs.user_cache_dir(PROGRAM))),
        _file("log, screens", logs / "engine.log"),
        _file("log, commands", logs / "command.log"),
        _file("log, crashes", logs / "crash.log"),
    ]


def _file(name: str, path: Path, *, private: bool = True) -> Place:
    if not path.exists():
        return Place(name, path, "not there yet", _not_writable(path))
    mode = path.stat().st_mode & 0o777
    state = f"{_size(path.stat().st_size)}, mode {mode:04o}"
    if not os.access(path, os.R_OK):
        return Place(name, path, state, f"It cannot be read. Make it yours: chown $USER {path}")
    if private and mode & 0o077:
        return Place(name, path, state, f"Others can open it. Close it: chmod 600 {path}")
    return Place(name, path, state, _not_writable(path))


def _folder(name: str, path: Path) -> Place:
    if not path.exists():
        return Place(name, path, "not there yet", _not_writable(path))
    files = [each for each in path.rglob("*") if each.is_file()]
    size = sum(each.stat().st_size for each in files)
    count = f"{len(files):,} file{'' if len(files) == 1 else 's'}"
    return Place(name, path, f"{count}, {_size(size)}", _not_writable(path))


def _not_writable(path: Path) -> str:
    """The nearest folder that is there decides."""
    there = next(each for each in (path, *path.parents) if each.exists())
    if os.access(there, os.W_OK):
        return ""
    return f"{there} cannot be written to, so nothing is kept there. Change its owner or mode."


def _size(size: int) -> str:
    if size >= _MEGABYTE:
        return f"{size / _MEGABYTE:,.1f} MB"
    return f"{size / 1000:,.1f} kB" if size >= 1000 else f"{size} bytes"


def versions() -> list[tuple[str, str]]:
    """Names and versions of the program, Python, the system and what it stands on."""
    found = [
        (PROGRAM, _version(PROGRAM) or "not installed as a package"),
        ("Python", f"{platform.python_version()}  {sys.executable}"),
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
    ]
    return found + [(name, _version(name) or "not installed") for name in PACKAGES]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


@dataclass(frozen=True)
class Extra:
    """An optional part of the program."""

    name: str
    packages: tuple[tuple[str, str], ...]
    """Name and version; "" if it is not installed."""

    @property
    def is_there(self) -> bool:
        """Whether all of it is installed."""
        return all(version for _, version in self.packages)


def extras() -> list[Extra]:
    """The optional parts that the package declares."""
    try:
        requirements = metadata.requires(PROGRAM) or []
    except metadata.PackageNotFoundError:
        return []
    found: dict[str, list[tuple[str, str]]] = {}
    for requirement in requirements:
        package = re.match(r"[A-Za-z0-9._-]+", requirement)
        extra = re.search(r"""extra\s*==\s*["']([^"']+)""", requirement)
        if package and extra:
            found.setdefault(extra[1], []).append((package[0], _version(package[0])))
    return [Extra(name, tuple(packages)) for name, packages in found.items()]


def terminal_facts(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """What decides how the screens look."""
    size = shutil.get_terminal_size()
    theme = capabilities.theme_for(dict(environment))
    colours = {
        "mlflow-16": "none, NO_COLOR is set" if "NO_COLOR" in environment else "16",
        "mlflow-dark": "truecolor" if _truecolor(environment) else "256",
    }.get(theme, "as the theme has them")
    inside = [
        name
        for name, variable in (("tmux", "TMUX"), ("screen", "STY"), ("mosh", "MOSH_IP"))
        if environment.get(variable)
    ]
    where = "over SSH" if capabilities.over_ssh(dict(environment)) else "local"
    return [
        ("TERM", environment.get("TERM", "") or "not set"),
        ("colours", f"{colours}, theme {theme}"),
        ("locale", f"{_locale_name(environment)}, {locale.getpreferredencoding(False)}"),
        ("size", f"{size.columns}×{size.lines}"),
        ("reached", ", ".join([where, *(f"inside {name}" for name in inside)])),
    ]


def _truecolor(environment: Mapping[str, str]) -> bool:
    return environment.get("COLORTERM", "").lower() in ("truecolor", "24bit")


def _locale_name(environment: Mapping[str, str]) -> str:
    names = (environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    return next((name for name in names if name), "not set")
