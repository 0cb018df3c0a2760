"""Running counts: what was counted chunk by chunk is what is there, and each trace is looked at once."""

from __future__ import annotations

import pytest

from mlflow_analysis.events import EvidenceGrew
from mlflow_analysis.evidence import running
from mlflow_analysis.evidence.running import RunningCounts
from mlflow_analysis.features.batch import Batch, batch_of
from mlflow_analysis.features.extract import extract
from mlflow_analysis.hypotheses.catalogue import by_id
from mlflow_analysis.records import TraceRecord
from trace_factory import model, tool, trace


def refused(number: int, session: str = "") -> TraceRecord:
    failing = number % 4 == 0
    return trace(
        model(),
        tool("billing", outputs="429 Too Many Requests" if failing else {"rows": number}),
        tool("crm", outputs="401 Unauthorized: token expired" if failing else {"ok": True}),
        number=number,
        session=session,
    )


def batch(*records: TraceRecord) -> Batch:
    return batch_of([extract(record) for record in records])


def counted(
    hypotheses: list[str], records: list[TraceRecord], in_a_chunk: int
) -> dict[str, EvidenceGrew]:
    """The last word on each hypothesis after the records came in chunks."""
    counts = RunningCounts([by_id(each) for each in hypotheses])
    last: dict[str, EvidenceGrew] = {}
    for start in range(0, len(records), in_a_chunk):
        counts.arrive(batch(*records[start : start + in_a_chunk]))
        for event in counts.turn(float("inf"), lambda: False):
            last[event.hypothesis] = event
    return last


@pytest.mark.parametrize("in_a_chunk", [1, 7, 40])
def test_chunks_add_up_to_the_whole(in_a_chunk: int) -> None:
    records = [refused(number) for number in range(1, 41)]
    (found,) = counted(["rate-limited"], records, in_a_chunk).values()
    # a model call and two tool calls in each trace
    assert (found.affected, found.eligible, found.traces_read) == (10, 120, 40)
    assert found.leaning == "towards confirmed"


def test_a_session_spread_over_chunks_counts_once() -> None:
    records = [refused(number, f"s{number % 8}") for number in range(1, 41)]
    for in_a_chunk in (5, 40):
        (found,) = counted(["authentication-failure"], records, in_a_chunk).values()
        assert (found.affected, found.eligible) == (2, 8)


def test_each_trace_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    build = running.features_of

    def counting(tables, **options):
        features = build(tables, **options)
        seen.append(len(features.traces))
        return features

    monkeypatch.setattr(running, "features_of", counting)
    counted(["rate-limited"], [refused(number) for number in range(1, 41)], 10)
    assert seen == [10, 10, 10, 10]


def test_a_turn_ends_in_time_and_the_next_goes_on() -> None:
    counts = RunningCounts([by_id("rate-limited"), by_id("timeout"), by_id("not-found")])
    for number in range(1, 9):
        counts.arrive(batch(refused(number)))
    turns = [[e.hypothesis for e in counts.turn(0.0, lambda: False)] for _ in range(4)]
    assert turns == [["rate-limited"], ["timeout"], ["not-found"], []]


def test_what_did_not_change_is_not_told_again() -> None:
    counts = RunningCounts([by_id("error-burst")])  # a contrast: not counted while reading
    told = []
    for number in range(1, 4):
        counts.arrive(batch(refused(number)))
        told += list(counts.turn(float("inf"), lambda: False))
    assert [(each.eligible, each.leaning) for each in told] == [(0, "open")]


def test_a_missing_field_is_named() -> None:
    records = [trace(model(), number=number) for number in range(1, 4)]
    (found,) = counted(["failing-assessment"], records, 3).values()
    assert found.leaning == "no trace carries feedback"
