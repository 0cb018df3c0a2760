"""A TOML file of the user's: read with what they wrote by hand, replaced in one step, readable by them alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


class NotToml(ValueError):  # noqa: N818 - shown to people
    """Why the file is no TOML, in words that fit after a colon."""


def read_toml(path: Path) -> TOMLDocument | None:
    """What is in the file; ``None`` if there is none. Raises ``NotToml`` and ``OSError``."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise NotToml("it is not text in UTF-8") from error
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        return tomlkit.parse(text)
    except ParseError as error:  # its message quotes nothing but a character
        raise NotToml(f"line {error.line} is not TOML") from error
    except tomlkit.exceptions.TOMLKitError as error:
        raise NotToml("it is not TOML") from error


def replace_file(path: Path, text: str) -> None:
    """Write ``text`` in place of what was there, mode 0600. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = path.resolve()  # where the file is kept elsewhere and linked, it stays so
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:  # mkstemp: mode 0600
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
