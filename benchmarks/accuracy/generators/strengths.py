"""Generators for what an application does well; the rest of it does less well."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.accuracy.applications import ANALYST, HANDBOOK, RESEARCH, TRAVEL
from benchmarks.accuracy.generators import failing
from benchmarks.accuracy.generators.failing import failure
from benchmarks.accuracy.generators.quality import asks_for_json
from benchmarks.accuracy.near_misses.operational import fails_then_works
from benchmarks.accuracy.plan import Turn
from benchmarks.accuracy.planting import Generator, tool, topic
from benchmarks.accuracy.traffic import background


def _others_fail(
    spared_tool: str = "", spared_topic: str = "", rate: float = 0.3
) -> Callable[[list[Turn], Random], None]:
    def prepare(planned: list[Turn], draw: Random) -> None:
        for turn in planned:
            spared = bool(spared_tool and turn.calls_of(spared_tool)) or turn.topic == spared_topic
            if spared:
                turn.planted = True
            elif draw.random() < rate * turn.frailty:
                turn.fail(failure(turn, failing.CRASHED))

    return prepare


def _asked_again(planned: list[Turn], draw: Random) -> None:
    """Twenty questions come again and get the same figures every time."""
    stock = draw.sample([turn for turn in planned if not turn.long], min(20, len(planned) // 4))
    originals = [(t.topic, t.request, t.slots, t.facts, t.steps, t.answer) for t in stock]
    for turn in planned:
        if draw.random() < 0.6:
            turn.topic, turn.request, turn.slots, turn.facts, steps, turn.answer = draw.choice(
                originals
            )
            turn.steps = [type(s)(list(s.calls), s.model_ms, s.output_tokens) for s in steps]
            turn.planted = True


def _as_long_as_needed(planned: list[Turn], draw: Random) -> None:
    for turn in planned:
        if draw.random() < 0.4 and turn.answer:
            turn.request = f"Explain in detail, step by step, and compare: {turn.request}"
            turn.answer += " " + background(TRAVEL, draw, 190)
        turn.planted = True


def _always(turn: Turn) -> bool:
    return True


def _asked_for_json(turn: Turn) -> bool:
    return turn.slots.get("asked") == "json"


_FAILS = frozenset({"error-burst"})

GENERATORS = (
    Generator("a retry that works", "error-recovery", TRAVEL, fails_then_works, rate=0.3,
              also=frozenset({"api-failure", "retry-storm"})),
    Generator("a tool that helps", "effective-tools", ANALYST, failing.nothing,
              (tool("metric_store"),), prepare=_others_fail("metric_store"), also=_FAILS),
    Generator("a topic that always works", "reliable-topic", RESEARCH, failing.nothing,
              (topic(RESEARCH, "patents"),), prepare=_others_fail("", "patents"), also=_FAILS),
    Generator("the same figures every time", "consistent-answers", ANALYST, failing.nothing,
              prepare=_asked_again),
    Generator("quick answers", "fast-path", RESEARCH, _always),
    Generator("JSON whenever asked for", "well-structured-answers", RESEARCH, _asked_for_json,
              prepare=asks_for_json),
    Generator("as long as needed", "adaptive-length", TRAVEL, failing.nothing,
              prepare=_as_long_as_needed),
    Generator("figures from the tools", "grounded-answers", HANDBOOK, _always),
)  # fmt: skip
