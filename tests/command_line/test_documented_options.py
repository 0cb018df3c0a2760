"""What the documents say can be typed, can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from mlflow_tui.cli import program

ROOT = Path(__file__).parents[2]
_OF_OTHERS = frozenset({"--strict"})


def options() -> set[str]:
    """Every long option of the program and its commands."""
    context = click.Context(program)
    commands = [program.get_command(context, name) for name in program.list_commands(context)]
    parameters = [each for command in (program, *commands) if command for each in command.params]
    named = {
        name
        for each in parameters
        if isinstance(each, click.Option)
        for name in (*each.opts, *each.secondary_opts)
    }
    return named | {"--help", "--version"}


@pytest.mark.parametrize(
    "name", ["README.md", "docs/report.md", "docs/ci.md", "docs/json.md", "docs/terminal.md"]
)
def test_every_option_named_there_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - _OF_OTHERS
    assert named
    assert named <= options()
