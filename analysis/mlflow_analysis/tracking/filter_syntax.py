"""MLflow's filter syntax: what is wrong with a filter and where, and what may stand in one.

MLflow's own parser decides. Here its refusal is tied to the word it is about: the filter is cut at AND by
the lexer that MLflow uses too (sqlparse), and the first condition that MLflow refuses by itself is the one.
Some of what the parser takes no store can evaluate; that is refused here too, before it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mlflow_analysis.tracking.address import SQL_KINDS, StoreKind
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.filter_words import (
    Lexeme,
    clauses,
    comparator_words,
    field_of,
    field_words,
    word,
)
from mlflow_analysis.tracking.problems import FilterNotUnderstood
from mlflow_analysis.untrusted import single_line

EXAMPLE = "trace.status = 'ERROR' AND tags.region = 'eu'"
_WHOLE = f"A condition is a field, a comparator and a value; AND joins them: {EXAMPLE}"
_PLAIN_KEY = re.compile(r"\w+\Z", re.ASCII)
_COMPARATORS = {
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), ("'x'", "1")),
    **dict.fromkeys(("LIKE", "ILIKE", "RLIKE"), ("'x'",)),
    **dict.fromkeys(("IN", "NOT IN"), ("('x')",)),
    **dict.fromkeys(("IS NULL", "IS NOT NULL"), ("",)),
}
"""Comparators, and values to try them with."""
_KEPT_AS_METADATA = {
    "session": "mlflow.trace.session",
    "session_id": "mlflow.trace.session",
    "user": "mlflow.trace.user",
    "user_id": "mlflow.trace.user",
}
_IN_TABLES = SQL_KINDS | {StoreKind.SERVER}
_LINKED_PROMPTS = "mlflow.linkedPrompts"
"""The tag that ``trace.prompt`` stands for; tables keep it otherwise."""
_FILTERED_IN_FILES = frozenset({"attribute", "tag", "request_metadata"})
_LIKENESS = 60
"""Of 100, from which on a field may have been meant."""


@dataclass(frozen=True)
class FilterFault:
    """Why MLflow would refuse a filter: a sentence, a remedy, and the characters that it is about."""

    sentence: str
    remedy: str
    start: int
    end: int


def fault_in(filter_string: str, kind: StoreKind | None = None) -> FilterFault | None:
    """What MLflow refuses in ``filter_string``, or a store of that kind; ``None`` if it would be taken."""
    refusal = _refusal(filter_string)
    if not refusal:
        beyond = (_beyond(clause, filter_string, kind) for clause in clauses(filter_string))
        return next(filter(None, beyond), None)
    for clause in clauses(filter_string):
        start, end = clause[0].start, clause[-1].end
        said = _refusal(filter_string[start:end])
        if said:
            return _told(said, clause)
    return FilterFault(f"MLflow does not take this: {refusal}", _WHOLE, 0, len(filter_string))


def check_filter(filter_string: str, kind: StoreKind | None = None) -> None:
    """Raises ``FilterNotUnderstood``, with the place, for a filter that MLflow or such a store refuses."""
    fault = fault_in(filter_string, kind)
    if fault is not None:
        problem = FilterNotUnderstood(fault.sentence, fault.remedy)
        problem.place = (fault.start, fault.end)
        raise problem


def quoted_key(key: str) -> str:
    """A key of a tag or of metadata as a filter names it."""
    return key if _PLAIN_KEY.match(key) else f"`{key}`"


def fields() -> tuple[str, ...]:
    """The fields that every trace has, as MLflow names them."""
    known = sorted(f"trace.{each}" for each in _syntax().VALID_SEARCH_ATTRIBUTE_KEYS)
    return (*known, "span.name", "span.status", "span.type")


@lru_cache(maxsize=1_000)
def comparators_of(field: str) -> tuple[str, ...]:
    """What MLflow and its tables let a field be compared by; empty for what is no field."""
    return tuple(
        comparator
        for comparator, values in _COMPARATORS.items()
        if any(_is_taken(f"{field} {comparator} {value}") for value in values)
    )


def _is_taken(condition: str) -> bool:
    return not _refusal(condition) and not any(
        _misses_in_tables(each["key"], each["comparator"].upper()) for each in _parsed(condition)
    )


def _syntax() -> Any:
    load_mlflow()
    from mlflow.utils.search_utils import SearchTraceUtils

    return SearchTraceUtils


def _parsed(filter_string: str) -> list[dict[str, Any]]:
    """The conditions of a filter as MLflow reads them. Raises its ``MlflowException``."""
    conditions: list[dict[str, Any]] = _syntax().parse_search_filter_for_search_traces(
        filter_string
    )
    return conditions


def _misses_in_tables(key: str, comparator: str) -> bool:
    """Whether MLflow's tables know no such comparison, though its parser takes it."""
    if key == _LINKED_PROMPTS:
        return comparator != "="
    return key.startswith("attributes.") and comparator in ("IN", "NOT IN")


def _beyond(
    clause: Sequence[Lexeme], filter_string: str, kind: StoreKind | None
) -> FilterFault | None:
    """What a store of that kind refuses in a condition that MLflow's parser takes."""
    (condition,) = _parsed(filter_string[clause[0].start : clause[-1].end])
    if kind is StoreKind.FILES and condition["type"] not in _FILTERED_IN_FILES:
        return _fault(
            f"Traces kept in files cannot be filtered by {field_of(clause)}.",
            "They can be by trace., tags. and metadata.; for the rest they have to be in a database.",
            *field_words(clause),
        )
    if kind not in _IN_TABLES:
        return None
    if _misses_in_tables(condition["key"], condition["comparator"].upper()):
        return _does_not_go(field_of(clause), *comparator_words(clause, condition["comparator"]))
    if condition["key"] == _LINKED_PROMPTS and condition["value"].count("/") != 1:
        return _fault(
            f"{clause[-1].text} is no prompt with its version.",
            f"Write its name and number, for example: {field_of(clause)} = 'greeting/2'",
            clause[-1],
        )
    return None


def _refusal(filter_string: str) -> str:
    """What MLflow says against a filter, in one line; "" if nothing."""
    syntax = _syntax()
    from mlflow.exceptions import MlflowException

    try:
        for clause in _parsed(filter_string):
            kind, key, comparator = clause["type"], clause["key"], clause["comparator"].upper()
            # The stores ask the same, one after the other, and take what answers yes.
            checks = (
                ("is_attribute", (kind, key, comparator)),
                ("is_tag", (kind, comparator)),
                ("is_request_metadata", (kind, comparator)),
                ("is_span", (kind, key, comparator)),
                ("is_assessment", (kind, key, comparator)),
                ("is_issue", (kind, key, comparator)),
            )
            for name, arguments in checks:
                check = getattr(syntax, name, None)
                if check is not None and check(*arguments):
                    break
            if key in syntax.NUMERIC_ATTRIBUTES and isinstance(clause["value"], str):
                return f"Expected a number. Got value {clause['value']}"
    except MlflowException as error:
        return single_line(str(error.message))
    return ""


def _told(said: str, clause: Sequence[Lexeme]) -> FilterFault:
    """MLflow's words against one condition, in ours; where they are not known, as they are."""
    if match := re.search(r"Invalid entity type '(.*?)'", said):
        begins = "trace., tags., metadata., span., feedback., expectation. or issue."
        about = word(match[1], clause)
        return _fault(f"“{match[1]}” begins no field.", f"Fields begin with {begins}", about)
    if match := re.search(r"Invalid (attribute key|span attribute|issue attribute) '(.*?)'", said):
        of = {"attribute key": "trace", "span attribute": "span", "issue attribute": "issue"}
        entity = of[match[1]]
        sentence = f"{entity.capitalize()}s have no field “{match[2]}”."
        return _fault(sentence, _alike(match[2], entity), word(match[2], clause))
    if match := re.search(r"not quoted.* string value (.*)\. Use either", said):
        return _unquoted(word(match[1], clause))
    if "Expected a quoted string value" in said:
        return _unquoted(clause[-1])
    field = field_of(clause)
    if said.startswith("Expected a number"):
        sentence = f"{field} is compared with a number, without quotes."
        return _fault(sentence, f"For example: {field} > 5000", clause[-1])
    if match := re.search(r"[Cc]omparator '(.*?)' not one of", said):
        return _does_not_go(field, word(match[1], clause))
    if "comparison with numeric values" in said and len(clause) > 1:
        comparator = clause[-2]
        fits = comparator.text.upper() in comparators_of(field)
        return _unquoted(clause[-1]) if fits else _does_not_go(field, comparator)
    if "Invalid clause" in said or "Invalid comparison clause" in said:
        return _not_whole(clause)
    return _fault(f"MLflow does not take this: {said}", _WHOLE, *clause)


def _not_whole(clause: Sequence[Lexeme]) -> FilterFault:
    """What keeps words from being a condition at all."""
    from sqlparse import tokens

    for each in clause:
        if each.text.upper() == "OR":
            return _fault(
                "MLflow's filters know no OR.", "Join conditions by AND, or use IN.", each
            )
        if each.kind in tokens.Error and each.text in "'\"`":
            return _fault("This quote is not closed.", f"Add {each.text} at its end.", each)
    first, last = clause[0], clause[-1]
    if first.text == "(":
        return _fault("MLflow's filters know no brackets here.", _WHOLE, first)
    comparator = next((each for each in clause if each.kind in tokens.Comparison), None)
    if comparator is None:
        return _fault("This is no whole condition.", _WHOLE, *clause)
    if comparator is first or first.kind in tokens.Literal:
        return _fault("The field is missing.", _WHOLE, first)
    if comparator is last:
        return _fault(f"A value is missing after “{last.text}”.", _WHOLE, last)
    if last.kind in tokens.Keyword or last.kind in tokens.Name:
        return _unquoted(last)
    if last.kind in tokens.Literal and comparator is clause[1]:
        return _fault(f"“{first.text}” is no field.", _alike(first.text, "trace"), first)
    return _fault("This is no whole condition.", _WHOLE, *clause)


def _fault(sentence: str, remedy: str, *about: Lexeme) -> FilterFault:
    return FilterFault(sentence, remedy, about[0].start, about[-1].end)


def _unquoted(word: Lexeme) -> FilterFault:
    return _fault(f"“{word.text}” needs quotes.", f"Write '{word.text}'", word)


def _does_not_go(field: str, *comparator: Lexeme) -> FilterFault:
    takes = ", ".join(comparators_of(field))
    remedy = f"It takes {takes}." if takes else _WHOLE
    said = " ".join(each.text for each in comparator)
    return _fault(f"“{said}” does not go with {field}.", remedy, *comparator)


def _alike(key: str, entity: str) -> str:
    """Which field was meant, perhaps, and how else something is named so."""
    from rapidfuzz import fuzz, process

    if entity != "trace":
        own = [each for each in fields() if each.startswith(f"{entity}.")] or ["issue.id"]
        return f"There are {', '.join(own)}."
    if key in _KEPT_AS_METADATA:
        return f"Write metadata.`{_KEPT_AS_METADATA[key]}`"
    own = [each.partition(".")[2] for each in fields() if each.startswith("trace.")]
    match = process.extractOne(key.lower(), own, scorer=fuzz.ratio, score_cutoff=_LIKENESS)
    meant = f"Did you mean trace.{match[0]}? " if match else f"There are {', '.join(own)}. "
    return f"{meant}A tag is tags.{quoted_key(key)}."
