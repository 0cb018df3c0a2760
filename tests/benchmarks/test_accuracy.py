"""The accuracy benchmark plants what it says, and its table says what was measured."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from benchmarks.accuracy.applications import APPLICATIONS, TRAVEL
from benchmarks.accuracy.confounded import ARRANGEMENTS, make_confounded
from benchmarks.accuracy.generators import ALL
from benchmarks.accuracy.jobs import Job, run
from benchmarks.accuracy.near_misses import NEAR_MISSES
from benchmarks.accuracy.null import NullOutcome
from benchmarks.accuracy.planting import Generator, detectable, make, planted_turns, region
from benchmarks.accuracy.recording import record
from benchmarks.accuracy.retimed import TWINS
from benchmarks.accuracy.scoring import Outcome
from benchmarks.accuracy.tables import acceptance, failures
from benchmarks.accuracy.traffic import Mix, turns

from mlflow_analysis.records import TraceRecord

SIZE = 120
AS_IT_IS = {"quick answers", "figures from the tools"}
"""Strengths of the ordinary traffic itself."""


@cache
def untouched(app_name: str, mix: Mix) -> dict[str, TraceRecord]:
    """The same traffic without the fault, by trace id."""
    (app,) = (each for each in APPLICATIONS if each.name == app_name)
    return {each.info.trace_id: each for each in record(app, turns(app, 0, SIZE, mix), 0)}


@pytest.mark.parametrize("generator", (*ALL, *NEAR_MISSES), ids=lambda each: each.id)
def test_what_is_planted_shows_and_nothing_else_changes(generator: Generator) -> None:
    scenario = make(generator, 0, SIZE)
    before = untouched(generator.app.name, generator.mix)
    changed = {
        each.info.trace_id
        for each in scenario.records
        if replace(before[each.info.trace_id].info, tags={}) != replace(each.info, tags={})
        or before[each.info.trace_id].spans != each.spans
    }
    assert len(scenario.records) == SIZE
    if generator.id in AS_IT_IS or generator.plant.__name__ == "ordinary":
        assert bool(changed) == (generator.prepare is not None)
        return
    assert changed
    if generator.prepare is None:
        assert changed == scenario.planted


@pytest.mark.parametrize("generator", ALL, ids=lambda each: each.id)
def test_the_fault_strikes_where_its_cause_is(generator: Generator) -> None:
    planned = planted_turns(generator, 0, 200)
    inside = [turn.planted for turn in planned if turn.has_cause]
    outside = [turn.planted for turn in planned if not turn.has_cause]
    assert sum(inside) >= 3
    if outside:
        assert sum(inside) / len(inside) > 2 * sum(outside) / len(outside)


def test_equal_seeds_give_equal_traces_and_others_do_not() -> None:
    assert make(ALL[0], 3, 40).records == make(ALL[0], 3, 40).records
    assert make(ALL[0], 3, 40).records != make(ALL[0], 4, 40).records


@pytest.mark.parametrize("app", APPLICATIONS, ids=lambda each: each.name)
def test_ordinary_traffic_has_no_failure(app) -> None:
    records = record(app, turns(app, 1, SIZE), 1)
    assert {each.info.state for each in records} == {"OK"}
    assert {span.status for each in records for span in each.spans} == {"OK"}
    sessions = [each.info.session_id for each in records]
    assert 1 < max(sessions.count(each) for each in sessions) <= 8


def test_a_confounded_release_is_worse_overall_and_better_among_like_requests() -> None:
    arrangement = ARRANGEMENTS[0]
    records = make_confounded(arrangement, 0, 2000)
    rates = {}
    for version in ("4.3.0", "4.2.0"):
        mine = [each for each in records if each.info.metadata["app_version"] == version]
        for name, group in (
            ("all", mine),
            ("long", [each for each in mine if len(each.info.request_preview.split()) > 50]),
            ("short", [each for each in mine if len(each.info.request_preview.split()) <= 50]),
        ):
            rates[version, name] = sum(each.info.state == "ERROR" for each in group) / len(group)
    assert rates["4.3.0", "all"] > 1.3 * rates["4.2.0", "all"]
    assert rates["4.3.0", "long"] < rates["4.2.0", "long"]
    assert rates["4.3.0", "short"] < rates["4.2.0", "short"]


def test_a_mended_twin_is_faster_and_otherwise_the_same() -> None:
    for twin in TWINS:
        planned = planted_turns(twin.generator, 0, SIZE)
        slow = record(twin.generator.app, planned, 0)
        twin.mend(planned)
        fast = record(twin.generator.app, planned, 0)
        assert [each.info.request_preview for each in slow] == [
            each.info.request_preview for each in fast
        ]
        assert [len(each.spans) for each in slow] == [len(each.spans) for each in fast]
        assert sum(each.info.duration_ms for each in fast) < sum(
            each.info.duration_ms for each in slow
        )


def test_a_cause_is_detectable_only_if_the_answer_sheet_shows_it() -> None:
    generator = replace(ALL[0], cause=(region("us-east"),))
    planned = turns(TRAVEL, 0, 400)
    with_cause = [turn.region == "us-east" for turn in planned]
    for turn, here in zip(planned, with_cause, strict=True):
        turn.planted = here
    assert detectable(generator, planned, with_cause)
    for number, turn in enumerate(planned):
        turn.planted = number % 3 == 0
    assert not detectable(generator, planned, with_cause)
    for number, turn in enumerate(planned):
        turn.planted = with_cause[number] and sum(with_cause[:number]) < 9
    assert not detectable(generator, planned, with_cause)


def test_a_small_scenario_is_analysed_and_scored() -> None:
    outcome = run(Job("planted", 0, 0, 60))
    assert isinstance(outcome, Outcome)
    assert outcome.generator == ALL[0].id
    assert outcome.built
    assert (outcome.found, outcome.planted > 2) == (True, True)


def test_the_table_breaks_where_a_limit_is_broken() -> None:
    good = Outcome("g", "h", 0, 200, True, True, 12, True, True, True, "", (), 1.0)
    many = [replace(good, generator=f"g{number}") for number in range(20)]
    bad = [replace(each, cause_first=False) for each in many[:3]]
    quiet = NullOutcome(1, 50, "a", (), (), 1.0)
    loud = replace(quiet, false=("regression failures",))
    kept = {each.name: each.kept for each in acceptance([*many, *[quiet] * 10])}
    broken = {each.name: each.kept for each in acceptance([*many[3:], *bad, *[quiet] * 8, loud])}
    first = "planted cause ranked first, 200 traces, 20 generators"
    false = "false confirmed per report, nothing planted ({} reports)"
    assert (kept[first], kept[false.format(10)]) == (True, True)
    assert (broken[first], broken[false.format(9)]) == (False, False)
    causeless = [replace(each, has_cause=False) for each in many]
    assert not any(each.kept for each in acceptance(causeless) if "ranked first" in each.name)
    assert "regression failures" in failures([loud])
    assert "cause not first" in failures(bad)
