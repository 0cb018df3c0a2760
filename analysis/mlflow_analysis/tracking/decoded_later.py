"""Records of stores that decode some of their fields only when these are looked at.

Much of what is stored of a trace is JSON text, and of many traces most of it is never asked for. So such a
record keeps the texts. To whoever uses it, it is the plain record whose class it extends.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

NOT_READ: Any = object()
"""Stands for the value of a field that nobody has looked at."""


class DecodedLater:
    """Comes first among the bases of such a class, and its record second: ``class A(DecodedLater, Record)``.

    Only the module of a class makes its objects. Whoever gives fields, as ``dataclasses.replace`` does, gets
    a plain record, and so does whoever unpickles one.
    """

    __slots__ = ()
    # Millions of fields are set, each once. Python sets them without a call of ours only if both are its
    # own: a class may override either, and asks for both in one place.
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__

    def __new__(cls, *values: Any, **fields: Any) -> Any:  # noqa: D102
        return cls.__bases__[1](*values, **fields)

    def __eq__(self, other: object) -> bool:
        record = type(self).__bases__[1]
        return _compared(self) == _compared(other) if isinstance(other, record) else NotImplemented

    def __hash__(self) -> int:
        return hash(_compared(self))

    def __reduce__(self) -> tuple[type[Any], tuple[Any, ...]]:
        record: Any = type(self).__bases__[1]
        return record, tuple(getattr(self, field.name) for field in fields(record))


def _compared(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, field.name) for field in fields(record) if field.compare)
