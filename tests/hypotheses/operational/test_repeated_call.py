"""What the hypothesis repeated-call finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.repeated_call import RepeatedCall
from mlflow_analysis.timing.replay import Replay
from trace_factory import affected_traces, features_of, model, tool, trace


def looked_up(output="nothing new", **details):
    return tool("lookup", inputs={"id": 7}, outputs=output, **details)


def test_three_identical_calls_are_found_with_what_they_cost():
    calls = [part for _ in range(4) for part in (model(tokens=(100, 10)), looked_up(ms=500))]
    loop = trace(*calls)
    features = features_of(loop)
    (case,) = RepeatedCall().cases(features)

    assert list(case.affected["trace_id"]) == [loop.info.trace_id]
    assert "lookup was called 4 times with the same arguments" in case.affected["rationale"].iloc[0]
    # two calls of 500 ms, and the two model calls of 100 ms that asked for nothing else
    assert Replay(features.spans.frame, features.traces).saved_ms(case.mended).round(3) == [1_200.0]
    assert case.tokens_spared.to_dict() == {loop.info.trace_id: 220}


def test_a_model_call_that_asked_for_something_else_too_is_not_left_out():
    steps = [part for _ in range(3) for part in (model(), looked_up(ms=500))]
    loop = trace(*steps, tool("other", inputs={"id": 1}, outputs="new", ms=300), looked_up(ms=500))
    features = features_of(loop)
    (case,) = RepeatedCall().cases(features)
    assert Replay(features.spans.frame, features.traces).saved_ms(case.mended).round(3) == [1_000.0]


def test_money_is_that_of_the_model_calls_in_between():
    cost = {"mlflow.llm.cost": {"total_cost": 0.25}}
    calls = [part for _ in range(4) for part in (model(attributes=cost), looked_up(ms=500))]
    (case,) = RepeatedCall().cases(features_of(trace(*calls)))
    assert case.money_spared.sum() == 0.5


def test_two_calls_in_turn_are_found_though_one_of_them_fails():
    first = tool("open", inputs={"page": 1}, status="ERROR", message="the page crashed")
    turns = trace(
        *[
            part
            for _ in range(4)
            for part in (first, tool("home", inputs={"page": 0}, outputs="home"))
        ]
    )
    thrice = trace(
        *[
            part
            for _ in range(2)
            for part in (first, tool("home", inputs={"page": 0}, outputs="home"))
        ]
    )

    assert affected_traces(RepeatedCall(), features_of(turns, thrice)) == {turns.info.trace_id}


def test_alternation_is_found_in_the_presence_of_noise_in_one_output():
    turns = trace(
        *[
            part
            for n in range(4)
            for part in (
                tool("open", inputs={"page": 1}, outputs=f"opened at {n}"),
                tool("close", inputs={"page": 1}, status="ERROR", message="not open"),
            )
        ]
    )

    assert affected_traces(RepeatedCall(), features_of(turns)) == {turns.info.trace_id}


def test_the_same_output_five_times_is_found():
    stuck = trace(
        *[tool("search", inputs={"q": f"try {n}"}, outputs="No results") for n in range(5)]
    )
    fine = [
        trace(*[tool("search", inputs={"q": n}, outputs=f"result {n}") for n in range(5)])
        for _ in range(3)
    ]

    assert affected_traces(RepeatedCall(), features_of(stuck, *fine)) == {stuck.info.trace_id}


def test_an_acknowledgement_is_not_flagged():
    batch = [
        trace(*[tool("send", inputs={"to": n}, outputs="sent") for n in range(6)]) for _ in range(4)
    ]

    assert affected_traces(RepeatedCall(), features_of(*batch)) == set()


def test_polling_whose_output_changes_is_not_flagged():
    polling = trace(
        *[looked_up(each) for each in ("pending", "pending", "pending", "pending", "done")]
    )
    waiting = trace(
        *[
            part
            for n in range(5)
            for part in (tool("wait", inputs={"s": 1}, outputs="ok"), looked_up(f"{n} % done"))
        ]
    )

    assert affected_traces(RepeatedCall(), features_of(polling, waiting)) == set()


def test_retries_after_a_failure_are_not_flagged():
    retries = trace(*[looked_up(status="ERROR", message="503") for _ in range(4)], looked_up())

    assert affected_traces(RepeatedCall(), features_of(retries)) == set()
