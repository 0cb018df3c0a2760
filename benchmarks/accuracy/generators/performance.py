"""Generators for where the time and the tokens go."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from benchmarks.accuracy.applications import ANALYST, HANDBOOK, RESEARCH, TRAVEL
from benchmarks.accuracy.generators import failing
from benchmarks.accuracy.plan import Step, Turn
from benchmarks.accuracy.planting import Generator, app_version, model, prompt_version, region, tool
from benchmarks.accuracy.traffic import lognormal


def slow_tool(turn: Turn) -> bool:
    """Every call of ``run_sql`` takes six times as long."""
    calls = turn.calls_of("run_sql")
    for call in calls:
        call.ms *= 6.0
    return bool(calls)


def _slow_model(turn: Turn) -> bool:
    if turn.model != "cedar-large":
        return False
    turn.answer_ms *= 5.0
    for step in turn.steps:
        step.model_ms *= 5.0
    return True


def _one_by_one(turn: Turn) -> bool:
    """Look-ups that need nothing of each other, one after the other in one step."""
    step = turn.steps[0]
    call = step.calls[0]
    for n in range(turn.draw.randint(2, 3)):
        output = {"rows": turn.draw.randint(10, 99), "part": f"section {n + 2}", **turn.facts}
        step.calls.append(
            replace(
                call,
                arguments={**call.arguments, "part": n + 2},
                output=output,
                ms=lognormal(turn.draw, 900.0, 0.3),
            )
        )
    call.ms = lognormal(turn.draw, 900.0, 0.3)
    return True


def _thinks_in_small_steps(turn: Turn) -> bool:
    for step in turn.steps:
        step.model_ms = lognormal(turn.draw, 2400.0, 0.25)
    for _ in range(turn.draw.randint(0, 6)):
        turn.steps.append(
            Step([], lognormal(turn.draw, 2400.0, 0.25), 30, said="Next I look closer.")
        )
    turn.answer_ms = lognormal(turn.draw, 2400.0, 0.25)
    return True


def _first_call_is_slow(planned: list[Turn], draw: Random) -> None:
    """The sandbox of a session is started by its first call."""
    warm = set()
    for turn in planned:
        for call in turn.calls_of("python_sandbox"):
            if turn.session not in warm:
                warm.add(turn.session)
                call.ms *= 7.0 * draw.uniform(0.8, 1.2)
                turn.planted = True


def _stalls(turn: Turn) -> bool:
    turn.steps[0].calls[0].ms += turn.draw.uniform(9_000.0, 16_000.0)
    return True


def _slow_orchestration(turn: Turn) -> bool:
    turn.overhead_ms = turn.draw.uniform(2_500.0, 4_500.0)
    return True


def _drags_history_along(planned: list[Turn], draw: Random) -> None:
    """Every turn sends all earlier turns with what the tools gave."""
    told: dict[str, list[tuple[str, str]]] = {}
    for turn in planned:
        history = told.setdefault(turn.session, [])
        turn.history = list(history)
        turn.prompt_tokens += draw.randint(700, 900) * (turn.turn - 1)
        turn.planted = turn.turn > 1
        history.append((turn.request, turn.answer or ""))


def _whole_pages(turn: Turn) -> bool:
    turn.prompt_tokens += turn.draw.randint(40_000, 70_000)
    return True


GENERATORS = (
    Generator(
        "one slow tool", "slow-tool", ANALYST, slow_tool, (tool("run_sql"),),
        also=frozenset({"latency-outliers"}),
    ),
    Generator(
        "one slow model", "slow-model", HANDBOOK, _slow_model, (model("cedar-large"),),
        also=frozenset({"latency-outliers", "llm-round-trips"}),
    ),
    Generator(
        "look-ups one by one", "sequential-calls", TRAVEL, _one_by_one, (prompt_version("p9"),),
        0.9, also=frozenset({"slow-tool", "latency-outliers", "repeated-call"}),
    ),
    Generator(
        "many small steps", "llm-round-trips", RESEARCH, _thinks_in_small_steps,
        also=frozenset({"slow-model", "latency-outliers"}),
    ),
    Generator(
        "a sandbox that starts cold", "cold-start", ANALYST, failing.nothing,
        (tool("python_sandbox"),), prepare=_first_call_is_slow,
        also=frozenset({"latency-outliers", "slow-tool"}),
    ),
    Generator(
        "a region that stalls", "latency-outliers", RESEARCH, _stalls, (region("ap-south"),), 0.25,
        also=frozenset({"slow-tool"}),
    ),
    Generator(
        "a release whose orchestration is slow", "framework-overhead", HANDBOOK,
        _slow_orchestration, (app_version("4.2.0"),),
        also=frozenset({"latency-outliers", "sequential-calls"}),
    ),
    Generator(
        "a history that is sent every time", "token-growth", TRAVEL, failing.nothing,
        prepare=_drags_history_along, also=frozenset({"costly-tail"}),
    ),
    Generator(
        "whole pages in the prompt", "costly-tail", RESEARCH, _whole_pages, (tool("fetch_page"),),
        0.3, also=frozenset({"token-growth"}),
    ),
)  # fmt: skip
