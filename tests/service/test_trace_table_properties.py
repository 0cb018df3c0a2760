"""The trace table against a model that is plainly right: a list of infos, sorted and filtered anew each time."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mlflow_analysis.protocol import RowQuery, TraceRow
from mlflow_analysis.records import TraceInfo
from mlflow_analysis.service.trace_columns import RANKED_BY
from mlflow_analysis.service.trace_table import TraceTable
from trace_factory import trace

NUMBERS = ("start_ms", "duration_ms", "total_tokens", "findings")
TEXTS = ("trace_id", "state", "session_id", "request", "response")
SEVERITIES = ("low", "medium", "high")
PLAIN = trace(number=0).info

infos = st.builds(
    lambda **fields: replace(PLAIN, **fields),
    state=st.sampled_from(["OK", "ERROR", "IN_PROGRESS"]),
    start_ms=st.integers(0, 6),
    duration_ms=st.none() | st.integers(0, 4).map(float),
    total_tokens=st.none() | st.integers(0, 4),
    session_id=st.none() | st.sampled_from(["s1", "s2"]),
    request_preview=st.text("abAB äÄßé.*[", max_size=6),
    response_preview=st.text("abAB äÄßé.*[", max_size=6),
)
orders = {"sort": st.sampled_from(NUMBERS + TEXTS), "descending": st.booleans()}
conditions = {
    "text": st.sampled_from(["a", "AB", "ä", ".*", "["]),
    "failures_only": st.just(True),
    "slow_only": st.just(True),
    "session_id": st.just("s1"),
    "finding": st.just("f"),
}
queries = st.fixed_dictionaries(orders, optional=conditions).map(lambda parts: RowQuery(**parts))
unconditional = st.builds(RowQuery, **orders)


class TableAgainstModel(RuleBasedStateMachine):
    """Traces arrive, findings come, and somebody looks at windows of every query."""

    def __init__(self) -> None:
        super().__init__()
        self.table = TraceTable()
        self.infos: list[TraceInfo] = []
        self.affected: frozenset[str] = frozenset()
        self.counts: dict[str, int] = {}
        self.worst: dict[str, str] = {}

    @initialize(page=st.lists(infos, min_size=5, max_size=12))
    def opened(self, page: list[TraceInfo]) -> None:
        self.arrive(page)

    @rule(page=st.lists(infos, max_size=8))
    def arrive(self, page: list[TraceInfo]) -> None:
        named = [
            replace(info, trace_id=f"t{(len(self.infos) + at) * 7919 % 1000:03}")
            for at, info in enumerate(page)
        ]
        self.infos += named
        self.table.extend(named)

    @rule(chosen=st.sets(st.integers(0, 30)))
    def conclude(self, chosen: set[int]) -> None:
        ids = [info.trace_id for at, info in enumerate(self.infos) if at in chosen]
        self.affected = frozenset(ids)
        self.counts = {trace_id: 1 + at % 3 for at, trace_id in enumerate(ids)}
        self.worst = {trace_id: SEVERITIES[at % 4 % 3] for at, trace_id in enumerate(ids)}
        self.table.mark({"f": self.affected}, self.counts, self.worst)

    @rule(query=unconditional | queries, start=st.integers(0, 3), height=st.integers(1, 40))
    def look(self, query: RowQuery, start: int, height: int) -> None:
        window = self.table.rows(query, start, start + height)
        expected = self.expected(query)
        assert window.total == len(expected)
        assert [row.trace_id for row in window.rows] == expected[start : start + height]
        for row in window.rows:
            self.compare(row)

    @rule(query=queries, place=st.integers(0, 30))
    def locate(self, query: RowQuery, place: int) -> None:
        if place < len(self.infos):
            sought = self.infos[place].trace_id
            expected = self.expected(query)
            position = expected.index(sought) if sought in expected else None
            assert self.table.locate(query, sought).position == position
        assert self.table.locate(query, "never there").position is None

    @invariant()
    def as_many_as_arrived(self) -> None:
        assert len(self.table) == len(self.infos)

    def compare(self, row: TraceRow) -> None:
        info = next(info for info in self.infos if info.trace_id == row.trace_id)
        assert (row.start_ms, row.state) == (info.start_ms, info.state)
        assert (row.duration_ms, row.total_tokens) == (info.duration_ms, info.total_tokens)
        assert row.session_id == (info.session_id or "")
        assert row.request == " ".join(info.request_preview.split())
        assert row.response == " ".join(info.response_preview.split())
        assert row.findings == self.counts.get(info.trace_id, 0)
        assert row.worst == self.worst.get(info.trace_id, "")

    def expected(self, query: RowQuery) -> list[str]:
        kept = [info for info in self.infos if self.meets(info, query)]
        kept.sort(key=lambda info: -info.start_ms)  # Python's sort keeps the order of ties
        if query.sort == "start_ms":
            return [info.trace_id for info in (kept if query.descending else kept[::-1])]
        known = [info for info in kept if self.value(info, query.sort) is not None]
        if query.descending:  # "reverse" keeps the order of ties too
            known.sort(key=lambda info: self.value(info, query.sort), reverse=True)
        else:
            known.sort(key=lambda info: self.value(info, query.sort))
        unknown = [info for info in kept if self.value(info, query.sort) is None]
        return [info.trace_id for info in known + unknown]

    def meets(self, info: TraceInfo, query: RowQuery) -> bool:
        told = re.search(
            re.escape(query.text), f"{info.request_preview}\n{info.response_preview}", re.IGNORECASE
        )
        return (
            (not query.text or told is not None)
            and (not query.failures_only or info.state == "ERROR")
            and (not query.slow_only or self.is_slow(info))
            and (not query.session_id or info.session_id == query.session_id)
            and (not query.finding or info.trace_id in self.affected)
        )

    def is_slow(self, info: TraceInfo) -> bool:
        """As slow as the trace below which nine tenths of the others stand, or slower."""
        known = sorted(each.duration_ms for each in self.infos if each.duration_ms is not None)
        nine_tenths = math.ceil((len(known) - 1) * 9 / 10)
        return info.duration_ms is not None and info.duration_ms >= known[nine_tenths]

    def value(self, info: TraceInfo, column: str) -> object:
        if column == "findings":
            worst = self.worst.get(info.trace_id, "")
            return (("", *SEVERITIES).index(worst), self.counts.get(info.trace_id, 0))
        if column in ("request", "response"):
            return getattr(info, f"{column}_preview")[:RANKED_BY].casefold()
        return getattr(info, column) or "" if column in TEXTS else getattr(info, column)


TableAgainstModel.TestCase.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, derandomize=True
)
TestTableAgainstModel = TableAgainstModel.TestCase
