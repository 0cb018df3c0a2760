"""The generator of the demo: the same every time, with what was planted and nothing else."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise

import pytest

from mlflow_analysis.demo.faults import (
    ALL_FAULTS,
    BROKEN_JSON,
    CAMPAIGN_LIMIT,
    EXPIRED_TOKEN,
    FAR_INVENTORY,
    FORGOTTEN_ORDER,
    LONG_WINDED,
    MADE_UP_POINTS,
    ONE_BY_ONE,
    QUOTE_TIMEOUT,
    REFUND_OUTAGE,
    SEARCH_LOOP,
    TWO_RETURN_PERIODS,
    Fault,
)
from mlflow_analysis.demo.manifest import from_json, to_json
from mlflow_analysis.demo.scenario import Scenario, generate, make_scenario
from mlflow_analysis.demo.sessions import DAY_MS, DAYS, EPOCH_MS, RELEASE_MS
from mlflow_analysis.records import SpanRecord, TraceRecord


@cache
def scenario_of(seed: int) -> Scenario:
    return make_scenario(seed)


@pytest.fixture(scope="module")
def planted() -> Scenario:
    return scenario_of(0)


@pytest.fixture(scope="module")
def sound() -> list[TraceRecord]:
    return generate(0, faults=())


def showing(scenario: Scenario, fault: Fault) -> list[TraceRecord]:
    ids = set(next(each for each in scenario.manifest.planted if each.fault == fault).trace_ids)
    return [record for record in scenario.records if record.info.trace_id in ids]


def calls(record: TraceRecord, tool: str) -> list[SpanRecord]:
    return [span for span in record.spans if span.name == tool]


def answer(record: TraceRecord) -> str:
    return str(record.spans[0].outputs["content"]) if record.spans[0].outputs else ""


def test_the_same_arguments_give_the_same_traces() -> None:
    assert generate(3, traces=200) == generate(3, traces=200)
    assert generate(3, traces=200) != generate(4, traces=200)


def test_there_are_as_many_traces_as_asked_for_in_order_of_time(planted: Scenario) -> None:
    starts = [record.info.start_ms for record in planted.records]
    assert len(starts) == 1500
    assert starts == sorted(starts)
    assert starts[0] >= EPOCH_MS
    assert starts[-1] < EPOCH_MS + DAYS * DAY_MS + DAY_MS / 2
    assert len({record.info.trace_id for record in planted.records}) == 1500


def test_sessions_users_and_labels_are_those_of_a_real_application(planted: Scenario) -> None:
    sessions: dict[str, list[TraceRecord]] = defaultdict(list)
    for record in planted.records:
        sessions[str(record.info.session_id)].append(record)
    assert 500 <= len(sessions) <= 700
    assert max(map(len, sessions.values())) == 6
    assert len({record.info.user_id for record in planted.records}) > 100
    assert {record.info.tags["region"] for record in planted.records} == {"eu", "us", "apac"}
    assert {record.info.tags["channel"] for record in planted.records} == {"chat", "email", "voice"}
    for turns in sessions.values():
        assert len({record.info.user_id for record in turns}) == 1
        for before, after in pairwise(turns):
            assert before.info.start_ms + (before.info.duration_ms or 0) < after.info.start_ms


def test_spans_form_one_tree_within_the_trace(planted: Scenario) -> None:
    for record in planted.records:
        root, *rest = record.spans
        assert root.parent_id is None
        assert root.kind == "AGENT"
        assert {span.parent_id for span in rest} == {root.span_id}
        assert all(
            root.start_ns <= span.start_ns <= (span.end_ns or 0) <= (root.end_ns or 0)
            for span in rest
        )
        assert len({span.span_id for span in record.spans}) == len(record.spans)


def test_versions_go_with_nothing_but_their_own_cause(planted: Scenario) -> None:
    def share(key: str, value: str, records: list[TraceRecord]) -> float:
        return sum(record.info.metadata[key] == value for record in records) / len(records)

    late = [record for record in planted.records if record.info.start_ms >= RELEASE_MS]
    early = [record for record in planted.records if record.info.start_ms < RELEASE_MS]
    assert {record.info.metadata["app_version"] for record in early} == {"2.3.1"}
    assert {record.info.metadata["app_version"] for record in late} == {"2.4.0"}
    assert abs(share("prompt_version", "p7", early) - share("prompt_version", "p7", late)) < 0.1


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: fault.id)
def test_each_fault_is_as_frequent_as_declared(fault: Fault) -> None:
    for seed in range(4):
        low, high = fault.share
        assert low <= len(showing(scenario_of(seed), fault)) / 1500 <= high


def test_planted_causes_hold(planted: Scenario) -> None:
    for record in showing(planted, EXPIRED_TOKEN):
        assert 3 <= record.info.start_ms // 3_600_000 % 24 < 6
        assert "401" in calls(record, "crm_lookup")[0].status_message
    for record in showing(planted, REFUND_OUTAGE):
        assert record.info.metadata["app_version"] == "2.4.0"
        assert record.info.state == "ERROR"
    for record in showing(planted, LONG_WINDED):
        assert record.info.metadata["prompt_version"] == "p7"
        assert len(record.info.request_preview.split()) <= 15
        assert 160 <= len(answer(record).split()) <= 260
    for record in showing(planted, FAR_INVENTORY):
        (check,) = calls(record, "inventory_check")
        assert record.info.tags["region"] == "apac"
        assert 6e9 <= (check.end_ns or 0) - check.start_ns <= 10e9
    for record in showing(planted, QUOTE_TIMEOUT):
        (quote,) = calls(record, "shipping_quote")
        assert abs((quote.end_ns or 0) - quote.start_ns - 30e9) < 0.1e9
    for record in showing(planted, CAMPAIGN_LIMIT):
        refused = [span for span in record.spans if "429" in span.status_message]
        assert {span.kind for span in refused} >= {"CHAT_MODEL"}


def test_a_loop_repeats_one_call_and_its_result(planted: Scenario) -> None:
    for record in showing(planted, SEARCH_LOOP):
        searches = calls(record, "kb_search")
        assert record.info.tags["channel"] == "voice"
        assert 4 <= len(searches) <= 7
        assert len({json.dumps([span.inputs, span.outputs]) for span in searches}) == 1


def test_order_lookups_overlap_with_other_calls_unless_planted(
    planted: Scenario, sound: list[TraceRecord]
) -> None:
    def overlaps(record: TraceRecord) -> list[bool]:
        tools = [span for span in record.spans if span.kind == "TOOL"]
        if len(tools) < 2 or not calls(record, "order_lookup"):
            return []
        return [after.start_ns < (before.end_ns or 0) for before, after in pairwise(tools)]

    assert not any(any(overlaps(record)) for record in showing(planted, ONE_BY_ONE))
    assert sum(map(len, map(overlaps, sound))) > 100
    assert all(all(overlaps(record)) for record in sound)


def test_broken_json_does_not_parse_and_sound_json_does(
    planted: Scenario, sound: list[TraceRecord]
) -> None:
    for record in showing(planted, BROKEN_JSON):
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer(record))
    asked = [record for record in sound if "JSON" in record.info.request_preview]
    assert len(asked) > 30
    for record in asked:
        json.loads(answer(record))


def test_the_forgotten_number_was_given_before(planted: Scenario) -> None:
    shown = {record.info.trace_id for record in showing(planted, FORGOTTEN_ORDER)}
    sessions: dict[str, list[TraceRecord]] = defaultdict(list)
    for record in planted.records:
        sessions[str(record.info.session_id)].append(record)
    for turns in sessions.values():
        for position, record in enumerate(turns):
            if record.info.trace_id in shown:
                assert position >= 3
                assert "order number" in answer(record)
                assert any("ORD-" in before.info.request_preview for before in turns[:position])


def test_made_up_points_are_not_those_of_the_service(planted: Scenario) -> None:
    for record in showing(planted, MADE_UP_POINTS):
        (call,) = calls(record, "loyalty_points")
        assert record.info.state == "OK"
        assert call.status == "ERROR" or call.outputs["error"]["code"] == 503
        assert "points" in answer(record)
        assert "503" not in answer(record)


def test_one_document_and_two_periods(planted: Scenario) -> None:
    wrong = showing(planted, TWO_RETURN_PERIODS)
    assert all("14 days" in answer(record) for record in wrong)
    documents = {json.dumps(calls(record, "kb_search")[0].outputs) for record in wrong}
    assert len(documents) == 1
    assert "30 days" in documents.pop()


def test_a_fault_changes_only_the_traces_that_show_it(sound: list[TraceRecord]) -> None:
    scenario = make_scenario(0, faults=(QUOTE_TIMEOUT,))
    shown = set(scenario.manifest.planted[0].trace_ids)
    changed = {
        after.info.session_id
        for before, after in zip(sound, scenario.records, strict=True)
        if before != after
    }
    assert shown
    assert changed == {record.info.session_id for record in sound if record.info.trace_id in shown}


def test_without_faults_nothing_fails(sound: list[TraceRecord]) -> None:
    assert {record.info.state for record in sound} == {"OK"}
    assert {span.status for record in sound for span in record.spans} == {"OK"}
    assert not [span for record in sound for span in record.spans if span.events]


def test_without_faults_no_call_is_repeated_and_answers_are_brief(sound: list[TraceRecord]) -> None:
    for record in sound:
        made = Counter(
            (span.name, json.dumps(span.inputs)) for span in record.spans if span.kind == "TOOL"
        )
        assert max(made.values(), default=1) == 1
        if "JSON" not in record.info.request_preview:
            assert len(answer(record).split()) < 80


def test_without_faults_figures_in_answers_come_from_tools_or_requests(
    sound: list[TraceRecord],
) -> None:
    for record in sound:
        known = record.info.request_preview + json.dumps(
            [
                [span.inputs, span.outputs]
                for span in record.spans
                if span.kind in ("TOOL", "RETRIEVER")
            ]
        )
        for word in answer(record).split():
            figure = word.strip(".,;:()")
            if (
                any(letter.isdigit() for letter in figure)
                and "JSON" not in record.info.request_preview
            ):
                assert figure in known, (figure, answer(record))


def test_near_misses_are_there(sound: list[TraceRecord]) -> None:
    empty = [
        span
        for record in sound
        for span in calls(record, "product_search")
        if span.outputs["total"] == 0
    ]
    cancelled = [
        span
        for record in sound
        for span in calls(record, "shipping_quote")
        if "cancelled" in str(span.outputs)
    ]
    mentions = [record for record in sound if "login error" in record.info.request_preview]
    assert empty
    assert cancelled
    assert mentions


def test_the_manifest_survives_json(planted: Scenario) -> None:
    assert from_json(to_json(planted.manifest)) == planted.manifest
