"""Replaying span trees: nothing changed, something shorter, side by side, gone; against the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlflow_analysis.timing.replay import Mend, Replay
from timing.span_trees import Row, Step, random_tree, run, tables


def _random_trees(seed: int, traces: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    draw = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(traces):
        rows += random_tree(draw, f"t{number}", int(draw.integers(1, 40)))
    return tables(rows)


def _spans(*rows: tuple[str, str, float, float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One trace from (id, parent, start, end); a parent stands before its children."""
    depths = {"": -1}
    found: list[Row] = []
    for span_id, parent, start, end in rows:
        depths[span_id] = depths[parent] + 1
        found.append(("t", span_id, parent, depths[span_id], start, end))
    return tables(found)


def _saved(trees: tuple[pd.DataFrame, pd.DataFrame], mend: Mend) -> float:
    (saved,) = Replay(*trees).saved_ms(_numbered(mend, trees[0]))
    return float(saved)


def _numbered(mend: Mend, spans: pd.DataFrame) -> Mend:
    """``mend``, which names spans by their ids, with their numbers instead."""
    numbers = pd.Series(spans.index, index=spans["span_id"])
    return replace(
        mend,
        durations=mend.durations.set_axis(numbers[mend.durations.index]),
        own_times=mend.own_times.set_axis(numbers[mend.own_times.index]),
        side_by_side=mend.side_by_side.set_axis(numbers[mend.side_by_side.index]),
        removed=pd.Index(numbers[mend.removed]),
    )


def _times(**ms: float) -> pd.Series:
    return pd.Series(ms, dtype=float)


@pytest.mark.parametrize("seed", range(8))
def test_replaying_with_no_change_gives_the_recorded_durations(seed: int) -> None:
    spans, traces = _random_trees(seed)
    replay = Replay(spans, traces)
    assert replay.checked == replay.alike == len(traces)
    unchanged = Mend("nothing", durations=spans["end_ms"] - spans["start_ms"])
    assert np.abs(replay.saved_ms(unchanged)).max() == 0
    barely = Mend("next to nothing", durations=(spans["end_ms"] - spans["start_ms"]) * (1 - 1e-9))
    assert np.abs(replay.saved_ms(barely)).max() < 1e-3


@pytest.mark.parametrize("seed", range(8))
def test_no_change_makes_a_trace_longer_or_takes_more_than_there_is(seed: int) -> None:
    spans, traces = _random_trees(seed)
    replay, draw = Replay(spans, traces), np.random.default_rng(seed)
    some = spans[draw.random(len(spans)) < 0.3]
    length = some["end_ms"] - some["start_ms"]
    mends = [
        Mend("shorter", durations=length * draw.random(len(some))),
        Mend("own time", own_times=length * draw.random(len(some))),
        Mend("gone", removed=some.index),
        Mend("together", side_by_side=pd.Series(0, index=spans.index)),
    ]
    for mend in mends:
        saved = replay.saved_ms(mend)
        assert saved.min() >= -1e-6, mend.what
        assert (saved <= traces["duration_ms"].to_numpy() + 1e-6).all(), mend.what
        assert saved.max() > 1, mend.what


def test_more_change_never_saves_less() -> None:
    spans, traces = _random_trees(3)
    replay = Replay(spans, traces)
    length = spans["end_ms"] - spans["start_ms"]
    saved = [replay.saved_ms(Mend("", durations=length * share)) for share in (0.9, 0.5, 0.1)]
    assert (saved[0] <= saved[1] + 1e-9).all() and (saved[1] <= saved[2] + 1e-9).all()


@pytest.mark.parametrize("seed", range(5))
def test_what_is_not_on_the_critical_path_changes_nothing(seed: int) -> None:
    """Gatherings in sequence: only the longest of each gathering is waited for."""
    draw, rows, off_path = np.random.default_rng(seed), [], []
    for number in range(40):
        at, trace_rows = 0.0, []
        for stage in range(int(draw.integers(1, 5))):
            at += float(draw.uniform(1, 20))
            lengths = draw.exponential(100, int(draw.integers(1, 6)))
            for branch, length in enumerate(lengths):
                span_id = f"{stage}.{branch}"
                trace_rows.append((f"t{number}", span_id, "root", 1, at, at + float(length)))
                if length < lengths.max():
                    off_path.append(len(rows) + len(trace_rows))
            at += float(lengths.max())
        rows += [(f"t{number}", "root", "", 0, 0.0, at + 5), *trace_rows]
    spans, traces = tables(rows)
    replay = Replay(spans, traces)
    assert len(off_path) > 40
    halved = pd.Series(1.0, index=off_path)
    assert np.abs(replay.saved_ms(Mend("", durations=halved))).max() < 1e-6
    assert np.abs(replay.saved_ms(Mend("", removed=pd.Index(off_path)))).max() < 1e-6


def test_a_shorter_call_brings_forward_what_followed_it() -> None:
    trees = _spans(("r", "", 0, 100), ("a", "r", 10, 50), ("b", "r", 55, 90))
    assert _saved(trees, Mend("", durations=_times(a=10))) == pytest.approx(30)


def test_what_overlaps_did_not_wait() -> None:
    trees = _spans(("r", "", 0, 100), ("a", "r", 10, 50), ("b", "r", 40, 100))
    assert _saved(trees, Mend("", durations=_times(a=1))) == 0


def test_the_next_one_waits_for_all_that_had_ended() -> None:
    trees = _spans(("r", "", 0, 100), ("a", "r", 0, 50), ("b", "r", 0, 40), ("c", "r", 50, 100))
    assert _saved(trees, Mend("", durations=_times(a=10))) == pytest.approx(10)


def test_what_a_span_holds_shrinks_with_it() -> None:
    trees = _spans(("r", "", 0, 100), ("a", "r", 0, 80), ("a1", "a", 10, 70), ("b", "r", 80, 100))
    assert _saved(trees, Mend("", durations=_times(a=40))) == pytest.approx(40)
    assert _saved(trees, Mend("", durations=_times(a=40, a1=30))) == pytest.approx(40)
    assert _saved(trees, Mend("", durations=_times(a=40, a1=6))) == pytest.approx(64)


def test_own_time_shrinks_and_children_do_not() -> None:
    trees = _spans(("r", "", 0, 100), ("a", "r", 20, 40), ("b", "r", 60, 90))
    assert _saved(trees, Mend("", own_times=_times(r=10))) == pytest.approx(40)


def test_time_beside_another_child_is_not_own_time() -> None:
    trees = _spans(("r", "", 0, 100), ("a", "r", 0, 60), ("b", "r", 50, 100))
    assert _saved(trees, Mend("", own_times=_times(r=0))) == 0


def test_calls_side_by_side_take_as_long_as_the_longest_and_the_pauses_between() -> None:
    trees = _spans(("r", "", 0, 120), ("a", "r", 0, 30), ("b", "r", 35, 85), ("c", "r", 90, 110))
    together = pd.Series([0, 0, 0], index=["a", "b", "c"])
    # a at 0, b at 5, c at 10: all done at 55, where they took until 110
    assert _saved(trees, Mend("", side_by_side=together)) == pytest.approx(55)
    two = pd.Series([0, 0], index=["a", "b"])
    assert _saved(trees, Mend("", side_by_side=two)) == pytest.approx(30)


def test_spans_of_different_parents_are_not_put_side_by_side() -> None:
    trees = _spans(
        ("r", "", 0, 100), ("p", "r", 0, 50), ("q", "r", 50, 100), ("a", "p", 0, 50), ("b", "q", 50, 100)
    )  # fmt: skip
    assert _saved(trees, Mend("", side_by_side=pd.Series([0, 0], index=["a", "b"]))) == 0


def test_what_is_removed_takes_the_pause_before_it_along() -> None:
    trees = _spans(("r", "", 0, 100), ("a", "r", 0, 30), ("b", "r", 45, 75), ("c", "r", 80, 95))
    assert _saved(trees, Mend("", removed=pd.Index(["b"]))) == pytest.approx(45)


def test_a_child_that_outlives_its_parent_is_cut_off_with_it() -> None:
    trees = _spans(("r", "", 0, 100), ("late", "r", 50, 900), ("after", "r", 300, 400))
    replay = Replay(*trees)
    assert (replay.checked, replay.alike) == (1, 1)
    assert _saved(trees, Mend("", durations=_times(late=25))) == pytest.approx(25)


def test_several_roots_follow_one_another() -> None:
    trees = _spans(("r", "", 0, 100), ("s", "", 120, 200), ("a", "s", 130, 190))
    assert _saved(trees, Mend("", durations=_times(a=10))) == pytest.approx(50)
    assert _saved(trees, Mend("", durations=_times(r=40))) == pytest.approx(60)


def test_a_running_span_ends_with_its_last_child_and_its_trace_is_not_counted() -> None:
    spans, traces = _spans(("r", "", 0, np.nan), ("p", "r", 5, np.nan), ("a", "p", 10, 60))
    replay = Replay(spans, traces.assign(duration_ms=np.nan, complete=False))
    assert replay.checked == 0 and not replay.faithful
    assert replay.layout.end_ms[:2].tolist() == [60.0, 60.0]


def test_traces_without_spans_and_no_traces_at_all() -> None:
    spans, traces = _spans(("r", "", 0, 100))
    more = pd.concat(
        [traces, pd.DataFrame({"duration_ms": [5.0], "complete": [True]}, index=["u"])]
    )
    replay = Replay(spans, more)
    assert (replay.checked, replay.alike) == (1, 1)
    assert replay.saved_ms(Mend("", durations=pd.Series(10.0, index=[0]))).tolist() == [90.0, 0.0]
    assert not Replay(spans.iloc[:0], traces.iloc[:0]).faithful


def test_a_span_whose_parent_was_not_recorded_stands_at_the_top_whatever_its_depth() -> None:
    spans, traces = tables([
        ("t", "r", "", 0, 0, 100), ("t", "a", "gone", 1, 110, 150), ("t", "b", "a", 2, 120, 150),
    ])  # fmt: skip
    replay = Replay(spans, traces.assign(duration_ms=150.0))
    assert replay.alike == 1
    assert replay.saved_ms(Mend("", durations=pd.Series(10.0, index=[2]))).tolist() == [20.0]


def test_it_is_not_faithful_where_recorded_durations_say_otherwise() -> None:
    spans, traces = _random_trees(1)
    off = traces["duration_ms"].copy()
    off.iloc[:2] += 3.0
    replay = Replay(spans, traces.assign(duration_ms=off))
    assert replay.checked - replay.alike == 2 and not replay.faithful


def test_a_chain_and_a_fan_of_thousands_of_spans() -> None:
    chain: list[Row] = [
        ("t", str(n), str(n - 1) if n else "", n, float(n), 10_000.0 - n) for n in range(4_000)
    ]
    fan: list[Row] = [("u", "root", "", 0, 0.0, 10_000.0)]
    fan += [("u", str(n), "root", 1, 2.0 * n, 2.0 * n + 1) for n in range(5_000)]
    spans, traces = tables(chain + fan)
    replay = Replay(spans, traces)
    assert replay.alike == 2
    calls = spans.index[spans["parent_id"] == "root"]
    saved = replay.saved_ms(Mend("", durations=pd.Series(0.5, index=calls)))
    assert saved == pytest.approx([0.0, 2_500.0])
    deepest = pd.Series([1_000.0], index=[3_999])
    assert replay.saved_ms(Mend("", durations=deepest)) == pytest.approx([1_002.0, 0.0])


def _workload(search_factor: float, traces: int = 800) -> tuple[pd.DataFrame, pd.DataFrame]:
    """An agent that plans, searches beside a lookup, or after it, and writes: run, not edited."""
    rows: list[Row] = []
    for number in range(traces):
        draw = np.random.default_rng(number)

        def ms(median: float, sigma: float = 0.5) -> float:
            return float(median * np.exp(draw.normal(0, sigma)))  # noqa: B023

        def search() -> Step:
            read = Step("read", ms(150) * search_factor)
            return Step("search", ms(2_000, 0.8) * search_factor, [read], pause_ms=ms(5))

        plan, write = Step("model", ms(700)), Step("model", ms(1_200), pause_ms=ms(10))
        lookups = [search(), Step("lookup", ms(900), pause_ms=ms(5))]
        if draw.random() < 0.3:
            lookups.append(search())
        together = bool(draw.random() < 0.5)
        gather = Step("gather", ms(3), lookups, together=together, pause_ms=ms(20))
        root = Step("agent", ms(15), [plan, gather, write])
        own: list[Row] = []
        run(root, 1e12 + number * 60_000, "", 0, f"t{number}", own)
        rows += own
    return tables(rows)


@pytest.mark.parametrize("factor", [0.5, 0.2])
def test_the_predicted_p95_is_that_of_the_workload_run_with_the_faster_tool(factor: float) -> None:
    spans, traces = _workload(1.0)
    _, truth = _workload(factor)
    search = spans[spans["span_id"].str.endswith("search")]
    mend = Mend("search faster", durations=(search["end_ms"] - search["start_ms"]) * factor)
    predicted = traces["duration_ms"] - Replay(spans, traces).saved_ms(mend)
    for share in (50, 95):
        regenerated = np.percentile(truth["duration_ms"], share)
        assert np.percentile(traces["duration_ms"], share) > 1.15 * regenerated
        assert np.percentile(predicted, share) == pytest.approx(regenerated, rel=0.05)


def test_the_predicted_p95_of_tools_run_together_is_that_of_a_program_that_gathers_them() -> None:
    def program(together: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
        rows: list[Row] = []
        for number in range(400):
            draw = np.random.default_rng(number)
            calls = [
                Step(f"call{n}", float(400 * np.exp(draw.normal(0, 0.6))), pause_ms=4.0)
                for n in range(int(draw.integers(2, 5)))
            ]
            model = Step("model", float(600 * np.exp(draw.normal(0, 0.4))))
            own: list[Row] = []
            steps = [Step("tools", 2.0, calls, together=together), model]
            run(Step("agent", 10.0, steps), 1e12 + number * 60_000, "", 0, f"t{number}", own)
            rows += own
        return tables(rows)

    spans, traces = program(together=False)
    _, truth = program(together=True)
    calls = spans[spans["span_id"].str.contains(":call")]
    groups = pd.Series(pd.factorize(calls["trace_id"])[0], index=calls.index)
    predicted = traces["duration_ms"] - Replay(spans, traces).saved_ms(
        Mend("", side_by_side=groups)
    )
    for share in (50, 95):
        regenerated = np.percentile(truth["duration_ms"], share)
        assert np.percentile(predicted, share) == pytest.approx(regenerated, rel=0.05)
        assert np.percentile(traces["duration_ms"], share) > 1.15 * regenerated
