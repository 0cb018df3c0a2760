"""How the user wants the screens: keys, themes, how much to draw. From their files and the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.theme import Theme

from mlflow_tui.config.key_map import KeyMap
from mlflow_tui.config.settings import Settings
from mlflow_tui.config.user_themes import user_themes


@dataclass(frozen=True)
class Preferences:
    """What the app is told. ``notices`` are for when there is a screen: what could not be used, and why."""

    keys: KeyMap = field(default_factory=KeyMap)
    theme: str = ""
    """Asked for this once, by whatever name; "" for the one that was chosen before, or suits the terminal."""
    themes: tuple[Theme, ...] = ()
    """The user's own."""
    low_bandwidth: bool | None = None
    """``None``: once the line stalls."""
    notices: tuple[str, ...] = ()


def read_preferences(
    settings: Settings,
    theme: str = "",
    low_bandwidth: bool | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Preferences:
    """From the user's files; ``theme`` and ``low_bandwidth`` are options, and come first."""
    keys, key_problems = KeyMap(), list[str]()
    if settings.keys_path.exists():  # what reads it is loaded for those who have one
        from mlflow_tui.config.key_file import read_key_map

        keys, key_problems = read_key_map(settings.keys_path)
    themes, theme_problems = user_themes(settings.themes_path)
    return Preferences(
        keys,
        theme or environment.get("MLFLOW_TUI_THEME", ""),
        tuple(themes),
        low_bandwidth,
        (*key_problems, *theme_problems),
    )
