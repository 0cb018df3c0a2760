"""Generators for how an agent's work goes wrong: retries, loops, cascades, bursts, releases."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from benchmarks.accuracy.applications import ANALYST, HANDBOOK, RESEARCH, TRAVEL
from benchmarks.accuracy.generators import failing
from benchmarks.accuracy.generators.failing import break_call, break_model, failure, some_call
from benchmarks.accuracy.plan import Call, Failure, Step, Turn
from benchmarks.accuracy.planting import Generator, app_version, model, prompt_version, tool
from benchmarks.accuracy.traffic import BEGIN_MS, DAYS, Mix


def _calls_what_is_not_there(turn: Turn) -> bool:
    name = turn.draw.choice(("currency_converter", "send_email", "open_browser"))
    said = f"{name} is not a valid tool"
    call = Call(name, "TOOL", {"value": turn.draw.randint(1, 99)}, None, 3.0)
    call.failure = Failure("ToolNotFoundError", said)
    turn.steps.insert(turn.draw.randrange(2), Step([call], turn.steps[0].model_ms, 21))
    return True


def _rush(planned: list[Turn], draw: Random) -> None:
    """Half of the traces come in bursts; ``run_sql`` slows down with the traces in flight."""
    rushes = [BEGIN_MS + draw.randrange(DAYS * 86_400_000) for _ in range(len(planned) // 20)]
    for turn in planned:
        if draw.random() < 0.5:
            turn.start_ms = draw.choice(rushes) + draw.randrange(12_000)
    starts = [turn.start_ms for turn in planned]
    for turn in planned:
        in_flight = sum(-5_000 < start - turn.start_ms <= 0 for start in starts) - 1
        for call in turn.calls_of("run_sql"):
            call.ms *= 1 + 0.9 * in_flight
            turn.planted = in_flight > 0


def _others_recover(planned: list[Turn], draw: Random) -> None:
    """Failures of the other tools are made good at once; no trace fails by them."""
    for turn in planned:
        for step in list(turn.steps):
            call = step.calls[0]
            if call.tool != "rail_times" and draw.random() < 0.12:
                failed = replace(call, failure=failure(turn, failing.DOWN, 90.0))
                again = replace(call, wait_ms=draw.uniform(1200, 2500))
                turn.steps[turn.steps.index(step)].calls = [failed, again]


def _swallows(turn: Turn) -> bool:
    """A call fails and the answer is given as if it had not."""
    call = some_call(turn, "people_directory")
    if call is None or turn.answer is None:
        return False
    call.failure = failure(turn, failing.CRASHED)
    turn.feedback = [("helpful", turn.draw.random() < 0.25, "")]
    return True


def _one_bad_evening(planned: list[Turn], draw: Random) -> None:
    """Thirty-odd traces of one evening, most of which fail."""
    evening = BEGIN_MS + draw.randrange(2, DAYS - 2) * 86_400_000 + 18 * 3_600_000
    share = 0.16 if len(planned) < 500 else 0.05
    for turn in planned:
        if draw.random() < share:
            turn.start_ms = evening + draw.randrange(5_400_000)
            if draw.random() < 0.75:
                turn.planted = break_model(turn, failure(turn, failing.DOWN, 200.0))
        elif draw.random() < 0.01:
            break_model(turn, failure(turn, failing.DOWN, 200.0))


def _quickly_or_late(turn: Turn) -> bool:
    call = some_call(turn)
    if call is None:
        return False
    if turn.draw.random() < 0.5:
        how = failure(turn, failing.INVALID, 60.0)
        turn.steps = [replace(turn.steps[0], calls=[call])]
    else:
        how = failure(turn, failing.TIMED_OUT, 30_000.0 * turn.draw.uniform(0.97, 1.1))
    return break_call(turn, call, how, 1.0)


def _storms(turn: Turn) -> bool:
    """The same call again and again, at once."""
    step = next((each for each in turn.steps if each.calls[0].tool == "fetch_page"), None)
    if step is None:
        return False
    call = step.calls[0]
    tries = [
        replace(call, failure=failure(turn, failing.DOWN, 150.0), wait_ms=turn.draw.uniform(5, 60))
        for _ in range(turn.draw.randint(3, 6))
    ]
    step.calls = [*tries, replace(call, wait_ms=20.0)]
    return True


def _goes_round(turn: Turn) -> bool:
    """The model asks for what it has already been given."""
    step = turn.steps[0]
    times = turn.draw.randint(3, 5)
    turn.steps[1:1] = [replace(step, calls=[replace(step.calls[0])]) for _ in range(times)]
    return True


def _gives_up_at_the_limit(turn: Turn) -> bool:
    call = turn.steps[0].calls[0]
    for n in range(9):
        arguments = {**call.arguments, "attempt": f"variant {n}"}
        output = {"rows": turn.draw.randint(0, 9), "cursor": turn.draw.randint(100, 999)}
        turn.steps.append(
            Step([replace(call, arguments=arguments, output=output)], turn.steps[0].model_ms, 20)
        )
    if turn.draw.random() < 0.5:
        turn.answer = "Agent stopped due to max iterations."
    else:
        said = "Recursion limit of 10 reached without hitting a stop condition."
        turn.fail(Failure("GraphRecursionError", said))
    return True


def _never_ends(turn: Turn) -> bool:
    turn.complete, turn.answer = False, None
    turn.steps = turn.steps[:1]
    return True


def _release_breaks(planned: list[Turn], draw: Random) -> None:
    """After sixty per cent of the time one release takes over from the other."""
    at = planned[int(len(planned) * 0.6)].start_ms
    for turn in planned:
        turn.app_version = "5.0.0" if turn.start_ms >= at else "4.9.2"
        rate = 0.32 if turn.start_ms >= at else 0.03
        if draw.random() < rate * turn.frailty:
            how = failure(turn, failing.CRASHED)
            turn.fail(how)
            turn.planted = turn.start_ms >= at


def _model_change_slows(planned: list[Turn], draw: Random) -> None:
    at = planned[int(len(planned) * 0.5)].start_ms
    for turn in planned:
        turn.model = "quartz-10b" if turn.start_ms >= at else "quartz-9b"
        if turn.start_ms >= at:
            turn.planted = True
            turn.answer_ms *= 2.6
            for step in turn.steps:
                step.model_ms *= 2.6


_FOLLOWS = frozenset({"unreliable-tool", "error-cascade"})

GENERATORS = (
    Generator(
        "a model that calls tools it was not given", "undeclared-tool", HANDBOOK,
        _calls_what_is_not_there, (model("cedar-small"),), 0.5, 0.0,
        also=_FOLLOWS | {"not-found", "invalid-tool-arguments"},
    ),
    Generator(
        "a database that slows down under load", "resource-contention", ANALYST, failing.nothing,
        (tool("run_sql"),), prepare=_rush,
        also=frozenset({"latency-outliers", "slow-tool", "error-burst"}),
    ),
    Generator(
        "one tool takes the trace along", "error-cascade", TRAVEL,
        failing.calls_fail(failing.CRASHED, "rail_times", 0.95), (tool("rail_times"),), 0.6,
        prepare=_others_recover,
        also=frozenset({"unreliable-tool", "api-failure", "retry-storm"}),
    ),
    Generator(
        "failures that the answer hides", "swallowed-error", HANDBOOK, _swallows,
        (tool("people_directory"),), 0.4, mix=Mix(feedback=0.7, unhappy=0.06),
        also=frozenset({"unreliable-tool", "failing-assessment"}),
    ),
    Generator(
        "one bad evening", "error-burst", TRAVEL, failing.nothing, prepare=_one_bad_evening,
        also=frozenset({"api-failure", "regression"}),
    ),
    Generator(
        "failures at once or after half a minute", "fast-and-slow-failures", RESEARCH,
        _quickly_or_late, rate=0.25,
        also=_FOLLOWS | {"timeout", "invalid-tool-arguments", "slow-tool", "latency-outliers"},
    ),
    Generator(
        "a page that is fetched again at once", "retry-storm", RESEARCH, _storms,
        (tool("fetch_page"),), 0.35,
        also=_FOLLOWS | {"api-failure", "repeated-call", "sequential-calls"},
    ),
    Generator(
        "a model that goes round in circles", "repeated-call", TRAVEL, _goes_round,
        (model("opal-2-mini"),), 0.4, also=frozenset({"llm-round-trips", "latency-outliers"}),
    ),
    Generator(
        "a prompt that never gets there", "step-limit-reached", HANDBOOK, _gives_up_at_the_limit,
        (prompt_version("p8"),), 0.4,
        also=frozenset({"llm-round-trips", "latency-outliers", "empty-or-raw-error-response"}),
    ),
    Generator(
        "a release whose traces do not end", "incomplete-trace", ANALYST, _never_ends,
        (app_version("4.2.0"),), 0.3,
    ),
    Generator(
        "a release that breaks more", "regression", TRAVEL, failing.nothing, prepare=_release_breaks,
        tells="5.0.0", also=frozenset({"error-burst"}),
    ),
    Generator(
        "a new model that is slower", "regression", ANALYST, failing.nothing,
        prepare=_model_change_slows, tells="quartz-10b", also=frozenset({"slow-model"}),
    ),
)  # fmt: skip
