"""The user asked for a format and got another."""

import pytest

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.format_mismatch import FormatMismatch
from trace_factory import affected_traces, features_of, model, trace

PROSE = "The three plans differ in price and size, and the medium one suits most teams well enough."
TABLE = "| plan | price |\n|---|---|\n| small | 5 |\n| large | 9 |"
GERMAN = "Der Tarif ist für die meisten Teams gut, und Sie können ihn jeden Monat kündigen."


@pytest.mark.parametrize(
    ("request_text", "answer"),
    [
        ("Give me the plans as JSON.", PROSE),
        ("Return valid JSON with name and price.", '{"name": "small", "price": 5,'),
        ("Respond only in JSON please", "Sure! name: small, price: 5"),
        ("Give me the plans as JSON.", '{"name": "small"} These are all plans that we have.'),
        ("Return only JSON.", 'Sure:\n```json\n{"name": "small"}\n```'),
        ("As JSON please. No explanation.\n", '{"a": 1} is all.'),
        ("Show the plans in a table.", PROSE),
        ("Compare the plans in bullet points", PROSE),
        ("Answer in one word: which plan is best?", PROSE),
        ("Answer in German: which plan is best?", PROSE),
        ("Is the small plan enough? Just yes or no.", PROSE),
    ],
)
def test_fires_on_another_format(request_text: str, answer: str) -> None:
    record = trace(request=request_text, response=answer)
    assert affected_traces(FormatMismatch(), features_of(record)) == {record.info.trace_id}


@pytest.mark.parametrize(
    ("request_text", "answer"),
    [
        ("Give me the plans as JSON.", '```json\n[{"name": "small"}]\n```'),
        (
            "Give me the plans as JSON.",
            'Here they are:\n```json\n{"name": "small"}\n```\nAnything else',
        ),
        ("Give me the plans as JSON.", '{"name": "small", "price": 5}'),
        ("Return only JSON.", '```json\n{"name": "small"}\n```'),
        ("Give me the plans as JSON. Only small ones.", 'Here:\n```json\n{"name": "small"}\n```'),
        ("Show the plans in a table.", TABLE),
        ("Compare the plans in bullet points", "- small: 5\n- large: 9"),
        ("Answer in one word: which plan is best?", "Medium."),
        ("Answer in German: which plan is best?", GERMAN),
        ("Is the small plan enough? Just yes or no.", "No."),
    ],
)
def test_the_format_asked_for_is_not_flagged(request_text: str, answer: str) -> None:
    features = features_of(trace(request=request_text, response=answer))
    assert len(FormatMismatch().eligible(features)) == 1
    assert not affected_traces(FormatMismatch(), features)


@pytest.mark.parametrize(
    ("request_text", "answer"),
    [
        ("What is wrong in this JSON: {a: 1}?", PROSE),
        ("Explain what JSON is.", PROSE),
        ("Is there a table free at eight?", "Yes, at eight."),
        ("How do I say this in French?", PROSE),
        ("Which plans are on the list?", PROSE),
        ("Name the plans as a comma separated list", "small, medium, large"),
        ("Give me the plans as JSON.", "I'm sorry, but I can't share the plans."),
        ("Give me the plans as JSON.", "Which plans do you mean?"),
    ],
)
def test_requests_about_a_format_and_declined_ones_are_not_eligible(
    request_text: str, answer: str
) -> None:
    assert (
        FormatMismatch().eligible(features_of(trace(request=request_text, response=answer))).empty
    )


def test_rationale_names_what_was_asked_for() -> None:
    features = features_of(trace(request="Give me the plans as JSON.", response=PROSE))
    (case,) = FormatMismatch().cases(features)
    assert "JSON" in case.affected["rationale"].iloc[0]
    assert "JSON 1 of 1" in case.statement


def under(
    told: str, answer: str, reply: str = "", request: str = "Which plans are there?"
) -> Features:
    messages = [{"role": "system", "content": told}, {"role": "user", "content": request}]
    called = model(
        inputs={"messages": messages}, outputs={"role": "assistant", "content": reply or answer}
    )
    return features_of(trace(called, request=request, response=answer))


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ("You sell plans. Always respond with valid JSON.", PROSE),
        ("Your response must be valid JSON.", PROSE),
        ("Respond only in JSON.", 'Here:\n```json\n{"name": "small"}\n```'),
        ("Answer with one word.", PROSE),
        ("Only answer with yes or no.", PROSE),
    ],
)
def test_fires_on_what_the_system_prompt_demands(told: str, answer: str) -> None:
    (case,) = FormatMismatch().cases(under(told, answer))
    (row,) = case.affected.to_dict("records")
    assert row["rationale"].startswith("The system prompt asks for ")


@pytest.mark.parametrize(
    ("told", "answer", "reply"),
    [
        ("Always respond with valid JSON.", '{"name": "small"}', ""),
        ("Always respond with valid JSON.", "Small.", '{"text": "Small."}'),
        ("Answer with yes or no.", "Yes.", ""),
    ],
)
def test_what_the_system_prompt_demands_is_there(told: str, answer: str, reply: str) -> None:
    features = under(told, answer, reply)
    assert len(FormatMismatch().eligible(features)) == 1
    assert not affected_traces(FormatMismatch(), features)


@pytest.mark.parametrize(
    "told",
    [
        "Respond with JSON if a tool is needed.",
        "The tools return JSON.",
        "When calling a tool, answer in JSON.",
        "You are helpful.",
    ],
)
def test_other_system_prompts_demand_no_format(told: str) -> None:
    assert FormatMismatch().eligible(under(told, PROSE)).empty


def test_what_the_request_asks_for_goes_before_the_system_prompt() -> None:
    features = under("Always respond with valid JSON.", TABLE, request="Show the plans in a table.")
    assert len(FormatMismatch().eligible(features)) == 1
    assert not affected_traces(FormatMismatch(), features)
