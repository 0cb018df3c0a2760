"""How the app looks: a stylesheet for each screen, one for what they share, colour roles."""

from __future__ import annotations

from pathlib import Path


def stylesheet(name: str) -> Path:
    """The file of the stylesheet ``name``, without its ending: "app", "board", …

    Raises ``FileNotFoundError`` if there is none of that name.
    """
    path = Path(__file__).with_name(f"{name}.tcss")
    if not path.is_file():
        raise FileNotFoundError(f"There is no stylesheet {name!r} in {path.parent}.")
    return path
