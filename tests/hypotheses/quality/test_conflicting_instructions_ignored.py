"""Rules of the system prompt that answers do not keep."""

from typing import Any

import pytest

from mlflow_analysis.hypotheses.quality.conflicting_instructions_ignored import (
    ConflictingInstructionsIgnored,
)
from mlflow_analysis.hypotheses.quality.instructions import rules_of
from mlflow_analysis.records import TraceRecord
from trace_factory import Planned, affected_traces, features_of, model, trace

LONG = (
    "Your parcel left the warehouse. It is on a truck. It arrives soon. You can follow it online."
)


def replying(told: str, answer: str) -> Planned:
    messages = [{"role": "system", "content": told}, {"role": "user", "content": "Where is it?"}]
    return model(inputs={"messages": messages}, outputs={"role": "assistant", "content": answer})


def answered(told: str, answer: str, request: str = "Where is it?", **details: Any) -> TraceRecord:
    return trace(
        replying(told, details.pop("reply", answer)), request=request, response=answer, **details
    )


@pytest.mark.parametrize(
    ("told", "answer", "rule", "how"),
    [
        ("You help. Keep your answers under 10 words.", LONG, "at most 10 words", "it has 18 words"),
        ("Respond in at most two sentences.", LONG, "at most 2 sentences", "it has 4 sentences"),
        ("Answer in one sentence.", "It left. It is near.", "at most 1 sentence", "2 sentences"),
        ("Responses must not exceed 40 characters.", LONG, "at most 40 characters", "92 characters"),
        ('End every answer with "Stay safe!"', LONG, "ends with “Stay safe!”", "does not"),
        ("Each response must begin with “Dear customer”.", LONG, "begins with “Dear customer”", "does not"),
        ('Always include the disclaimer "No advice" in every reply.', LONG, "includes “No advice”", "does not"),
        ("Wrap your final answer in <result> tags.", LONG, "stands in <result>", "no <result>"),
        ('Never use the words "warehouse" or "depot".', LONG, "never says “warehouse”", "“warehouse”"),
        ("Do not use emojis.", "It is near \U0001f69a", "no emoji", "\U0001f69a"),
        ("Never use Markdown.", "It is **very** near.", "no Markdown", "**very**"),
        ("Always respond in German.", LONG, "in German", "its language is en, not de"),
    ],
)  # fmt: skip
def test_fires_where_a_rule_is_broken(told: str, answer: str, rule: str, how: str) -> None:
    cases = ConflictingInstructionsIgnored().cases(features_of(answered(told, answer)))
    case = next(each for each in cases if each.subject == rule)
    (row,) = case.affected.to_dict("records")
    assert how in row["rationale"]
    assert told.removeprefix("You help. ") in row["rationale"]
    assert answer[row["offset"] :].startswith(row["excerpt"])
    assert len(case.eligible) == 1


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ("Keep your answers under 10 words.", "It is on its way and arrives soon."),
        ("Keep your answers under 10 words.", "It is on its way and arrives soon, I guess, Ann."),
        (
            "Respond in at most two sentences.",
            "It left e.g. at 5 p.m. today. It costs 3.50 euros. Bye.",
        ),
        ('End every answer with "Stay safe!"', "It is near. **Stay safe!**"),
        ("Each response must begin with “Dear customer”.", "Dear customer, it is near."),
        ('Never use the words "warehouse" or "depot".', "It is near the warehouses."),
        ("Do not use emojis.", "It is near :-)"),
        ("Always respond in German.", "Ihr Paket ist auf dem Weg und wird bald bei Ihnen sein."),
        ("Always respond in German.", "OK."),
        ("Keep your answers under 5 words.", "I could not find it, sorry, try again later please."),
    ],
)
def test_kept_rules_are_not_flagged(told: str, answer: str) -> None:
    assert rules_of(told)
    assert not affected_traces(
        ConflictingInstructionsIgnored(), features_of(answered(told, answer))
    )


@pytest.mark.parametrize(
    "told",
    [
        "If the user is in a hurry, keep your answer under 10 words.",
        "Answer in at most two sentences unless more is needed.",
        "Keep your answer to about 10 words.",
        "Write a title of at most 3 words.",
        "Each step of the plan has at most 5 words.",
        "Your search query must be under 6 words.",
        "Reply with TERMINATE when the task is done.",
        'For example, end your answer with "Bye".',
        'End your answer with "Regards, [name]".',
        "Answer in the language of the user, German or English.",
        "The user can write at most 5 words.",
        "You are a helpful assistant for German customers.",
        "Answer politely.",
    ],
)
def test_conditions_hedges_and_parts_are_no_rules(told: str) -> None:
    assert rules_of(told) == ()


def test_rules_of_another_call_do_not_count() -> None:
    record = trace(
        replying("Keep your answers under 3 words.", "search parcel"),
        replying("You are helpful.", LONG),
        response=LONG,
    )
    assert ConflictingInstructionsIgnored().eligible(features_of(record)).empty


def test_an_answer_that_is_not_the_models_reply_is_not_eligible() -> None:
    record = answered("Keep your answers under 3 words.", LONG, reply="Something else.")
    assert ConflictingInstructionsIgnored().eligible(features_of(record)).empty


def test_what_the_program_cut_off_counts_as_there() -> None:
    told = "Wrap your final answer in <result> tags."
    record = answered(told, LONG, reply=f"I think so. <result>{LONG}</result>")
    features = features_of(record)
    assert len(ConflictingInstructionsIgnored().eligible(features)) == 1
    assert not affected_traces(ConflictingInstructionsIgnored(), features)


def test_what_the_request_asks_for_is_not_flagged() -> None:
    features = features_of(
        answered('Never use the word "warehouse".', LONG, request="Which warehouse?"),
        answered(
            "Always respond in German.", LONG, request="Please answer in English: where is it?"
        ),
    )
    assert len(ConflictingInstructionsIgnored().eligible(features)) == 2
    assert not affected_traces(ConflictingInstructionsIgnored(), features)


def test_failed_traces_are_left_out() -> None:
    record = answered("Keep your answers under 3 words.", LONG, state="ERROR")
    assert ConflictingInstructionsIgnored().eligible(features_of(record)).empty
