"""Text from traces is shown, never obeyed."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from mlflow_analysis.untrusted import printable, printable_value, single_line

HOSTILE = [
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x1b[2J",
    "\x9b2J",
    "\x1bc",
    "a\u202eb",
    "lone \ud83d surrogate",
    "nul \x00 byte",
    "line\u2028separator",
    "delete \x7f",
    "\x85next line",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    safe = printable(text)
    assert len(safe) == len(text)  # offsets stay
    for character in safe:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    safe.encode("utf-8")


def test_what_python_calls_printable_is_left_as_it_is() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if character.isprintable():
            assert printable(f"\x00{character}") == f"␀{character}"


def test_ordinary_text_is_untouched() -> None:
    text = "tabs\tand\nlines, [@click=app.bell]x[/], [/foo], ünïcödé, 日本語, 👍🏽"
    assert printable(text) is text


def test_it_can_be_seen_that_something_was_there() -> None:
    assert printable("\x1b[2J") == "␛[2J"


def test_values_are_cleaned_throughout() -> None:
    assert printable_value({"\x1bk": ["\x07", {"x": ("\x00", 1, None)}]}) == {
        "␛k": ["␇", {"x": ["␀", 1, None]}]
    }


def test_a_single_line_is_one() -> None:
    assert single_line("a\r\nb\t c\n") == "a b c"
