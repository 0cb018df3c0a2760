"""Some rows of a wide table, without a copy of it.

A set of calls is a list of row numbers; a column of it is gathered when somebody asks for it, and let go with
what was asked. Copies of all columns for the calls, the model calls and the halves of an experiment took more
memory than the table itself. Texts are kept as they were read, as numbers of the distinct ones: a quarter of
what references take, and compared in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask: TypeAlias = "npt.NDArray[np.bool_] | pd.Series"
Codes: TypeAlias = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Coded:
    """Texts as numbers."""

    codes: Codes
    """For each row the place of its text in ``values``."""
    values: npt.NDArray[np.object_]
    """The texts; a selection may hold only some of them."""

    def among(self, *texts: str) -> npt.NDArray[np.bool_]:
        """Which rows hold one of these texts."""
        held = np.fromiter(map(texts.__contains__, self.values), bool, len(self.values))
        return np.asarray(held[self.codes])

    def of(self, row: int) -> str:
        """The text of one row."""
        text: str = self.values[self.codes[row]]
        return text

    def at(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Coded:
        """Some of the rows."""
        return Coded(self.codes[rows], self.values)

    def met(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
        """For each row the place of its text among those that some row holds, and these."""
        held = np.bincount(self.codes, minlength=len(self.values)) > 0
        return (np.cumsum(held) - 1)[self.codes], self.values[held]

    def otherwise(self, other: Coded) -> Coded:
        """These texts, and where one is empty that of ``other``."""
        both = coded(np.concatenate([self.values, other.values]))
        mine, others = np.split(both.codes, [len(self.values)])
        codes = np.where(self.among(""), others[other.codes], mine[self.codes])
        return Coded(codes, both.values)

    @cached_property
    def in_order(self) -> Coded:
        """The same, of values in alphabetical order, each of which is there once."""
        each = coded(self.values)
        return Coded(each.codes[self.codes], each.values)


def coded(texts: npt.NDArray[np.object_]) -> Coded:
    """These texts (n,) as numbers, ``in_order``."""
    codes, values = pd.factorize(texts, sort=True)
    return Coded(codes.astype(smallest_for(len(values))), np.asarray(values, dtype=object))


def smallest_for(values: int) -> type[np.int16 | np.int32]:
    """The type that numbers so many values in the least memory."""
    return np.int16 if values < 2**15 else np.int32


class Selection:
    """Rows of a table, by number; what is asked of it works as on a frame.

    ``spans["tool"]`` is a column, ``spans[["tool", "output"]]`` a frame, ``spans[mask]`` the rows for which
    ``mask`` holds, as a selection: ask for columns last, and only for those that are needed.
    """

    def __init__(
        self,
        numbers: pd.DataFrame,
        texts: dict[str, Coded],
        rows: npt.NDArray[np.int64] | None = None,
        index: pd.Index | None = None,
    ) -> None:
        """``rows`` (by default all) of a table, known by ``index`` (by default that of the table).

        Its columns of texts are ``texts``, all others ``numbers``.
        """
        self._numbers, self._texts, self._rows = numbers, texts, rows
        if index is None:
            index = numbers.index if rows is None else numbers.index.take(rows)
        self.index: pd.Index = index
        """What the rows are known by."""

    def __len__(self) -> int:
        return len(self.index)

    @property
    def frame(self) -> pd.DataFrame:
        """All columns: for a few rows."""
        return self[[*self._texts, *self._numbers]]

    @overload
    def __getitem__(self, what: str) -> pd.Series: ...
    @overload
    def __getitem__(self, what: list[str]) -> pd.DataFrame: ...
    @overload
    def __getitem__(self, what: Mask) -> Selection: ...
    def __getitem__(self, what: str | list[str] | Mask) -> pd.Series | pd.DataFrame | Selection:
        if isinstance(what, str):
            return self._column(what)
        if isinstance(what, list):
            return pd.DataFrame({name: self._column(name) for name in what}, self.index, copy=False)
        return self.take(np.flatnonzero(np.asarray(what, dtype=bool)))

    def _column(self, name: str) -> pd.Series:
        if name in self._texts:
            texts = self.texts(name)
            values = texts.values[texts.codes]
            return pd.Series(values, self.index, dtype=object, name=name, copy=False)
        column = self._numbers[name]
        if self._rows is None:
            return column
        return pd.Series(column.array.take(self._rows), self.index, name=name, copy=False)

    def texts(self, column: str) -> Coded:
        """A column of texts as it was read: its numbers are compared, or few of its texts are looked at.

        Long ones are told apart by what they were cut from: two values may be equal.
        """
        whole = self._texts[column]
        return whole if self._rows is None else whole.at(self._rows)

    def coded(self, column: str) -> Coded:
        """A column of texts ``in_order``, which is found once for all selections of the table."""
        whole = self._texts[column].in_order
        return whole if self._rows is None else whole.at(self._rows)

    def take(self, places: npt.NDArray[np.int64] | Sequence[int]) -> Selection:
        """The rows at these places of the selection."""
        at = np.asarray(places, dtype=np.int64)
        rows = at if self._rows is None else self._rows[at]
        return Selection(self._numbers, self._texts, rows, self.index.take(at))

    def with_texts(self, **columns: Coded) -> Selection:
        """The whole table with more columns of texts."""
        return Selection(self._numbers, self._texts | columns, self._rows, self.index)

    def renumbered(self, **numbers: npt.NDArray[np.int32]) -> Selection:
        """The same rows, known by their places here, with other ``numbers`` in some columns of numbers."""
        table, rows = self._numbers, slice(None) if self._rows is None else self._rows
        for name, of_rows in numbers.items():
            column = np.zeros(len(table), of_rows.dtype)
            column[rows] = of_rows
            table = table.assign(**{name: column})
        index = pd.RangeIndex(len(self), name=self.index.name)
        return Selection(table, self._texts, self._rows, index)


Columns: TypeAlias = "pd.DataFrame | Selection"
"""What columns can be asked of."""
