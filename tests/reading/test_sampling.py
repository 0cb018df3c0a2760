"""A sample that is spread over time holds whole sessions from everywhere, and the analysis says so."""

from __future__ import annotations

import pytest

from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.reading.sampling import Scheme, spread
from mlflow_analysis.records import TraceOutline
from mlflow_analysis.source import RecordedTraces
from trace_factory import model, trace


def outlines(count: int, in_a_session: int) -> list[TraceOutline]:
    return [
        TraceOutline(f"tr-{n:04}", 1_000 * n, 10.0, "OK", f"s{n // in_a_session}", "m")
        for n in range(count)
    ]


@pytest.mark.parametrize("most", [16, 100, 333])
def test_sessions_come_whole_and_from_everywhere(most: int) -> None:
    everything = outlines(1_000, 4)
    taken = spread(everything[::-1], most)
    assert most - 4 < len(taken) <= most
    sessions = {each.session_id for each in taken}
    assert {e.trace_id for e in taken} == {
        e.trace_id for e in everything if e.session_id in sessions
    }
    quarters = [sum(each.start_ms // 250_000 == q for each in taken) for q in range(4)]
    assert max(quarters) - min(quarters) <= 4


def test_a_session_that_is_too_long_is_passed_over() -> None:
    long = [TraceOutline(f"tr-l{n}", n, 1.0, "OK", "long", "m") for n in range(50)]
    short = [TraceOutline(f"tr-s{n}", 1_000 + n, 1.0, "OK", None, "m") for n in range(9)]
    assert {each.session_id for each in spread([*long, *short], 9)} == {None}
    assert len(spread([*long, *short], 9)) == 9


def test_all_are_taken_where_all_fit() -> None:
    assert len(spread(outlines(37, 5), 37)) == 37
    assert spread([], 5) == []


@pytest.mark.parametrize(
    ("scheme", "note"),
    [
        (Scheme.NEWEST, "Only the newest 12 of 40 traces were read."),
        (Scheme.SPREAD, "A sample of 12 of 40 traces was read: whole sessions, evenly over time."),
    ],
)
def test_the_analysis_says_that_it_rests_on_a_sample(scheme: Scheme, note: str) -> None:
    records = [trace(model(), session=f"s{(n - 1) // 2}", number=n) for n in range(1, 41)]
    options = AnalysisOptions(hypotheses=["rate-limited"], max_traces=12, sample=scheme, live=False)
    *_, last = analyze(RecordedTraces(records), options)
    assert isinstance(last, AnalysisReady)
    assert last.analysis.traces_read == 12
    assert last.analysis.notes[0].startswith(note)
