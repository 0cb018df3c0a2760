"""Tool calls that wait for one another without need."""

from typing import Any

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.performance.sequential_calls import SequentialCalls
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.timing.replay import Replay
from trace_factory import Planned, affected_traces, chain, features_of, model, tool, trace


def looked_up(name: str, of: str, found: Any = "fine", **details: Any) -> Planned:
    return tool(name, ms=400, inputs={"of": of}, outputs={"found": found}, **details)


def weather_and_news() -> tuple[Planned, ...]:
    return (
        looked_up("weather", "Rome", "sunny"),
        looked_up("news", "Italy", "quiet"),
        looked_up("prices", "EUR", 17),
    )


def flagged(*records: TraceRecord) -> set[str]:
    return affected_traces(SequentialCalls(), features_of(*records))


def test_fires_on_independent_siblings_in_sequence() -> None:
    record = trace(model(ms=500), *weather_and_news(), model(ms=500))
    features = features_of(record)

    (case,) = SequentialCalls().cases(features)

    root = 0
    assert list(case.affected["unit"]) == list(case.eligible) == [root]
    assert case.mended is not None
    assert Replay(features.spans.frame, features.traces).saved_ms(case.mended).tolist() == [800.0]
    assert "800 ms less" in case.affected["rationale"].iloc[0]
    assert confirmed(SequentialCalls(), features)


def test_a_later_call_that_uses_an_earlier_output_is_not_flagged() -> None:
    features = features_of(
        trace(
            looked_up("find_customer", "Ann", {"customer": "C-7781"}),
            looked_up("orders", "C-7781", []),
        )
    )
    assert len(SequentialCalls().eligible(features)) == 1
    assert not affected_traces(SequentialCalls(), features)


def test_a_value_that_the_request_gave_is_no_data_flow() -> None:
    record = trace(
        looked_up("weather", "Rome", {"city": "Rome"}),
        looked_up("events", "Rome", []),
        request="What is on in Rome, and how is the weather?",
    )
    assert flagged(record) == {record.info.trace_id}


def test_a_model_call_between_them_is_a_reason_to_wait() -> None:
    first, second, third = weather_and_news()
    assert not flagged(trace(first, model(), second, chain("think", model()), third))


def test_calls_side_by_side_are_not_flagged() -> None:
    names = ("weather", "news", "prices")
    assert not flagged(trace(*(looked_up(name, f"of {name}", start=0) for name in names)))


def test_retries_and_fallbacks_are_not_flagged() -> None:
    failing = tool(
        "weather",
        ms=400,
        inputs={"of": "Rome"},
        outputs={"error": "503"},
        status="ERROR",
        message="503",
    )
    assert not flagged(trace(failing, looked_up("weather", "Rome")))
    assert not flagged(trace(failing, looked_up("forecast", "Italy")))
    assert not flagged(trace(looked_up("status", "job"), looked_up("status", "job")))


def test_steps_that_change_something_are_not_flagged() -> None:
    assert not flagged(trace(looked_up("create_order", "tea"), looked_up("send_mail", "Ann")))


def test_reading_what_sounds_like_a_change_is_flagged() -> None:
    assert flagged(trace(looked_up("order_status", "tea"), looked_up("getAddress", "Ann")))
    assert flagged(trace(looked_up("booking_lookup", "tea"), looked_up("run_query", "Ann")))


def test_calls_without_recorded_arguments_or_outputs_are_not_flagged() -> None:
    assert not flagged(trace(tool("weather", ms=400), tool("news", ms=400)))


def test_savings_nobody_feels_are_not_flagged() -> None:
    assert not flagged(trace(model(ms=9000), *weather_and_news()[:2]))


def test_each_trace_counts_once_by_the_parent_that_would_save_most() -> None:
    steps = [
        chain("first", *weather_and_news()[:2]),
        chain("second", *weather_and_news()),
        chain("third", looked_up("weather", "Oslo"), model()),
    ]
    wasteful, harmless = trace(*steps), trace(looked_up("weather", "Rome"), model(ms=10))
    features = features_of(wasteful, harmless)
    (case,) = SequentialCalls().cases(features)
    (second,) = features.spans.index[features.spans["name"] == "second"]
    assert list(case.affected["unit"]) == [second]
    assert len(case.eligible) == 2
    assert case.affected["unit"].isin(case.eligible).all()


def test_a_chain_is_cut_where_a_value_is_handed_on() -> None:
    record = trace(
        looked_up("weather", "Rome", "sunny"),
        looked_up("find_customer", "Ann", {"customer": "C-7781"}),
        looked_up("orders", "customer:C-7781", []),
    )
    (case,) = SequentialCalls().cases(features_of(record))
    assert case.affected["rationale"].str.contains("2 calls wait").all() and len(case.affected) == 1


def test_side_by_side_is_confirmed_from_five_percent_of_the_traces_on() -> None:
    def share_flagged(count: int) -> bool:
        wasteful = [trace(model(ms=500), *weather_and_news()) for _ in range(count)]
        others = [trace(model(ms=500), looked_up("weather", "Rome")) for _ in range(200 - count)]
        return bool(confirmed(SequentialCalls(), features_of(*wasteful, *others)))

    assert share_flagged(20) and not share_flagged(12)
