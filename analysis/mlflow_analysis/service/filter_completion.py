"""What may come next in a filter that is being typed: fields, comparators, values seen in the loaded traces."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator

from mlflow_analysis.protocol import FilterSuggestions
from mlflow_analysis.records import TraceInfo
from mlflow_analysis.tracking.filter_syntax import comparators_of, fields, quoted_key
from mlflow_analysis.tracking.filter_words import clauses
from mlflow_analysis.untrusted import single_line

VALUES_KEPT = 200
"""Different values remembered of a field; of ids, which differ in every trace, the first are enough."""
KEYS_KEPT = 500
LONGEST_VALUE = 60
"""Characters; nobody compares for equality with what is longer."""
OFFERED = 40
_OWN_OF_MLFLOW = "mlflow."
_FIELD = r"(?P<field>[^\s=<>!'\"`]*(?:`[^`]*`)?)"
_COMPARATOR = r"(?P<comparator>[=<>!]+|(?:NOT\s+)?IN|[IR]?LIKE|IS(?:\s+NOT)?)"
_BEFORE_COMPARATOR = re.compile(rf"{_FIELD}\s+(?P<typed>[A-Z=<>!\s]*)\Z", re.IGNORECASE)
_BEFORE_VALUE = re.compile(
    rf"{_FIELD}\s*{_COMPARATOR}\s*\(?(?:[^()]*,\s*)?(?P<typed>'[^']*|\"[^\"]*|[\w.-]*)\Z",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    rf"{_FIELD}\s*(?:{_COMPARATOR}\s*(?:'[^']*'|\"[^\"]*\"|-?[\d.]+|\([^()]*\))|IS\s+(?:NOT\s+)?NULL)"
    r"\s+(?P<typed>\w*)\Z",
    re.IGNORECASE,
)


class Vocabulary:
    """Fields and values seen in traces, most frequent first. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, dict[str, int]] = {
            f"{entity}.status": dict.fromkeys(("ERROR", "OK", "IN_PROGRESS"), 0)
            for entity in ("trace", "span")
        }

    def learn(self, infos: Iterable[TraceInfo]) -> None:
        """Take in what these traces hold."""
        with self._lock:
            for info in infos:
                for field, value in _told_by(info):
                    values = self._seen.get(field)
                    if values is None:
                        if len(self._seen) >= KEYS_KEPT:
                            continue
                        values = self._seen[field] = {}
                    if value in values:
                        values[value] += 1
                    elif len(values) < VALUES_KEPT and len(value) <= LONGEST_VALUE:
                        values[value] = 1

    def fields(self) -> list[str]:
        """Those of every trace, then keys seen; MLflow's own keys last."""
        with self._lock:
            seen = sorted(self._seen, key=lambda field: (_OWN_OF_MLFLOW in field, field))
        return list(dict.fromkeys([*fields(), *seen]))

    def values(self, field: str) -> list[str]:
        """Values seen of a field, as it is written in a filter."""
        with self._lock:
            seen = dict(self._seen.get(field, {}))
        return sorted(seen, key=lambda value: (-seen[value], value))


def _told_by(info: TraceInfo) -> Iterator[tuple[str, str]]:
    yield "trace.status", info.state
    if info.name:
        yield "trace.name", info.name
    for entity, mapping in (("tags", info.tags), ("metadata", info.metadata)):
        for key, value in mapping.items():
            yield f"{entity}.{quoted_key(key)}", value
    for each in info.assessments:
        if each.kind in ("feedback", "expectation") and isinstance(each.value, (str, bool, int)):
            value = str(each.value).lower() if isinstance(each.value, bool) else str(each.value)
            yield f"{each.kind}.{quoted_key(each.name)}", value


def suggestions(text: str, cursor: int, vocabulary: Vocabulary) -> FilterSuggestions:
    """What may stand at ``cursor`` of ``text``, in place of the word that has been begun there."""
    before = text[:cursor]
    clause = _begun(before)
    whole = _WHOLE.match(clause)
    if whole:
        return _offer(cursor, whole["typed"], ["AND"])
    valued = _BEFORE_VALUE.match(clause)
    if valued and comparators_of(valued["field"]):
        field = _spoken(valued["field"])
        if valued["comparator"].upper().startswith("IS"):
            return _offer(cursor, valued["typed"], ["NULL", "NOT NULL"])
        values = [f"'{value}'" for value in vocabulary.values(field) if _fits(value)]
        return _offer(cursor, valued["typed"], values)
    compared = _BEFORE_COMPARATOR.match(clause)
    if compared:
        return _offer(cursor, compared["typed"], comparators_of(compared["field"]))
    return _offer(cursor, clause, vocabulary.fields())


def _begun(before: str) -> str:
    """The condition that the cursor is in."""
    starts = [clause[-1].end for clause in clauses(before)[:-1]]
    rest = before[starts[-1] :] if starts else before
    joined = re.match(r"\s*AND\b", rest, re.IGNORECASE) if starts else None
    rest = rest[joined.end() :] if joined else rest
    ended = re.match(r"(.*\S)\s+AND\s+\Z", rest, re.IGNORECASE | re.DOTALL)
    return "" if ended else rest.lstrip()


def _spoken(field: str) -> str:
    """A field as the vocabulary names it: ``status`` is ``trace.status``."""
    entity, dot, key = field.partition(".")
    if not dot:
        return f"trace.{field}"
    entity = {"tag": "tags", "attribute": "trace", "attributes": "trace"}.get(entity, entity)
    return f"{entity}.{quoted_key(key.strip('`'))}"


def _fits(value: str) -> bool:
    """Whether a value can stand between quotes on one line, as it is."""
    return bool(value) and "'" not in value and value == single_line(value)


def _offer(cursor: int, typed: str, words: Iterable[str]) -> FilterSuggestions:
    """Of ``words`` those that begin with what is typed, then those whose key does, then those that hold it."""
    sought = typed.casefold().strip("'\"` ")
    ranked: list[tuple[int, str]] = []
    for word in words:
        plain = word.casefold().strip("'\"`")
        place = 0 if plain.startswith(sought) else 1 if f".{sought}" in plain else 2
        if sought in plain:
            ranked.append((place, f"{single_line(word)} "))
    ranked.sort(key=lambda each: each[0])
    return FilterSuggestions(
        cursor - len(typed), cursor, tuple(word for _, word in ranked[:OFFERED])
    )
