"""The words of a filter and where they stand, told apart by the lexer that MLflow uses too (sqlparse)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Lexeme:
    """A word, or a sign, and the characters of the filter that it takes."""

    start: int
    end: int
    text: str
    kind: Any


def clauses(filter_string: str) -> list[list[Lexeme]]:
    """The words of each condition, in order; a condition without a word is left out."""
    from sqlparse import tokens

    found: list[list[Lexeme]] = [[]]
    quote_is_open = False
    for lexeme in _lexemes(filter_string):
        quote_is_open = quote_is_open or lexeme.kind in tokens.Error
        if lexeme.text.upper() == "AND" and not quote_is_open:
            found.append([])
        else:
            found[-1].append(lexeme)
    return [clause for clause in found if clause]


def field_of(clause: Sequence[Lexeme]) -> str:
    """The field of a condition as it is written."""
    return "".join(each.text for each in field_words(clause)) or clause[0].text


def field_words(clause: Sequence[Lexeme]) -> list[Lexeme]:
    """The words that name the field: those at the beginning with nothing between them."""
    from sqlparse import tokens

    words: list[Lexeme] = []
    for each in clause:
        if (words and each.start != words[-1].end) or each.kind in tokens.Comparison:
            break
        words.append(each)
    return words


def comparator_words(clause: Sequence[Lexeme], comparator: str) -> Sequence[Lexeme]:
    """The words of ``comparator``, which follow the field; of IS NOT NULL they are two or three."""
    start = len(field_words(clause))
    for stop in range(start + 1, len(clause)):
        said = " ".join(each.text for each in clause[start:stop])
        if " ".join(said.upper().split()) == comparator.upper():
            return clause[start:stop]
    return clause[start:]


def word(text: str, clause: Sequence[Lexeme]) -> Lexeme:
    """The word that MLflow calls ``text``; it changes the case of some, and drops quotes."""
    wanted = text.casefold()
    same = [each for each in clause if each.text.strip("'\"`").casefold() == wanted]
    holding = [each for each in clause if wanted in each.text.casefold()]
    return next(iter(same or holding), clause[-1])


def _lexemes(text: str) -> Iterable[Lexeme]:
    from sqlparse import lexer

    start = 0
    for kind, value in lexer.tokenize(text):  # type: ignore[no-untyped-call]
        if value.strip():
            yield Lexeme(start, start + len(value), value, kind)
        start += len(value)
