"""What the application does, in words that its owner would nod at."""

from __future__ import annotations

import pytest

from mlflow_analysis.demo.scenario import generate
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract
from mlflow_analysis.findings import Purpose
from mlflow_analysis.purpose import draft_purpose
from trace_factory import features_of, model, retriever, tool, trace


@pytest.fixture(scope="module")
def support() -> Purpose:
    return draft_purpose(
        build_features([extract(each) for each in generate(0, traces=400)], seed=0)
    )


def test_it_says_who_the_agent_is_what_it_is_asked_and_what_it_uses(support: Purpose) -> None:
    text = support.description
    assert "An agent that calls 12 tools" in text
    assert "conversations of up to 6 turns" in text
    assert "customer support agent of a home goods shop" in text
    assert "order_lookup" in text
    assert "refund_service" in text
    assert "sonata-mini" in text
    assert not support.confirmed_by_user


def test_tools_carry_calls_failures_and_median(support: Purpose) -> None:
    tools = {each.name: each for each in support.tools}
    assert len(tools) == 12
    assert [each.calls for each in support.tools] == sorted(
        (each.calls for each in support.tools), reverse=True
    )
    assert tools["loyalty_points"].failures > 0
    assert 0 < tools["loyalty_points"].failure_rate < 1
    assert tools["cancel_order"].failures == 0
    assert 200 < tools["order_lookup"].p50_ms < 900
    assert "ORD-" in tools["order_lookup"].example_arguments


def test_retrievers_and_lookups_are_data_sources_and_actions_are_not(support: Purpose) -> None:
    sources = {each.name for each in support.data_sources}
    assert {"kb_search", "order_lookup", "crm_lookup", "product_search"} <= sources
    assert not {"refund_service", "cancel_order", "change_address"} & sources


def test_patterns_show_what_people_ask(support: Purpose) -> None:
    assert len(support.patterns) >= 3
    assert [each.traces for each in support.patterns] == sorted(
        (each.traces for each in support.patterns), reverse=True
    )
    assert sum(each.share for each in support.patterns) <= 1.0001
    assert all(each.label and each.examples for each in support.patterns)
    assert any("refund" in each.label for each in support.patterns)


def test_the_same_traces_give_the_same_words() -> None:
    records = generate(1, traces=60)

    def drafted() -> Purpose:
        return draft_purpose(build_features([extract(each) for each in records], seed=0))

    assert drafted() == drafted()


def test_an_application_without_tools_is_not_called_an_agent() -> None:
    purpose = draft_purpose(features_of(trace(model("chat"), request="Hello", response="Hi.")))
    assert "calls a language model, without tools" in purpose.description
    assert purpose.tools == purpose.data_sources == purpose.patterns == ()


def test_untrusted_text_is_kept_short_and_on_one_line() -> None:
    arguments = {"query": "line\nbreak " * 200}
    purpose = draft_purpose(
        features_of(trace(retriever("search", inputs=arguments), tool("send", inputs=arguments)))
    )
    for each in purpose.tools:
        assert len(each.example_arguments) <= 200
        assert "\n" not in each.example_arguments


def test_nothing_but_a_root_still_gives_a_sentence() -> None:
    purpose = draft_purpose(features_of(trace(request="", response="")))
    assert purpose.description.endswith(".")
