"""Some rows of a wide table, without a copy of it.

A set of calls is a list of row numbers; a column of it is gathered when somebody asks for it, and let go with
what was asked. Copies of all columns for the calls, the model calls and the halves of an experiment took more
memory than the table itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask: TypeAlias = "npt.NDArray[np.bool_] | pd.Series"
Codes: TypeAlias = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Coded:
    """Texts as numbers, which are compared in a tenth of the time."""

    codes: Codes
    """For each row the place of its text in ``values``."""
    values: npt.NDArray[np.object_]
    """The distinct texts, in order; a selection may hold only some of them."""

    def among(self, *texts: str) -> npt.NDArray[np.bool_]:
        """Which rows hold one of these texts."""
        held = np.fromiter(map(texts.__contains__, self.values), bool, len(self.values))
        return np.asarray(held[self.codes])

    def otherwise(self, other: Coded) -> Coded:
        """These texts, and where one is empty that of ``other``."""
        both = coded(np.concatenate([self.values, other.values]))
        mine, others = np.split(both.codes, [len(self.values)])
        codes = np.where(self.among(""), others[other.codes], mine[self.codes])
        return Coded(codes, both.values)


def coded(texts: npt.NDArray[np.object_]) -> Coded:
    """These texts (n,) as numbers."""
    codes, values = pd.factorize(texts, sort=True)
    smallest = np.int16 if len(values) < 2**15 else np.int32
    return Coded(codes.astype(smallest), np.asarray(values, dtype=object))


class Selection:
    """Rows of a table, by number; what is asked of it works as on a frame.

    ``spans["tool"]`` is a column, ``spans[["tool", "output"]]`` a frame, ``spans[mask]`` the rows for which
    ``mask`` holds, as a selection: ask for columns last, and only for those that are needed.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        rows: npt.NDArray[np.int64] | None = None,
        index: pd.Index | None = None,
        codes: dict[str, Coded] | None = None,
    ) -> None:
        """``rows`` (by default all) of ``table``, known by ``index`` (by default that of the table).

        ``codes`` are those of whole columns, which the selections of a table share.
        """
        self._table, self._rows = table, rows
        self._codes = {} if codes is None else codes
        if index is None:
            index = table.index if rows is None else table.index.take(rows)
        self.index: pd.Index = index
        """What the rows are known by."""

    def __len__(self) -> int:
        return len(self.index)

    @property
    def frame(self) -> pd.DataFrame:
        """All columns: for a few rows."""
        return self[list(self._table.columns)]

    @overload
    def __getitem__(self, what: str) -> pd.Series: ...
    @overload
    def __getitem__(self, what: list[str]) -> pd.DataFrame: ...
    @overload
    def __getitem__(self, what: Mask) -> Selection: ...
    def __getitem__(self, what: str | list[str] | Mask) -> pd.Series | pd.DataFrame | Selection:
        if not isinstance(what, (str, list)):
            return self.take(np.flatnonzero(np.asarray(what, dtype=bool)))
        columns = self._table[what]
        return (
            columns if self._rows is None else columns.take(self._rows).set_axis(self.index, axis=0)
        )

    def coded(self, column: str) -> Coded:
        """A column of texts as numbers, which are worked out once for all selections of the table."""
        if column not in self._codes:
            self._codes[column] = coded(self._table[column].to_numpy(dtype=object))
        whole = self._codes[column]
        return whole if self._rows is None else Coded(whole.codes[self._rows], whole.values)

    def take(self, places: npt.NDArray[np.int64] | Sequence[int]) -> Selection:
        """The rows at these places of the selection."""
        at = np.asarray(places, dtype=np.int64)
        rows = at if self._rows is None else self._rows[at]
        return Selection(self._table, rows, self.index.take(at), self._codes)

    def renumbered(self, **numbers: npt.NDArray[np.int32]) -> Selection:
        """The same rows, known by their places here, with other ``numbers`` in some columns of numbers."""
        table, rows = self._table, slice(None) if self._rows is None else self._rows
        for name, of_rows in numbers.items():
            column = np.zeros(len(table), of_rows.dtype)
            column[rows] = of_rows
            table = table.assign(**{name: column})
        index = pd.RangeIndex(len(self), name=self.index.name)
        return Selection(table, self._rows, index, self._codes)


Columns: TypeAlias = "pd.DataFrame | Selection"
"""What columns can be asked of."""
