"""What the hypothesis unreliable-tool finds, and what it leaves alone."""

from __future__ import annotations

import numpy as np
from quiet_traces import confirmed_subjects

from mlflow_analysis.hypotheses.operational.unreliable_tool import UnreliableTool
from trace_factory import features_of, model, tool, trace


def calls(rates, traces=60, seed=3, **details):
    """Traces that call each tool once; ``rates`` gives how often each fails."""
    generator = np.random.default_rng(seed)
    return [
        trace(
            *[
                tool(name, status="ERROR", message="broken pipe")
                if generator.random() < rate
                else tool(name)
                for name, rate in rates.items()
            ],
            **details,
        )
        for _ in range(traces)
    ]


def test_the_tool_that_fails_more_than_the_others_is_found():
    features = features_of(*calls({"shop": 0.3, "search": 0.03, "lookup": 0.03}))

    assert confirmed_subjects(UnreliableTool(), features) == ["shop"]
    case = next(case for case in UnreliableTool().cases(features) if case.subject == "shop")
    assert len(case.eligible) == 60
    assert set(case.affected["unit"]) <= set(case.eligible)
    assert case.statement.startswith(
        f"shop fails in {len(case.affected) / 60:.1%} of 60 calls, the other tools in "
    )


def test_tools_in_traces_of_their_own_are_compared_across_traces():
    apart = features_of(*calls({"shop": 0.35}), *calls({"search": 0.02}))
    beside_others = features_of(
        *calls({"shop": 0.35}), *calls({"search": 0.02, "lookup": 0.02}, traces=200)
    )

    assert confirmed_subjects(UnreliableTool(), apart) == ["shop"]
    assert confirmed_subjects(UnreliableTool(), beside_others) == ["shop"]


def test_a_tool_with_few_calls_is_not_flagged():
    features = features_of(*calls({"shop": 1.0}, traces=9), *calls({"search": 0.0, "lookup": 0.0}))

    assert [case.subject for case in UnreliableTool().cases(features)] == ["lookup", "search"]


def test_tools_that_are_all_equally_bad_are_not_flagged():
    features = features_of(*calls({"shop": 0.3, "search": 0.3, "lookup": 0.3}))

    assert confirmed_subjects(UnreliableTool(), features) == []


def test_a_session_that_goes_badly_does_not_accuse_its_tool():
    records = [
        each
        for n in range(30)
        for each in calls({"shop": 0.02, "search": 0.02}, 2, n, session=f"s{n}")
    ]
    # one broken session calls one tool many times
    records += [
        trace(tool("shop", status="ERROR", message="broken pipe"), session="bad") for _ in range(12)
    ]

    assert confirmed_subjects(UnreliableTool(), features_of(*records)) == []


def test_one_tool_alone_cannot_be_compared():
    (case,) = UnreliableTool().cases(features_of(*calls({"shop": 0.5}), trace(model())))

    assert case.test_without_effect == "only one tool is called"
