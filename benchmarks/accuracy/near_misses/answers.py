"""What looks like a poor answer and is not."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from random import Random

from benchmarks.accuracy.applications import ANALYST, HANDBOOK, TRAVEL
from benchmarks.accuracy.generators import failing
from benchmarks.accuracy.generators.failing import failure
from benchmarks.accuracy.near_misses.base import miss, ordinary
from benchmarks.accuracy.plan import Step, Turn
from benchmarks.accuracy.planting import Generator
from benchmarks.accuracy.traffic import background


def _product_complaint(turn: Turn) -> bool:
    if turn.turn == 1:
        return False
    turn.request = "I am really disappointed with my last stay. " + turn.request
    return True


def _asks_back(turn: Turn) -> bool:
    """The request lacks what a tool needs, so a question is right."""
    if turn.turn > 1:
        return False
    turn.request = turn.draw.choice(
        ("I need a ticket.", "Can you book something for me?", "Help me with a trip.")
    )
    turn.steps, turn.answer = [], "Where would you like to go, and on which day?"
    return True


def _json_as_asked(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    turn.request += " Answer in JSON."
    turn.answer = json.dumps({"topic": turn.topic, **turn.facts})
    return True


def _table(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    rows = "\n".join(
        f"| {name} | {value} | open | open |" for name, value in turn.facts.items() for _ in (1, 2)
    )
    turn.answer += f"\n\n| name | value | state | check |\n|---|---|---|---|\n{rows}"
    return True


def _placeholder_key(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    turn.answer += " Set API_KEY=<your-key> in the settings, or write to help@example.com."
    return True


def _rounds(turn: Turn) -> bool:
    """The answer gives the number of a tool rounded, as people do."""
    numbers = [value for value in turn.facts.values() if isinstance(value, int) and value > 1000]
    if not numbers or turn.answer is None:
        return False
    turn.answer = f"It is about {round(numbers[0], -2):,}."
    return True


def _sessions(planned: list[Turn]) -> list[list[Turn]]:
    sessions: dict[str, list[Turn]] = {}
    for turn in planned:
        sessions.setdefault(turn.session, []).append(turn)
    return list(sessions.values())


def _another_thing(planned: list[Turn], draw: Random) -> None:
    """The same question about another thing is a new question."""
    for session in _sessions(planned):
        for before, turn in itertools.pairwise(session):
            if draw.random() < 0.5 and "city" in before.slots and not before.long:
                old, new = before.slots["city"], draw.choice(TRAVEL.slots["city"])
                turn.request = before.request.replace(old, new)
                turn.topic, turn.slots = before.topic, {**before.slots, "city": new}
                turn.facts = {name: int(value) + 1 for name, value in before.facts.items()}
                told = ", ".join(f"{name} {value}" for name, value in turn.facts.items())
                turn.answer = f"For {new}: {told}."
                for call in turn.calls:
                    call.arguments = {"subject": turn.topic, **turn.slots}
                    call.output = {**turn.slots, **turn.facts}


def _new_data(planned: list[Turn], draw: Random) -> None:
    """The same question, whose figures the tools give otherwise as time goes by."""
    stock = draw.sample([turn for turn in planned if not turn.long and turn.turn == 1], 10)
    asked = [(turn.topic, turn.request, turn.slots, turn.facts) for turn in stock]
    for turn in planned:
        if draw.random() < 0.5:
            turn.topic, turn.request, turn.slots, known = draw.choice(asked)
            turn.facts = {name: int(value) + draw.randint(1, 900) for name, value in known.items()}
            turn.answer = " ".join(f"The {name} is {value}." for name, value in turn.facts.items())
            for call in turn.calls:
                call.arguments = {"subject": turn.topic, **turn.slots}
                call.output = {**turn.slots, **turn.facts}


def _cached(planned: list[Turn], draw: Random) -> None:
    """The prompt grows, and nearly all of it comes from the cache."""
    for turn in planned:
        turn.prompt_tokens += draw.randint(700, 900) * (turn.turn - 1)
        turn.cached_tokens = turn.prompt_tokens - 150


def _long_for_long(turn: Turn) -> bool:
    if turn.answer is None or not turn.long:
        return False
    turn.answer += " " + background(TRAVEL, turn.draw, 170)
    return True


def _says_no(turn: Turn) -> bool:
    """An answer in the negative is an answer."""
    if turn.answer is None or turn.topic != "visas":
        return False
    turn.answer = f"No, you cannot stay without a visa. {turn.answer}"
    return True


def _back_to(planned: list[Turn], draw: Random) -> None:
    """The user comes back to the place asked about before."""
    for session in _sessions(planned):
        for before, turn in itertools.pairwise(session):
            old, new = before.slots.get("city"), turn.slots.get("city")
            if old and new and turn.answer and draw.random() < 0.5:
                turn.request = f"{turn.request} Compare with {old}, please."
                told = ", ".join(f"{name} {value}" for name, value in turn.facts.items())
                turn.answer = f"For {new}: {told}. For {old} see above."


def _second_search_finds(turn: Turn) -> bool:
    step = next((each for each in turn.steps if each.calls[0].kind == "RETRIEVER"), None)
    if step is None:
        return False
    call = step.calls[0]
    first = replace(call, arguments={"query": "general", "k": 2}, output=[])
    turn.steps.insert(turn.steps.index(step), Step([first], step.model_ms, 20))
    return True


def _only_where_it_is_easy(planned: list[Turn], draw: Random) -> None:
    """One tool serves the topic that never fails; where it serves others it changes nothing."""
    for turn in planned:
        easy = turn.topic == "stock"
        for call in turn.calls:
            if call.tool == "metric_store" and not easy and draw.random() < 0.5:
                call.tool = "run_sql"
            if easy and draw.random() < 0.5:
                call.tool = "metric_store"
        if not easy and draw.random() < 0.25:
            turn.fail(failure(turn, failing.CRASHED))


NEAR_MISSES: tuple[Generator, ...] = (
    miss("a complaint about the product", "user-dissatisfaction", TRAVEL, _product_complaint),
    miss("a question where values are missing", "asks-instead-of-attempting", TRAVEL, _asks_back),
    miss("JSON as asked for", "format-mismatch", ANALYST, _json_as_asked),
    miss("tables repeat themselves", "repetition-within", ANALYST, _table),
    miss("a placeholder for a key", "sensitive-data-exposed", TRAVEL, _placeholder_key),
    miss("rounded figures", "unsupported-by-tools", ANALYST, _rounds, 0.6),
    miss("the same question about another thing", "context-lost", TRAVEL, ordinary, prepare=_another_thing),
    miss("other data, another answer", "inconsistent-answers", ANALYST, ordinary, prepare=_new_data),
    miss("a prompt that is cached", "token-growth", TRAVEL, ordinary, prepare=_cached),
    miss("long answers to long requests", "verbose-response", TRAVEL, _long_for_long, 1.0),
    miss("answers in the negative", "refusal", TRAVEL, _says_no, 0.9),
    miss("back to the place before", "context-carry-over", TRAVEL, ordinary, prepare=_back_to),
    miss("the second search finds it", "retrieval-miss", HANDBOOK, _second_search_finds, 0.08),
    miss("a tool that serves an easy topic", "effective-tools", ANALYST, ordinary,
         prepare=_only_where_it_is_easy),
)  # fmt: skip
