"""The user's key map: ``keys.toml`` in the config directory, beside the profiles.

An action's name with its keys, for every screen that has it, or in a table for one screen alone::

    help = ["f1", "?"]

    [board]
    accept = "A"

What cannot be used is left out with a sentence that says where it stands; the rest holds. Importing this
module loads no TOML library; a file that is there does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow_analysis.untrusted import single_line
from mlflow_tui.actions import ACTIONS
from mlflow_tui.actions.key_names import NoSuchKey, textual_key, written
from mlflow_tui.config.key_map import PLACES, KeyMap, binding_id

_TABLE = re.compile(r"\s*\[\s*([\w-]+)\s*\]")
_ENTRY = re.compile(r"""\s*(["']?)([\w-]+)\1\s*=""")


@dataclass(frozen=True)
class _Entry:
    """One line of the file: the keys of the bindings that it is about."""

    line: int
    name: str
    bindings: tuple[str, ...]
    keys: str


def read_key_map(path: Path) -> tuple[KeyMap, list[str]]:
    """The key map of the file at ``path``, and a sentence for each thing in it that was left out.

    No file is no change. A file that cannot be read, or is no TOML, is left out as a whole.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return KeyMap(), []
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        return KeyMap(), [f"{path} cannot be read ({reason}); the keys are as they come."]

    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        at = f", line {error.line}" if hasattr(error, "line") else ""
        what = single_line(str(error)).rstrip(".")
        return KeyMap(), [f"{path}{at}: this is not TOML ({what}); the keys are as they come."]
    reader = _Reader(path, _lines(text))
    entries = list(reader.entries(document))
    return _without_clashes(reader, entries), reader.problems


class _Reader:
    def __init__(self, path: Path, lines: dict[tuple[str, str], int]) -> None:
        self._path = path
        self._lines = lines
        self.problems: list[str] = []

    def object_to(self, line: int, sentence: str) -> None:
        self.problems.append(f"{self._path}, line {line}: {sentence}")

    def entries(self, document: dict[str, Any]) -> Iterator[_Entry]:
        for name, value in document.items():
            if not isinstance(value, dict):
                yield from self._entry("", name, value)
            elif name not in PLACES:
                line = self._lines.get((name, ""), 1)
                known = ", ".join(PLACES)
                self.object_to(
                    line, f"There is no screen {single_line(name)!r}. There are {known}."
                )
            else:
                for inner, keys in value.items():
                    yield from self._entry(name, inner, keys)

    def _entry(self, table: str, name: str, value: object) -> Iterator[_Entry]:
        line = self._lines.get((table, name), 1)
        places = (table,) if table else PLACES
        bindings = tuple(
            binding_id(action, place)
            for action in ACTIONS
            for place in places
            if action.name == name and place in action.where
        )
        if not bindings:
            where = f" in [{table}]" if table else ""
            self.object_to(
                line,
                f"There is no action {single_line(name)!r}{where}. `mlflow-tui keys` lists them.",
            )
            return
        said = [value] if isinstance(value, str) else value
        if not isinstance(said, list) or not said or not all(isinstance(key, str) for key in said):
            self.object_to(line, f'{name} needs a key in quotes, or several: ["a", "f2"].')
            return
        try:
            keys = ",".join(dict.fromkeys(textual_key(key) for key in said))
        except NoSuchKey as problem:
            self.object_to(line, single_line(str(problem)))
            return
        yield _Entry(line, name, bindings, keys)


def _without_clashes(reader: _Reader, entries: list[_Entry]) -> KeyMap:
    """The map of all ``entries`` but those that would put two actions on one key of one screen.

    Of two entries the later one is left out; what is left out may free or take a key, so all is looked at
    again until nothing clashes that did not before.
    """
    unavoidable = set(KeyMap().clashes())
    while True:
        key_map = KeyMap({each: entry.keys for entry in entries for each in entry.bindings})
        clash = next((each for each in key_map.clashes() if each not in unavoidable), None)
        if clash is None:
            return key_map
        first, second, key = clash
        at_fault = max(
            (entry for entry in entries if {first, second} & set(entry.bindings)),
            key=lambda entry: entry.line,
        )
        other = second if first in at_fault.bindings else first
        place, _, action = other.partition(".")
        where = "everywhere" if place == "everywhere" else f"in {place}"
        reader.object_to(
            at_fault.line,
            f"{written(key)} is {action} {where} already, so {at_fault.name} keeps its own keys.",
        )
        entries = [entry for entry in entries if entry is not at_fault]


def _lines(text: str) -> dict[tuple[str, str], int]:
    """The line of each table and of each entry, by table and name; "" is the table without a name."""
    found: dict[tuple[str, str], int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _TABLE.match(line):
            table = heading.group(1)
            found.setdefault((table, ""), number)
        elif entry := _ENTRY.match(line):
            found.setdefault((table, entry.group(2)), number)
    return found
