"""What the application does, in words that its owner would nod at."""

from __future__ import annotations

import pytest

from mlflow_analysis.demo.scenario import generate
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.purpose.draft import draft_purpose
from mlflow_analysis.purpose.told import as_told
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


def test_what_tools_take_and_give_is_read_from_their_calls() -> None:
    purpose = draft_purpose(
        features_of(
            trace(
                tool(
                    "getOrder", inputs={"input": {"id": 3, "lang": "en"}}, outputs={"state": "sent"}
                ),
                tool("getOrder", inputs={"id": 4}, outputs={"state": "sent", "items": [1]}),
                tool("list_shops", inputs={}, outputs=[{"city": "Ulm"}, {"city": "Bonn"}]),
                tool("say", inputs={"text": "hi"}, outputs="done and dusted"),
                tool("count", outputs="42"),
                retriever("docs", outputs=[{"page_content": "a"}, {"page_content": "b"}]),
                tool("broken", outputs={"error": "x"}, status="ERROR"),
            )
        )
    )
    tools = {each.name: each for each in purpose.tools}
    assert tools["getOrder"].arguments == ("id", "lang")
    assert tools["getOrder"].gives == "JSON: state, items"
    assert tools["list_shops"].gives == "a JSON list: city"
    assert tools["say"].gives == "text, 3 words at the median"
    assert tools["docs"].gives == "2 documents at the median"
    assert tools["broken"].gives == ""
    assert {each.name for each in purpose.data_sources} == {"getOrder", "list_shops", "docs"}


def test_facts_name_what_they_were_read_from(support: Purpose) -> None:
    facts = {fact.name: fact for fact in support.facts}
    assert facts["conversations"].value.endswith("6 at most")
    assert "of 400 traces" in facts["conversations"].basis
    assert facts["languages"].value == "English"
    assert "sonata-mini" in facts["models"].value
    assert all(fact.value and fact.basis for fact in support.facts)


def test_languages_are_told_where_requests_are_long_enough() -> None:
    german = (
        "Ich möchte gerne wissen, wann die Bestellung bei mir ankommt und ob sie schon weg ist."
    )
    english = "I would like to know when the order is going to be here and if it is on its way."
    records = [
        trace(request=f"{german if n % 4 == 0 else english} Nr {n}", number=n) for n in range(1, 41)
    ]
    facts = {fact.name: fact for fact in draft_purpose(features_of(*records)).facts}
    assert facts["languages"].value == "English 75%, German 25%"
    short = draft_purpose(features_of(*[trace(request=f"ok {n}", number=n) for n in range(1, 9)]))
    assert "languages" not in {fact.name for fact in short.facts}
    assert {fact.name: fact.value for fact in short.facts}["conversations"] == "single requests"


def test_what_the_user_says_changes_the_tables() -> None:
    records = [
        trace(request=text, number=n)
        for n, text in enumerate(["How is the Weather?", "Weathered boots", "My order"], 1)
    ]
    features = features_of(*records)
    assert as_told(features, Purpose("")).declared_tools is None
    told = as_told(features, Purpose("", declared_tools=("b", "a"), out_of_scope=("the weather",)))
    assert told.declared_tools == {"a", "b"}
    assert told.out_of_scope == {records[0].info.trace_id, records[1].info.trace_id}


def test_what_is_left_beside_the_groups_is_no_subject() -> None:
    features = features_of(*[trace(request=f"request {n}", number=n) for n in range(1, 7)])
    features.traces["topic"] = [*["other"] * 3, *["short replies"] * 2, "refund · card"]
    said = draft_purpose(features).description
    assert "The most frequent requests are about “refund, card” (17%)." in said


def test_a_pattern_out_of_scope_is_found_again_under_a_label_like_it() -> None:
    features = features_of(*[trace(request=f"request {n}", number=n) for n in range(1, 5)])
    topics = ["refund · card · money", "order · late · parcel", "", "refund · money · bank"]
    features.traces["topic"] = topics
    told = as_told(features, Purpose("", out_of_scope=("refund · money · back",)))
    assert told.out_of_scope == {features.traces.index[0], features.traces.index[3]}
