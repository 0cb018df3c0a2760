"""Textual's style sheets, parsed once a process: every test starts an app, which would parse them all."""

from __future__ import annotations

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

_parse = Stylesheet._parse_rules
_parsed: dict[object, list[RuleSet]] = {}


def _parse_once(sheet: Stylesheet, css: str, *arguments: object, **named: object) -> list[RuleSet]:
    """The same rules for the same text with the same variables; apps only read them."""
    key = (css, arguments, *named.items(), *sheet._variables.items())
    if key not in _parsed:
        _parsed[key] = _parse(sheet, css, *arguments, **named)  # type: ignore[arg-type]
    return _parsed[key]


def parse_once() -> None:
    """From now on."""
    Stylesheet._parse_rules = _parse_once  # type: ignore[method-assign]
