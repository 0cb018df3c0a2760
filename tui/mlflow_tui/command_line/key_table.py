"""The keys as a table, by screen: for a terminal, and as Markdown for the documents.

``python -m mlflow_tui.command_line.key_table README.md`` writes the short table into the README anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from mlflow_tui.actions import ACTIONS, COMPARE, EVERYWHERE, LISTS, PURPOSE, STEPS, Action
from mlflow_tui.config.key_map import KeyMap

BEGIN, END = "<!-- keys -->", "<!-- /keys -->"
"""Between them stands the README's table."""
TITLES = {
    EVERYWHERE: "Everywhere",
    **{place: f"{key} {name}" for place, key, name in STEPS},
    COMPARE: "Two traces compared (`D` on the traces)",
    PURPOSE: "Purpose (before the board starts)",
}


def plain(keys: KeyMap) -> str:
    """A line an action: its keys, its name in the key file, what it does."""
    lines: list[str] = []
    for title, place, actions in _groups():
        lines += ["", title]
        lines += [
            f"  {keys.label(each, place):<12} {each.name:<20} {each.help}" for each in actions
        ]
    return "\n".join(lines[1:]) + "\n"


def markdown(keys: KeyMap) -> str:
    """The same as a document, a section a screen."""
    parts = [_INTRODUCTION]
    for title, place, actions in _groups():
        parts.append(f"## {title}\n")
        parts.append("| key | name | does |\n|---|---|---|")
        parts += [
            f"| {_code(keys.label(each, place))} | `{each.name}` | {each.help} |"
            for each in actions
        ]
        parts.append("")
    return "\n".join(parts)


def short(keys: KeyMap) -> str:
    """A row a screen, a word or two an action: the table in the README."""
    rows = ["| screen | keys |", "|---|---|"]
    for title, place, actions in _groups():
        said = " · ".join(f"{_code(keys.label(each, place))} {each.label}" for each in actions)
        rows.append(f"| {title} | {said} |")
    return "\n".join(rows)


def with_short_table(text: str) -> str:
    """``text`` (of the README) with the table between its marks written anew.

    Raises ``ValueError`` if the marks are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"There is no {BEGIN} … {END} in it.")
    return f"{before}{BEGIN}\n{short(KeyMap())}\n{END}{after}"


def _groups() -> Iterator[tuple[str, str, list[Action]]]:
    """Title, place and actions: first what is alike on all lists, then each screen's own."""
    alike = [action for action in ACTIONS if set(LISTS) <= set(action.where)]
    yield "Moving, on every list", alike[0].where[0], alike
    for place, title in TITLES.items():
        yield title, place, [each for each in ACTIONS if place in each.where and each not in alike]


def _code(label: str) -> str:
    return " ".join(f"`{key}`" for key in label.replace("|", "\\|").split(" "))


_INTRODUCTION = """# Keys

Written by `make docs` from the table of actions that the program itself works by. `?` shows what applies
where you are, `mlflow-tui keys` prints this with your own keys.

**Your own keys** stand in `keys.toml` in your config directory (`mlflow-tui doctor` says where that is): the name of
an action with its keys, for every screen that has it, or in a table for one screen alone.

```toml
help = ["f1", "?"]

[board]
accept = "A"
```

Keys are written as here, or by name (`escape`, `ctrl+d`, `f5`, `pagedown`). What names no action or no key, or would
put two actions on one key of one screen, is left out with a sentence that says file and line; the rest holds.
"""


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    readme.write_text(with_short_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
