"""Some rows of a wide table, without a copy of it.

A set of calls is a list of row numbers; a column of it is gathered when somebody asks for it, and let go with
what was asked. Copies of all columns for the calls, the model calls and the halves of an experiment took more
memory than the table itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask: TypeAlias = "npt.NDArray[np.bool_] | pd.Series"


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
    ) -> None:
        """``rows`` (by default all) of ``table``, known by ``index`` (by default that of the table)."""
        self._table, self._rows = table, rows
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

    def take(self, places: npt.NDArray[np.int64] | Sequence[int]) -> Selection:
        """The rows at these places of the selection."""
        at = np.asarray(places, dtype=np.int64)
        rows = at if self._rows is None else self._rows[at]
        return Selection(self._table, rows, self.index.take(at))

    def renumbered(self, **numbers: npt.NDArray[np.int32]) -> Selection:
        """The same rows, known by their places here, with other ``numbers`` in some columns."""
        table, rows = self._table, slice(None) if self._rows is None else self._rows
        for name, of_rows in numbers.items():
            column = np.zeros(len(table), of_rows.dtype)
            column[rows] = of_rows
            table = table.assign(**{name: column})
        return Selection(table, self._rows, pd.RangeIndex(len(self), name=self.index.name))


Columns: TypeAlias = "pd.DataFrame | Selection"
"""What columns can be asked of."""
