"""Spans as MLflow stores them → ``SpanRecord``, decoding payloads only when they are looked at.

Payloads are JSON texts within the JSON of the span, and most of the time of reading would go into
decoding them, although much of them (the tools offered with each call of a model, say) is never
asked for. So a ``StoredSpan`` keeps the texts. To whoever uses it, it is a ``SpanRecord``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import Any, TypeVar

from mlflow_analysis.records import SpanEvent, SpanRecord
from mlflow_analysis.tracking.decoded_later import NOT_READ, DecodedLater
from mlflow_analysis.tracking.json_values import json_value
from mlflow_analysis.tracking.span_content import EventContent, SpanContent
from mlflow_analysis.tracking.span_ids import Hexadecimal
from mlflow_analysis.untrusted import printable, printable_value, single_line

INPUTS = "mlflow.spanInputs"
OUTPUTS = "mlflow.spanOutputs"
KIND = "mlflow.spanType"
NOT_ATTRIBUTES = frozenset({INPUTS, OUTPUTS, KIND, "mlflow.traceRequestId"})
_NO_KIND = (None, "", '"UNKNOWN"', "null")
OTHER_CONVENTIONS = (
    "ai.", "entity.", "gen_ai.", "langfuse.", "lk.", "lmnr.", "openinference.", "span.", "traceloop.",
)  # fmt: skip
"""How attributes begin by which MLflow tells the kind of a span that says none of its own."""
_TOLD_AGAIN = frozenset({
    "mlflow.chat.tools", "gen_ai.tool.definitions", "llm.tools", "mlflow.llm.model", "gen_ai.request.model",
    "gen_ai.response.model", "gen_ai.response.finish_reasons",
})  # fmt: skip
"""What an application tells in the same words with each call of its model."""
_LONGEST_REPEATED = 20_000
_START = attrgetter("start_ns")
_SHORT = 200
"""Names up to this many characters are remembered: a few names make up most spans."""

Span = TypeVar("Span", SpanRecord, SpanContent)


class StoredSpan(DecodedLater, SpanRecord):
    """A ``SpanRecord`` whose payloads and attributes are decoded on first use.

    Only ``span_records`` makes these.
    """

    __slots__ = ("_attributes", "_inputs", "_outputs", "_texts")
    _texts: Mapping[str, Any]
    _inputs: Any
    _outputs: Any
    _attributes: Any

    @property
    def inputs(self) -> Any:
        """As of any record."""
        if self._inputs is NOT_READ:
            self._inputs = json_value(self._texts[INPUTS]) if INPUTS in self._texts else None
        return self._inputs

    @property
    def outputs(self) -> Any:
        """As of any record."""
        if self._outputs is NOT_READ:
            self._outputs = json_value(self._texts[OUTPUTS]) if OUTPUTS in self._texts else None
        return self._outputs

    @property
    def attributes(self) -> Mapping[str, Any]:
        """As of any record."""
        if self._attributes is NOT_READ:
            self._attributes = _attributes(self._texts)
        return self._attributes


class StoredAttributes(Mapping[str, Any]):
    """Attributes by name, in order of name; each value is decoded on first use."""

    __slots__ = ("_names", "_texts", "_values")

    def __init__(self, texts: Mapping[str, Any], names: tuple[str, ...]) -> None:
        self._texts, self._names = texts, names
        self._values: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in NOT_ATTRIBUTES:
            raise KeyError(name)
        return (
            self._values[name] if name in self._values else self._decoded(self._texts[name], name)
        )

    def get(self, name: str, default: Any = None) -> Any:
        """As of any mapping; most names that are asked for are not there."""
        if name in self._values:
            return self._values[name]
        if name not in self._texts or name in NOT_ATTRIBUTES:
            return default
        return self._decoded(self._texts[name], name)

    def _decoded(self, text: Any, name: str) -> Any:
        decoded = _repeated if name in _TOLD_AGAIN and _is_short(text) else json_value
        value = self._values[name] = decoded(text)
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._texts and name not in NOT_ATTRIBUTES

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(dict(self))


def span_records(contents: Iterable[SpanContent], *, loaded: bool = True) -> list[SpanRecord]:
    """Spans of a trace as records.

    Without ``loaded`` they are as rows keep them, and become what MLflow would make of those.
    """
    records: list[Any] = []
    ids = Hexadecimal()
    for each in contents:
        name, parent, status, attributes = each.name, each.parent_id, each.status, each.attributes
        stored_kind = attributes.get(KIND)
        is_short = type(stored_kind) is str and len(stored_kind) <= _SHORT
        kind = _kind(stored_kind) if is_short else _kind_of(stored_kind)
        if kind == "UNKNOWN" and not loaded and _may_tell(attributes):
            _translate_kind(attributes)  # imports MLflow, so only if it can make a difference
            kind = _kind_of(attributes.get(KIND))
        span: Any = object.__new__(StoredSpan)  # to whom it is given, fields are read-only
        span._texts = attributes
        span._inputs = span._outputs = span._attributes = NOT_READ
        span.span_id = ids[each.span_id]
        span.parent_id = ids[parent] if parent else None
        span.name = _name(name) if len(name) <= _SHORT else single_line(name)
        span.kind = kind
        span.status = _status(status.code or "UNSET")
        span.status_message = printable(status.message) if status.message else ""
        span.start_ns = each.start_ns
        span.end_ns = each.end_ns or None
        span.events = tuple(map(_event, each.events)) if each.events else ()
        records.append(span)
    return records


def records_in_order(stored: Sequence[SpanContent]) -> tuple[SpanRecord, ...]:
    """The spans of a trace as rows keep them, in the order of ``in_order``."""
    by_start = sorted(stored, key=_START)
    records = span_records(by_start, loaded=False)
    return tuple(records) if _told_by_start(by_start) else in_order(records)


def in_order(spans: Iterable[SpanRecord]) -> tuple[SpanRecord, ...]:
    """By start; of those that start together, parents first, then by id."""
    by_start = sorted(spans, key=_START)
    if _told_by_start(by_start):
        return tuple(by_start)
    together = {a.start_ns for a, b in pairwise(by_start) if a.start_ns == b.start_ns}
    depths = _depths({span.span_id: span.parent_id for span in by_start})

    def place(span: SpanRecord) -> tuple[Any, ...]:
        start, span_id = span.start_ns, span.span_id
        return (start, depths[span_id], span_id) if start in together else (start,)

    return tuple(sorted(by_start, key=place))


def _told_by_start(by_start: Sequence[Span]) -> bool:
    """Whether spans in order of start are in order: of two that start together, the second is the first's child."""
    return all(a.start_ns < b.start_ns or a.span_id == b.parent_id for a, b in pairwise(by_start))


def _depths(parents: Mapping[str, str | None]) -> dict[str, int]:
    """How many ancestors each span has, in as many steps as there are spans; a circle is cut where it is met."""
    depths: dict[str, int] = {}
    for span_id in parents:
        path: list[str] = []
        on_path: set[str] = set()
        at: str | None = span_id
        while at is not None and at in parents and at not in depths and at not in on_path:
            path.append(at)
            on_path.add(at)
            at = parents[at]
        depth = depths.get(at, -1) if at is not None else -1
        for each in reversed(path):
            depth += 1
            depths[each] = depth
    return depths


def _attributes(texts: Mapping[str, Any]) -> Mapping[str, Any]:
    names = _printable_names(tuple(texts))
    if names is not None:
        return StoredAttributes(texts, names) if names else {}
    return {
        printable(name): json_value(value)
        for name, value in sorted(texts.items())
        if name not in NOT_ATTRIBUTES
    }


def _event(event: EventContent) -> SpanEvent:
    name, attributes = single_line(event.name), printable_value(event.attributes)
    return SpanEvent(name, event.time_unix_nano, attributes)


def _may_tell(attributes: Mapping[str, Any]) -> bool:
    """Whether attributes of other conventions may tell the kind of a span that says none of its own."""
    says_none = attributes.get(KIND) in _NO_KIND
    return says_none and any(name.startswith(OTHER_CONVENTIONS) for name in attributes)


def _translate_kind(attributes: dict[str, Any]) -> None:
    """Add the kind that MLflow reads from the attributes of other conventions."""
    from mlflow_analysis.tracking.environment import load_mlflow

    load_mlflow()
    from mlflow.tracing.otel.translation import translate_loaded_span

    translate_loaded_span({"attributes": attributes})


@lru_cache(maxsize=4096)
def _name(text: str) -> str:
    return single_line(text)


def _kind_of(stored: Any) -> str:
    kind = json_value(stored)
    is_told = kind and not isinstance(kind, (dict, list))
    return single_line(str(kind)).upper() if is_told else "UNKNOWN"


_kind = lru_cache(maxsize=1024)(_kind_of)
_repeated = lru_cache(maxsize=64)(json_value)


def _is_short(stored: Any) -> bool:
    return type(stored) is str and len(stored) <= _LONGEST_REPEATED


@lru_cache(maxsize=64)
def _status(code: Any) -> str:
    return single_line(str(code)).removeprefix("STATUS_CODE_")


@lru_cache(maxsize=512)
def _printable_names(stored: tuple[str, ...]) -> tuple[str, ...] | None:
    """The names of attributes in order, told once for all spans that have the same; ``None`` if one is unsafe."""
    if any(printable(name) is not name for name in stored):
        return None
    return tuple(sorted(name for name in stored if name not in NOT_ATTRIBUTES))
