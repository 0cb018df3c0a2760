"""Features of traces that were read before, kept on disk: a second analysis reads only what is new or changed.

The folder of an experiment holds parts: folders of Parquet files that are written once, under a name of their
own, and never altered. A trace is found by its id and its mark (``records.TraceOutline``), so one that has changed
is not found, and rows of traces that are gone are never asked for. Which part holds what is read from the parts
themselves. So two processes may write at once, and a process that is killed leaves no half of a part: a part
becomes visible when its folder is renamed. Beside them lie the list of all traces, and their topics; of each the last
that was written counts.

Parts hold texts of traces: folders and files are the user's alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from platformdirs import user_cache_path

from mlflow_analysis.features.batch import (
    ASSESSMENTS,
    ATTRIBUTES,
    SPANS,
    TRACES,
    Batch,
    joined,
    some_of,
)
from mlflow_analysis.features.extract import EXTRACTION
from mlflow_analysis.features.listing_table import listing_table, outlines_in
from mlflow_analysis.features.numbered import numbered
from mlflow_analysis.process.allocator import give_back
from mlflow_analysis.records import TraceOutline

logger = logging.getLogger(__name__)

LARGEST_BYTES = 2_000_000_000
"""What all experiments together may take; ``SIZE_VARIABLE`` says otherwise."""
SIZE_VARIABLE = "MLFLOW_TUI_CACHE_BYTES"
MOST_PARTS = 32
"""From this many on, parts are written together."""
PART_TRACES = 20_000
"""Traces of one part; so many are held in memory when parts are written together."""

_SCHEMAS = {"traces": TRACES, "spans": SPANS, "assessments": ASSESSMENTS, "attributes": ATTRIBUTES}
_PART, _UNFINISHED = "part-", "unfinished-"
_LISTING, _TOPICS = "listing.parquet", "topics.parquet"
_KEY = b"key"
_RUNNING = "IN_PROGRESS"
_MOST_DEAD = 0.25
"""Rows of traces that have changed or gone, for each that has not."""
_NO_IDS = pa.nulls(0, pa.string())  # pa.array would load pandas
_ABANDONED_S = 3_600.0
"""A part that was begun so long ago was left by a process that is no more."""


def cache_directory() -> Path:
    """Where features are kept, in the user's cache directory."""
    return Path(user_cache_path("mlflow-tui")) / "features"


def cache_bytes(directory: Path | None = None) -> int:
    """How much is kept there."""
    return sum(_size(each) for each in _experiments(directory or cache_directory()))


@dataclass(frozen=True, slots=True)
class Cached:
    """What was there of an experiment, and what has to be read."""

    batches: list[Batch]
    missing: list[TraceOutline]
    """In the order asked."""


class FeatureCache:
    """The features of one experiment of one store. Trouble with the disk is logged: it costs time, nothing else.

    ``tracking_uri`` is without credentials. Raises ``ValueError`` if ``SIZE_VARIABLE`` is no number.
    """

    def __init__(
        self, tracking_uri: str, experiment_id: str, directory: Path | None = None
    ) -> None:
        self._directory = directory or cache_directory()
        place = hashlib.blake2b(
            "\n".join((tracking_uri, experiment_id)).encode(), digest_size=12
        ).hexdigest()
        self.folder = self._directory / f"{place}-{_version()}"
        self._most = largest_bytes()
        self._ahead: dict[Path, Future[Batch | None]] = {}
        """Parts that are being read."""

    def is_empty(self) -> bool:
        """Whether nothing is kept of the experiment."""
        return not self._parts()

    def read_ahead(self) -> None:
        """Begin to read all that is there, unless that has begun, while something else is done: see ``load``.

        For whoever will want most of it. Needs hardly any of Python's time.
        """
        if self._ahead:
            return
        reader = ThreadPoolExecutor(1, "read-ahead")
        self._ahead = {part: reader.submit(self._whole, part) for part in self._parts()}
        reader.shutdown(wait=False)

    def load(self, outlines: Sequence[TraceOutline]) -> Cached:
        """The features of those of ``outlines`` that are kept, unchanged since."""
        asked = _Asked(outlines)
        batches: list[Batch] = []
        found = _NO_IDS
        for part in self._parts():
            reading = self._ahead.pop(part, None)
            ahead = None if reading is None else reading.result()
            rows = self._rows(part) if ahead is None else ahead.traces
            is_new = pc.invert(pc.is_in(rows["trace_id"], value_set=found))
            batch = self._read(part, pc.and_(asked.unchanged(rows, unknown=False), is_new), ahead)
            if batch is not None:
                batches.append(batch)
                found = pa.concat_arrays([found, batch.traces["trace_id"].combine_chunks()])
        self._ahead.clear()
        if batches:
            os.utime(self.folder)  # used now: see ``_evict``
        is_there = pc.is_in(asked.ids, value_set=found).to_pylist()
        missing = [each for each, there in zip(outlines, is_there, strict=True) if not there]
        return Cached(batches, missing)

    def listing(self, stamp: str) -> list[TraceOutline] | None:
        """All traces of the experiment, newest first, if they were kept when the store had this stamp."""
        table = self._kept(_LISTING)
        return None if table is None else outlines_in(table, stamp)

    def keep_listing(self, outlines: Sequence[TraceOutline], stamp: str) -> None:
        """Keep ``outlines``, which are all there are, for as long as the store has this stamp."""
        self._keep(listing_table(outlines, stamp), _LISTING)

    def topics(self, key: str) -> npt.NDArray[np.object_] | None:
        """The topics that were kept last, if it was under this key: see ``asked.KeptTopics``."""
        table = self._kept(_TOPICS)
        if table is None or (table.schema.metadata or {}).get(_KEY) != key.encode():
            return None
        codes, labels = numbered(table["topic"])
        topics: npt.NDArray[np.object_] = labels.to_numpy(zero_copy_only=False)[codes]
        return topics

    def keep_topics(self, key: str, labels: npt.NDArray[np.object_]) -> None:
        """Keep these in the place of others."""
        coded = pa.array(labels, pa.string()).dictionary_encode()
        try:
            self._keep(pa.table({"topic": coded}, metadata={_KEY: key}), _TOPICS)
        except OSError as error:
            logger.warning("Topics could not be kept in %s: %s", self.folder, error)

    def keep(self, batches: Sequence[Batch]) -> None:
        """Write the traces of ``batches`` that have ended as one part."""
        ended = [_ended(each) for each in batches]
        if sum(map(len, ended)):
            self._write(joined(ended))

    def tidy(self, outlines: Sequence[TraceOutline], *, complete: bool) -> None:
        """Write parts together if they are many or hold much that has changed, then make room.

        ``complete``: ``outlines`` are all there are in the experiment, so any other trace is gone.
        """
        for left in self.folder.glob(f"{_UNFINISHED}*"):
            if time.time() - _used(left) > _ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)
        parts = sorted(self._parts(), key=_used, reverse=True)
        asked = _Asked(outlines)
        seen = _NO_IDS
        live: list[pa.ChunkedArray] = []
        """For each part which of its traces are worth keeping: one in several parts, in the newest."""
        for part in parts:
            rows = self._rows(part)
            is_new = pc.invert(pc.is_in(rows["trace_id"], value_set=seen))
            live.append(pc.and_(asked.unchanged(rows, unknown=not complete), is_new))
            kept = rows["trace_id"].filter(live[-1]).combine_chunks()
            seen = pa.concat_arrays([seen, kept])
        dead = sum(map(len, live)) - len(seen)
        if len(parts) >= MOST_PARTS or dead > _MOST_DEAD * max(len(seen), 1):
            self._rewrite(parts, live)
        self._evict()

    def _rewrite(self, parts: Sequence[Path], live: Sequence[pa.ChunkedArray]) -> None:
        some: list[Batch] = []
        for part, is_live in zip(parts, live, strict=True):
            batch = self._read(part, is_live)
            some += [batch] if batch is not None else []
            if sum(map(len, some)) >= PART_TRACES or (some and part == parts[-1]):
                self._write(joined(some))
                some = []
        for part in parts:
            shutil.rmtree(part, ignore_errors=True)

    def _kept(self, name: str) -> pa.Table | None:
        """What is kept beside the parts under this name; ``None`` if nothing is, or it cannot be read."""
        path = self.folder / name
        try:
            with pq.ParquetFile(path) as file:
                return file.read(use_threads=False)
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException) as error:
            logger.warning("%s is damaged, so what it held is worked out again: %s", path, error)
            return None

    def _keep(self, table: pa.Table, name: str) -> None:
        with self._unfinished() as unfinished:
            _write_table(table, unfinished / name)
            (unfinished / name).replace(self.folder / name)

    def _parts(self) -> list[Path]:
        try:
            return sorted(each for each in self.folder.iterdir() if each.name.startswith(_PART))
        except FileNotFoundError:
            return []

    def _rows(self, part: Path) -> pa.Table:
        """Id and mark of each trace of a part; none if it cannot be read, which removes it."""
        table = self._table(part, "traces", ["trace_id", "mark"])
        return TRACES.empty_table() if table is None else table

    def _read(
        self, part: Path, wanted: pa.ChunkedArray, ahead: Batch | None = None
    ) -> Batch | None:
        """The ``wanted`` traces of a part (one flag each); ``None`` if there are none, or it cannot be read."""
        if not pc.any(wanted).as_py():
            return None
        batch = ahead or self._whole(part)
        return batch if batch is None or pc.all(wanted).as_py() else some_of(batch, wanted)

    def _whole(self, part: Path) -> Batch | None:
        """All traces of a part; ``None`` if it cannot be read, which removes it."""
        tables = []
        for name in _SCHEMAS:
            table = self._table(part, name)
            if table is None:
                return None
            tables.append(table)
        give_back()
        return Batch(*tables)

    def _table(self, part: Path, name: str, columns: Sequence[str] = ()) -> pa.Table | None:
        """A table of a part, or some of its columns; ``None`` if it cannot be read, which removes the part."""
        schema = _SCHEMAS[name]
        if columns:
            schema = pa.schema([schema.field(each) for each in columns])
        try:
            # texts stay coded as they are stored, and no more is held of a file than its columns
            with pq.ParquetFile(
                part / f"{name}.parquet", read_dictionary=_coded(schema), pre_buffer=False
            ) as file:
                return file.read(schema.names, use_threads=False).cast(schema)
        except FileNotFoundError:  # another process has written parts together
            return None
        except (OSError, pa.ArrowException, ValueError) as error:
            logger.warning("%s is damaged, so its traces are read again: %s", part, error)
            shutil.rmtree(part, ignore_errors=True)
            return None

    def _write(self, batch: Batch) -> None:
        with self._unfinished() as unfinished:
            for name, table in zip(_SCHEMAS, batch.tables, strict=True):
                _write_table(table, unfinished / f"{name}.parquet")
            unfinished.rename(self.folder / f"{_PART}{uuid.uuid4().hex}")

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[Path]:
        """A new folder to write in; what is still there in the end is removed."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory.chmod(0o700)
        unfinished = self.folder / f"{_UNFINISHED}{uuid.uuid4().hex}"
        unfinished.mkdir(mode=0o700)
        try:
            yield unfinished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _evict(self) -> None:
        """Remove the experiments that were not used for longest, until the rest fits."""
        others = sorted(
            (each for each in _experiments(self._directory) if each != self.folder), key=_used
        )
        total = _size(self.folder) + sum(map(_size, others))
        for folder in others:
            if total <= self._most:
                return
            total -= _size(folder)
            shutil.rmtree(folder, ignore_errors=True)
        for part in self._parts():
            if total <= self._most:
                return
            total -= _size(part)
            shutil.rmtree(part, ignore_errors=True)


class _Asked:
    """What is there of an experiment, as columns."""

    def __init__(self, outlines: Sequence[TraceOutline]) -> None:
        self.ids = pa.array([each.trace_id for each in outlines], pa.string())
        self._marks = pa.array([each.mark for each in outlines], pa.string())

    def unchanged(self, rows: pa.Table, *, unknown: bool) -> pa.ChunkedArray:
        """For each row whether its mark is the one that its trace has now; ``unknown`` for other traces."""
        at = pc.index_in(rows["trace_id"], value_set=self.ids)
        return pc.equal(rows["mark"], self._marks.take(at)).fill_null(unknown)


def largest_bytes() -> int:
    """What the cache may take. Raises ``ValueError`` if the environment says so in no number."""
    told = os.environ.get(SIZE_VARIABLE, "")
    if not told:
        return LARGEST_BYTES
    if not told.isascii() or not told.isdigit():
        raise ValueError(f"{SIZE_VARIABLE} is {told!r}. Give a number of bytes, e.g. 2000000000.")
    return int(told)


def _version() -> str:
    """Of the extraction, and of the columns: parts of another version are not looked at."""
    columns = "\n".join(str(schema) for schema in _SCHEMAS.values())
    return f"{EXTRACTION}-{hashlib.blake2b(columns.encode(), digest_size=6).hexdigest()}"


def _write_table(table: pa.Table, path: Path) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        pq.write_table(
            table,
            file,
            compression="zstd",
            compression_level=1,
            use_dictionary=_coded(table.schema),  # by itself it would try to code ids as well
            write_statistics=False,  # whole columns are read, whatever is in them
        )


def _coded(schema: pa.Schema) -> list[str]:
    """The columns whose texts are held once for all rows that have them."""
    return [each.name for each in schema if pa.types.is_dictionary(each.type)]


def _ended(batch: Batch) -> Batch:
    state = batch.traces["state"].cast(pa.string())
    keep = pc.and_(pc.not_equal(state, _RUNNING), pc.not_equal(batch.traces["mark"], ""))
    return batch if pc.all(keep).as_py() else some_of(batch, keep)


def _experiments(directory: Path) -> list[Path]:
    try:
        return [each for each in directory.iterdir() if each.is_dir()]
    except FileNotFoundError:
        return []


def _used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _size(folder: Path) -> int:
    """Bytes of all files below ``folder``; of what is gone meanwhile, none."""
    total = 0
    for place, _, names in os.walk(folder):  # passes over a folder that is gone
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += Path(place, name).stat().st_size
    return total
