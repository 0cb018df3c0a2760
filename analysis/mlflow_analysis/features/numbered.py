"""Columns of texts that repeat themselves, as Arrow has them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbered: TypeAlias = tuple[npt.NDArray[np.int32], pa.StringArray]
"""The place of each text among some distinct ones, and these, of which not all need be there."""


def numbered(column: pa.ChunkedArray) -> Numbered:
    """The texts of a column, whose chunks may know different ones."""
    if not len(column):
        return np.empty(0, np.int32), pa.array([], pa.string())
    column = (
        column.unify_dictionaries()
        if pa.types.is_dictionary(column.type)
        else column.dictionary_encode()
    )
    whole = column.combine_chunks()
    return whole.indices.to_numpy(), whole.dictionary
