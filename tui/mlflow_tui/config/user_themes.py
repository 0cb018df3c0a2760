"""Themes of the user's own: ``themes/NAME.toml`` in the config directory.

A file says what it starts from and which colours differ; roles are those of ``mlflow_styles.themes``::

    base = "light"
    primary = "#005f87"
    error = "rgb(170, 0, 0)"

A file that cannot be used is left out with a sentence that says which, and what is wrong in it. Importing this
module loads no TOML library; a file that is there does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from mlflow_analysis.untrusted import single_line
from mlflow_styles.themes import THEMES

PREFIX = "mlflow-"
_OWN = {theme.name.removeprefix(PREFIX): theme for theme in THEMES}
_FIELDS = frozenset(
    [
        "background",
        "surface",
        "panel",
        "foreground",
        "primary",
        "secondary",
        "accent",
        "success",
        "warning",
        "error",
    ]
)
_VARIABLES = frozenset({"muted", "rule", "cursor"})


class ThemeNotUnderstood(ValueError):  # noqa: N818 - shown to people
    """A theme file cannot be used: a sentence."""


def user_themes(directory: Path) -> tuple[list[Theme], list[str]]:
    """The themes in ``directory`` by their file names, and a sentence for each file that was left out."""
    themes: list[Theme] = []
    problems: list[str] = []
    for path in sorted(directory.glob("*.toml")) if directory.is_dir() else ():
        try:
            themes.append(_theme(path))
        except ThemeNotUnderstood as problem:
            problems.append(f"The theme {path} is not used: {problem}")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            problems.append(f"The theme {path} is not used: it cannot be read ({reason}).")
    return themes, problems


def full_name(said: str, available: Mapping[str, Theme]) -> str:
    """The theme that somebody calls ``said``: one of theirs, or one of ours with or without its prefix.

    "" if there is none.
    """
    return next((name for name in (said, PREFIX + said) if said and name in available), "")


def offered(available: Mapping[str, Theme], own: frozenset[str]) -> list[str]:
    """The themes to choose from: ours, and the user's ``own``; Textual's do not know our roles."""
    return sorted(name for name in available if name.startswith(PREFIX) or name in own)


def _theme(path: Path) -> Theme:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        said: dict[str, Any] = tomlkit.parse(path.read_text(encoding="utf-8")).unwrap()
    except TOMLKitError as error:
        raise ThemeNotUnderstood(f"it is not TOML: {single_line(str(error))}.") from None
    name = path.stem
    if name in _OWN or name.startswith(PREFIX):
        raise ThemeNotUnderstood(f"{single_line(name)} is one of those that come along.")
    base = said.pop("base", "dark")
    if base not in _OWN:
        raise ThemeNotUnderstood(f"its base must be one of {', '.join(_OWN)}.")
    for role, colour in said.items():
        if role not in _FIELDS | _VARIABLES:
            known = ", ".join(sorted(_FIELDS | _VARIABLES))
            raise ThemeNotUnderstood(f"there is no role {single_line(role)!r}. There are {known}.")
        if not isinstance(colour, str) or not _is_colour(colour):
            raise ThemeNotUnderstood(
                f"{single_line(str(colour))!r} for {role} is no colour. Write one as #rrggbb."
            )
    start = _OWN[base]
    variables = {**start.variables, **{role: said[role] for role in _VARIABLES & said.keys()}}
    fields: dict[str, Any] = {role: said[role] for role in _FIELDS & said.keys()}
    return replace(start, name=name, variables=variables, **fields)


def _is_colour(said: str) -> bool:
    try:
        Color.parse(said)
    except ColorParseError:
        return False
    return True
