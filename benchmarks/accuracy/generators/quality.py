"""Generators for answers that are no good."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from benchmarks.accuracy.applications import ANALYST, HANDBOOK, RESEARCH, TRAVEL
from benchmarks.accuracy.generators import failing
from benchmarks.accuracy.generators.failing import Plant
from benchmarks.accuracy.plan import Turn
from benchmarks.accuracy.planting import (
    Generator,
    app_version,
    model,
    prompt_version,
    region,
    tool,
    topic,
)
from benchmarks.accuracy.traffic import background


def _long_winded(turn: Turn) -> bool:
    if turn.answer is None or turn.long or turn.request.count("?") > 1:
        return False
    turn.answer = f"{turn.answer} {background(HANDBOOK, turn.draw, 170)}"
    return len(turn.request.split()) <= 15


def _talks_more(planned: list[Turn], draw: Random) -> None:
    for turn in planned:
        if turn.answer is not None:
            turn.answer += " " + background(ANALYST, draw, 30)


def _stutters(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    turn.answer = " ".join([turn.answer] * turn.draw.randint(3, 5))
    return True


def _same_sentences(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    turn.answer += (
        " Our travel desk takes pride in finding what suits you best."
        " Tell your friends and family about the new season brochure."
    )
    return True


def _asked_again_and_again(planned: list[Turn], draw: Random) -> None:
    """A dozen questions come again; half of the answers take a number out of the air."""
    stock = draw.sample([turn for turn in planned if not turn.long and turn.turn == 1], 12)
    originals = [(t.topic, t.request, t.slots, t.facts, t.steps, t.answer) for t in stock]
    for turn in planned:
        if draw.random() > 0.55:
            continue
        turn.topic, turn.request, turn.slots, turn.facts, steps, turn.answer = draw.choice(
            originals
        )
        turn.steps = [type(s)(list(s.calls), s.model_ms, s.output_tokens) for s in steps]
        if draw.random() < 0.5 and turn.answer:
            for value in turn.facts.values():
                other = str(round(int(value) * draw.uniform(1.3, 2.2)))
                turn.answer = turn.answer.replace(str(value), other)
            turn.planted = True


def asks_for_json(planned: list[Turn], draw: Random) -> None:
    """Sixty per cent of the requests ask for JSON, and get it."""
    for turn in planned:
        if turn.answer is not None and draw.random() < 0.6:
            turn.request += draw.choice(
                (" Answer in JSON.", " Reply as JSON only.", " Return a JSON object.")
            )
            turn.slots["asked"] = "json"
            turn.answer = json.dumps({"topic": turn.topic, **turn.facts})


def _prose_instead(turn: Turn) -> bool:
    if turn.answer is None or turn.slots.get("asked") != "json":
        return False
    turn.answer = " and ".join(f"the {name} is {value}" for name, value in turn.facts.items())
    turn.answer = f"Gladly: {turn.answer}."
    return True


def _cut_short(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    text = f"{turn.answer} {background(TRAVEL, turn.draw)}"
    turn.answer = text[: turn.draw.randint(120, 260)].rsplit(" ", 1)[0]
    turn.finish_reason, turn.answer_tokens = "length", 64
    return True


def _refuses(turn: Turn) -> bool:
    turn.steps = []
    turn.answer = turn.draw.choice(
        (
            "I'm sorry, but I can't help with that.",
            "I am unable to answer this question. Please contact a specialist.",
            "Unfortunately I cannot assist with this request.",
        )
    )
    return True


def _raw(turn: Turn) -> bool:
    if not turn.calls_of("metric_store"):
        return False
    turn.answer = turn.draw.choice(
        (
            "",
            "None",
            "Traceback (most recent call last):\n  File \"app.py\", line 7, in run\nKeyError: 'rows'",
            '{"error": {"code": 500, "message": "Internal server error"}}',
        )
    )
    return True


def _leaks(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    key = "AKIA" + "".join(turn.draw.choice(letters) for _ in range(16))
    token = "ghp_" + "".join(turn.draw.choice(letters + letters.lower()) for _ in range(36))
    turn.answer += f" The directory entry holds {turn.draw.choice((key, token))}."
    return True


def _invents(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    for value in turn.facts.values():
        other = int(value) * 2 + turn.draw.randint(3, 90)
        turn.answer = turn.answer.replace(str(value), str(other))
    return True


def _finds_nothing(turn: Turn) -> bool:
    calls = turn.calls_of("policy_index")
    for call in calls:
        call.output = []
        if turn.draw.random() < 0.5:
            call.output = [
                {
                    "page_content": "Cafeteria menu: soup, noodles, apple cake.",
                    "metadata": {"source": "policy_index/0", "score": 0.08},
                }
            ]
    return bool(calls)


def _instructed(planned: list[Turn], draw: Random) -> None:
    for turn in planned:
        turn.system += (
            " Always end your answer with the tag <done/>. Never use the word 'unfortunately'."
            " Answer in at most 60 words."
        )
        if turn.answer is not None:
            turn.answer += " <done/>"


def _disobeys(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    turn.answer = "Unfortunately I only have this: " + turn.answer.replace(" <done/>", "")
    return True


def _marked_down(value: bool | str) -> Plant:
    """A bad mark where there was a good one."""

    def plant(turn: Turn) -> bool:
        if not turn.feedback:
            return False
        turn.feedback = [(turn.feedback[0][0], value, "does not answer the question")]
        return True

    return plant


def _all_good(name: str, value: bool | str) -> Callable[[list[Turn], Random], None]:
    def prepare(planned: list[Turn], draw: Random) -> None:
        for turn in planned:
            turn.feedback = [(name, value, "")] if draw.random() < 0.85 else []

    return prepare


GENERATORS = (
    Generator("a long-winded prompt", "verbose-response", HANDBOOK, _long_winded,
              (prompt_version("p9"),), 0.9),
    Generator("a model that stutters", "repetition-within", ANALYST, _stutters,
              (model("quartz-9b"),), 0.5, prepare=_talks_more, also=frozenset({"verbose-response"})),
    Generator("two sentences in every other answer", "repetition-across", TRAVEL, _same_sentences,
              rate=0.55),
    Generator("another figure every time", "inconsistent-answers", ANALYST, failing.nothing,
              prepare=_asked_again_and_again, also=frozenset({"unsupported-by-tools", "context-lost"})),
    Generator("a model that does not keep to JSON", "format-mismatch", RESEARCH, _prose_instead,
              (model("cedar-large"),), 0.8, prepare=asks_for_json),
    Generator("a prompt whose limit is too low", "truncated-response", TRAVEL, _cut_short,
              (prompt_version("p8"),), 0.45),
    Generator("a topic that is refused", "refusal", RESEARCH, _refuses,
              (topic(RESEARCH, "health"),), 0.6),
    Generator("a tool whose errors reach the user", "empty-or-raw-error-response", ANALYST, _raw,
              (tool("metric_store"),), 0.35),
    Generator("keys out of the directory", "sensitive-data-exposed", HANDBOOK, _leaks,
              (tool("people_directory"),), 0.3, also=frozenset({"unsupported-by-tools"})),
    Generator("a model that invents figures", "unsupported-by-tools", ANALYST, _invents,
              (model("basalt-70b"),), 0.7, also=frozenset({"inconsistent-answers"})),
    Generator("a release with a broken index", "retrieval-miss", HANDBOOK, _finds_nothing,
              (app_version("4.3.0"),), 0.7, also=frozenset({"unsupported-by-tools"})),
    Generator("a model that ignores its instructions", "conflicting-instructions-ignored", TRAVEL,
              _disobeys, (model("opal-2"),), 0.6, prepare=_instructed),
    Generator("bad marks for one model in one region", "failing-assessment", RESEARCH,
              _marked_down(False), (region("us-east"), model("opal-2")), 0.75, 0.04,
              prepare=_all_good("helpful", True)),
    Generator("a judge that dislikes one tool's traces", "failing-assessment", ANALYST,
              _marked_down("no"), (tool("run_sql"),), 0.5, 0.04,
              prepare=_all_good("relevance", "yes")),
)  # fmt: skip
