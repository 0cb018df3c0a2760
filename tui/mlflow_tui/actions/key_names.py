"""The names of keys: as Textual calls them, and as a person writes them."""

from __future__ import annotations

import unicodedata

_WRITTEN = {
    "escape": "esc",
    "question_mark": "?",
    "slash": "/",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "full_stop": ".",
    "plus": "+",
    "minus": "-",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
}
_SPOKEN = {
    **{shown: name for name, shown in _WRITTEN.items() if len(shown) > 1 or not shown.isascii()},
    "return": "enter",
    "esc": "escape",
    "del": "delete",
    "ins": "insert",
    "pgdown": "pagedown",
    "spacebar": "space",
}
_NAMED = frozenset(
    [
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pageup",
        "pagedown",
        "enter",
        "escape",
        "tab",
        "backspace",
        "delete",
        "insert",
        "space",
    ]
) | {f"f{number}" for number in range(1, 13)}
_SAME_IN_A_TERMINAL = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+[": "escape"}
_SHORT = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Names of characters in Unicode, and Textual's for them."""


class NoSuchKey(ValueError):  # noqa: N818 - shown to people
    """It is no key, or none that a terminal can tell from another: a sentence."""


def written(keys: str) -> str:
    """``"ctrl+d,pagedown"`` → ``"^d pgdn"``, for footer and help."""
    return " ".join(_one(key.strip()) for key in keys.split(","))


def _one(key: str) -> str:
    modifiers, _, base = key.rpartition("+") if len(key) > 1 else ("", "", key)
    shown = _WRITTEN.get(base) or (base if base in _NAMED else _character(base) or base)
    return f"{modifiers}+{shown}".replace("ctrl+", "^") if modifiers else shown


def _character(name: str) -> str:
    """The character that Textual calls ``name``; "" if it is the name of none."""
    unicode_name = next((long for long, short in _SHORT.items() if short == name), name)
    try:
        return unicodedata.lookup(unicode_name.replace("_", " ")) if len(name) > 1 else name
    except KeyError:
        return ""


def textual_key(said: str) -> str:
    """A key as somebody writes it (``?``, ``^d``, ``esc``, ``ctrl+pgdn``), as Textual calls it.

    Raises ``NoSuchKey`` with a sentence.
    """
    key = said.strip() or said
    if len(key) > 1 and key.startswith("^"):
        key = f"ctrl+{key[1:]}"
    if key.lower() in _SAME_IN_A_TERMINAL:
        same = _SAME_IN_A_TERMINAL[key.lower()]
        raise NoSuchKey(f"{said} cannot be told from {same} in a terminal.")
    modifiers, base = "", key
    while len(base) > 1 and "+" in base[:-1]:
        modifier, _, base = base.partition("+")
        if modifier.lower() not in ("ctrl", "alt", "shift"):
            raise NoSuchKey(f"There is no key {said!r}.")
        modifiers += f"{modifier.lower()}+"
    base = _SPOKEN.get(base.lower(), base)
    if base.isspace():
        base = "space"
    if len(base) == 1:
        return modifiers + _of_character(base, said)
    name = base.lower()
    if name in _NAMED or name in _WRITTEN or (_character(name) and not _character(name).isalnum()):
        return modifiers + name
    raise NoSuchKey(f"There is no key {said!r}.")


def _of_character(character: str, said: str) -> str:
    if character.isalnum():
        return character
    try:
        name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    except ValueError:
        raise NoSuchKey(f"There is no key {said!r}.") from None
    return _SHORT.get(name, name)
