"""Keys that come faster than the screens they are meant for."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.keys import _character_to_key, key_to_character


def send(app: App[Any], *keys: str) -> None:
    """As the terminal's driver does; the pilot would wait after each key until all is quiet."""
    assert app._driver is not None
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        typed = key if len(key) == 1 else key_to_character(name)
        app._driver.send_message(events.Key(name, typed))
