"""Where traces come from, as the engine sees it: a store through ``tracking``, or records at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mlflow_analysis.records import SkippedTrace, TraceInfo, TraceOutline, TraceRecord

TraceOutcome = TraceRecord | SkippedTrace


def never() -> bool:
    """The cancellation check of a run that nobody cancels."""
    return False


class FilterRefused(ValueError):  # noqa: N818 - shown to people
    """A source cannot evaluate a filter: a sentence, and what to do about it."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.remedy = sentence, remedy


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """All that another process needs to open the same experiment: see ``tracking.reopening``."""

    tracking_uri: str = field(repr=False)
    """With credentials, if it has any."""
    experiment_id: str
    experiment_name: str
    variables: tuple[tuple[str, str | None], ...] = field(default=(), repr=False)
    """What the environment has to hold for signing in; secrets among it."""


class TraceSource(Protocol):
    """One experiment of one store, ready to be read. Reading changes nothing."""

    experiment_id: str
    experiment_name: str
    tracking_uri: str
    """Without credentials."""

    spec: SourceSpec | None
    """``None`` where only this process can read it."""

    def count(self, filter_string: str = "") -> int | None:
        """How many traces there are, if that can be told cheaply."""

    def stamp(self) -> str | None:
        """What stays the same for as long as nobody writes to the store; ``None`` if that cannot be told cheaply."""

    def outlines(
        self,
        filter_string: str = "",
        *,
        marked: bool = True,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[list[TraceOutline]]:
        """Pages of outlines, newest first: the cheapest listing there is. Raises as ``infos`` does.

        Unless they have to be ``marked``, they may have no marks: whoever reads the traces is told these then.
        """

    def read(
        self, outlines: Sequence[TraceOutline], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The traces of ``outlines``, infos and spans, as they are now; as ``traces`` otherwise."""

    def infos(
        self, filter_string: str = "", *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceInfo]]:
        """Pages of infos, newest first.

        Raises ``FilterRefused`` for a filter that is not understood, and
        ``tracking.connection.ConnectionProblem``.
        """

    def traces(
        self, infos: Sequence[TraceInfo], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The traces of ``infos`` with their spans, in no promised order.

        A trace that cannot be read comes as a ``SkippedTrace``; none is dropped silently.
        """


class RecordedTraces:
    """Traces that are already in memory, as a source. ``filter_string`` must be empty."""

    def __init__(self, records: Iterable[TraceRecord], experiment_name: str = "recorded") -> None:
        self._records = {record.info.trace_id: record for record in records}
        self.experiment_id = "0"
        self.experiment_name = experiment_name
        self.tracking_uri = "memory:"
        self.spec: SourceSpec | None = None

    def count(self, filter_string: str = "") -> int | None:
        """The number of records."""
        self._refuse(filter_string)
        return len(self._records)

    def stamp(self) -> str | None:
        """None: they are at hand."""
        return None

    def infos(
        self, filter_string: str = "", *, cancelled: Callable[[], bool] = never
    ) -> Iterator[list[TraceInfo]]:
        """All infos, newest first, in pages of 500."""
        self._refuse(filter_string)
        newest_first = sorted(
            (record.info for record in self._records.values()),
            key=lambda info: (-info.start_ms, info.trace_id),
        )
        for start in range(0, len(newest_first), 500):
            if cancelled():
                return
            yield newest_first[start : start + 500]

    def outlines(
        self,
        filter_string: str = "",
        *,
        marked: bool = True,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[list[TraceOutline]]:
        """As ``infos``; all are marked."""
        for page in self.infos(filter_string, cancelled=cancelled):
            yield [outline_of(info) for info in page]

    def read(
        self, outlines: Sequence[TraceOutline], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The records of ``outlines``, in that order."""
        return self.traces(
            [self._records[each.trace_id].info for each in outlines], cancelled=cancelled
        )

    def traces(
        self, infos: Sequence[TraceInfo], *, cancelled: Callable[[], bool] = never
    ) -> Iterator[TraceOutcome]:
        """The records of ``infos``, in that order."""
        for info in infos:
            if cancelled():
                return
            yield self._records[info.trace_id]

    @staticmethod
    def _refuse(filter_string: str) -> None:
        if filter_string:
            raise FilterRefused("Traces in memory cannot be filtered.", "Filter them before.")


def outline_of(info: TraceInfo) -> TraceOutline:
    """The outline of a trace whose info is at hand; its mark stands for all of the info."""
    return TraceOutline(
        trace_id=info.trace_id,
        start_ms=info.start_ms,
        duration_ms=info.duration_ms,
        state=info.state,
        session_id=info.session_id,
        mark=hashlib.blake2b(repr(info).encode(), digest_size=16).hexdigest(),
    )
