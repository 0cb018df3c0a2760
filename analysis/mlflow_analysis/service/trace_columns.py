"""The infos of an experiment as columns: what the trace table shows and nothing else, in a fraction of the room.

A page of infos becomes one block, which is never changed again. Texts are Arrow arrays: they are searched and
ranked outside of Python's lock, so an analysis in the same process waits for no filter, and no filter for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.records import TraceInfo
from mlflow_analysis.service.previews import spoken_request, spoken_response

RANKED_BY = 80
"""Characters of request and response that decide where a trace stands when sorted by them."""

Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Block:
    """Some traces, in the order of their arrival; all columns are equally long."""

    trace_id: Any
    start_ms: npt.NDArray[np.int64]
    state: Any
    duration_ms: npt.NDArray[np.float64]
    """NaN where unknown, as in ``total_tokens``."""
    total_tokens: npt.NDArray[np.float64]
    session_id: Any
    request: Any
    response: Any
    request_key: Any
    """The beginning of ``request``, case folded."""
    response_key: Any

    def __len__(self) -> int:
        return len(self.start_ms)

    def some(self, keep: Mask) -> Block:
        """The rows for which ``keep`` is true."""
        return Block(*(
            column[keep] if isinstance(column, np.ndarray) else column.filter(pa.array(keep))
            for column in (getattr(self, name) for name in self.__slots__)
        ))  # fmt: skip


def block_of(infos: Sequence[TraceInfo]) -> Block:
    """The columns of ``infos``."""
    requests = [spoken_request(info.request_preview) for info in infos]
    responses = [spoken_response(info.response_preview) for info in infos]
    return Block(
        trace_id=_texts([info.trace_id for info in infos]),
        start_ms=np.array([info.start_ms for info in infos], dtype=np.int64),
        state=_texts([info.state for info in infos]),
        duration_ms=np.array([info.duration_ms for info in infos], dtype=np.float64),
        total_tokens=np.array([info.total_tokens for info in infos], dtype=np.float64),
        session_id=_texts([info.session_id or "" for info in infos]),
        request=_texts(requests),
        response=_texts(responses),
        request_key=_texts([text[:RANKED_BY].casefold() for text in requests]),
        response_key=_texts([text[:RANKED_BY].casefold() for text in responses]),
    )


class TraceColumns:
    """Blocks, one after the other. A row is known by its number, from 0 on, until rows are taken out."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._starts: list[int] = []
        """Number of the first row of each block."""
        self._count = 0
        self._whole: dict[str, Any] = {}
        """Columns as they were asked for, until there are more rows."""
        self._found: dict[str, list[Mask]] = {}
        """Rows with a text, by block: what is there does not change when more comes."""

    def __len__(self) -> int:
        return self._count

    def append(self, block: Block) -> None:
        """Add a block's rows at the end."""
        if len(block):
            self._starts.append(self._count)
            self._blocks.append(block)
            self._count += len(block)
            self._whole = {}

    def put(self, block: Block) -> None:
        """Add a block's rows at the end, and take out what was there of the same traces."""
        self.drop(block.trace_id.to_pylist())
        self.append(block)

    def drop(self, trace_ids: Collection[str]) -> None:
        """Take out the rows of these traces; those behind them get other numbers."""
        gone = pa.array(trace_ids, type=pa.string())
        blocks: list[Block] = []
        for block in self._blocks:
            keep = ~_mask(pc.is_in(block.trace_id, value_set=gone))
            blocks.append(block if keep.all() else block.some(keep))
        if all(one is other for one, other in zip(blocks, self._blocks, strict=True)):
            return
        self._blocks, self._starts, self._count = [], [], 0
        self._whole, self._found = {}, {}
        for block in blocks:
            self.append(block)

    def ids(self, state: str = "") -> set[str]:
        """All traces, or those in that state."""
        ids = self.texts("trace_id")
        found = ids.filter(pc.equal(self.texts("state"), state)) if state else ids
        return set(found.to_pylist())

    def numbers(self, name: str) -> npt.NDArray[Any]:
        """A numeric column of all rows."""
        if name not in self._whole:
            parts = [getattr(block, name) for block in self._blocks]
            self._whole[name] = np.concatenate(parts) if parts else np.empty(0)
        return self._whole[name]

    def texts(self, name: str) -> Any:
        """A text column of all rows, as a ``pyarrow.ChunkedArray``."""
        if name not in self._whole:
            chunks = [getattr(block, name) for block in self._blocks]
            self._whole[name] = pa.chunked_array(chunks, type=pa.string())
        return self._whole[name]

    def ranks(self, name: str) -> npt.NDArray[np.int64]:
        """For each row how its text stands among those of the column; equal texts rank equal."""
        key = f"rank of {name}"
        if key not in self._whole:
            ranks = pc.rank(self.texts(name), sort_keys="ascending", tiebreaker="dense")
            self._whole[key] = ranks.to_numpy(zero_copy_only=False).astype(np.int64)
        return self._whole[key]

    def equal(self, name: str, text: str) -> Mask:
        """The rows whose text is ``text``."""
        return _mask(pc.equal(self.texts(name), text))

    def among(self, name: str, texts: Sequence[str]) -> Mask:
        """The rows whose text is one of ``texts``."""
        return _mask(pc.is_in(self.texts(name), value_set=pa.array(texts, type=pa.string())))

    def places(self, name: str, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """For each row the place of its text in ``texts``; -1 if it is not there."""
        found = pc.index_in(self.texts(name), value_set=pa.array(texts, type=pa.string()))
        return pc.fill_null(found, -1).to_numpy().astype(np.int64)

    def row_of(self, trace_id: str) -> int | None:
        """The row of a trace."""
        row = pc.index(self.texts("trace_id"), trace_id).as_py()
        return None if row < 0 else int(row)

    def containing(self, text: str) -> Mask:
        """The rows with ``text`` in request or response, case ignored."""
        found = self._found.pop(text, [])
        for block in self._blocks[len(found) :]:
            in_request = pc.match_substring(block.request, text, ignore_case=True)
            in_response = pc.match_substring(block.response, text, ignore_case=True)
            found.append(_mask(pc.or_(in_request, in_response)))
        while len(self._found) >= _TEXTS_KEPT:
            self._found.pop(next(iter(self._found)))
        self._found[text] = found
        return np.concatenate(found) if found else np.empty(0, dtype=bool)

    def records(self, rows: Rows, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The values of the columns ``names`` for each of ``rows``; ``None`` for what is unknown."""
        blocks = np.searchsorted(self._starts, rows, side="right") - 1
        for row, number in zip(rows.tolist(), blocks.tolist(), strict=True):
            block, at = self._blocks[number], row - self._starts[number]
            yield tuple(_value(getattr(block, name), at) for name in names)


_TEXTS_KEPT = 4


def _texts(texts: list[str]) -> Any:
    return pa.array(texts, type=pa.string())


def _mask(found: Any) -> Mask:
    return found.to_numpy(zero_copy_only=False).astype(bool)


def _value(column: Any, at: int) -> Any:
    if not isinstance(column, np.ndarray):
        return column[at].as_py()
    value = column[at].item()
    return None if value != value else value
