"""The spans of a trace on their way to the screen: their figures in columns, and what they hold in blocks.

A block is unpacked when somebody looks into one of its spans. Of five thousand spans only one is looked into at
first, and to make five thousand dictionaries of attributes took as long as to read the trace.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from mlflow_analysis.records import SpanRecord

BLOCK = 64
"""Spans."""

Sent = tuple[tuple[tuple[Any, ...], ...], tuple[bytes, ...]]
"""A column for each plain field, and the blocks."""

_HELD = ("inputs", "outputs", "attributes", "events")
_FIELDS = tuple(field.name for field in fields(SpanRecord))
_PLAIN = tuple(name for name in _FIELDS if name not in _HELD)
_set = object.__setattr__


class _Block:
    """What some spans hold, unpacked once."""

    __slots__ = ("_content", "_spans")

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._spans: Sequence[tuple[Any, ...]] | None = None

    def of(self, place: int) -> tuple[Any, ...]:
        """What the span at ``place`` holds, in the order of ``_HELD``."""
        if self._spans is None:
            self._spans = pickle.loads(self._content)  # noqa: S301 - packed by our own engine process
            self._content = b""
        return self._spans[place]


class SentSpan(SpanRecord):
    """A ``SpanRecord`` that takes what it holds from its block on first use."""

    __slots__ = ("_block", "_place")

    def __getattr__(self, name: str) -> Any:
        # Asked only for what is not set.
        if name not in _HELD:
            raise AttributeError(name)
        for each, value in zip(_HELD, self._block.of(self._place), strict=True):
            _set(self, each, value)
        return getattr(self, name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SpanRecord):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    __hash__ = SpanRecord.__hash__

    def __reduce__(self) -> tuple[type[SpanRecord], tuple[Any, ...]]:
        return SpanRecord, tuple(getattr(self, name) for name in _FIELDS)


def sent(spans: Sequence[SpanRecord]) -> Sent:
    """These spans, to be sent."""
    columns = tuple(tuple(getattr(span, name) for span in spans) for name in _PLAIN)
    blocks = tuple(
        pickle.dumps(
            [
                (span.inputs, span.outputs, span.attributes, span.events)
                for span in spans[start : start + BLOCK]
            ],
            pickle.HIGHEST_PROTOCOL,
        )
        for start in range(0, len(spans), BLOCK)
    )
    return columns, blocks


def received(spans: Sent) -> list[SpanRecord]:
    """Equal spans."""
    columns, contents = spans
    blocks = [_Block(content) for content in contents]
    setters = [getattr(SpanRecord, name).__set__ for name in _PLAIN]
    records: list[SpanRecord] = []
    for number, row in enumerate(zip(*columns, strict=True)):
        span = SentSpan.__new__(SentSpan)
        for assign, value in zip(setters, row, strict=True):
            assign(span, value)
        _set(span, "_block", blocks[number // BLOCK])
        _set(span, "_place", number % BLOCK)
        records.append(span)
    return records
