"""What looks like an operational fault and is not."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from benchmarks.accuracy.applications import ANALYST, HANDBOOK, RESEARCH, TRAVEL
from benchmarks.accuracy.generators import failing
from benchmarks.accuracy.generators.failing import (
    Plant,
    break_call,
    calls_fail,
    model_fails,
    some_call,
)
from benchmarks.accuracy.near_misses.base import miss, ordinary
from benchmarks.accuracy.plan import Call, Failure, Step, Turn
from benchmarks.accuracy.planting import Generator
from benchmarks.accuracy.traffic import Mix


def _says(text: str, key: str = "note") -> Plant:
    """A tool's ordinary output holds this text."""

    def plant(turn: Turn) -> bool:
        call = some_call(turn)
        if call is None or not isinstance(call.output, dict):
            return False
        call.output = {**call.output, key: text}
        return True

    return plant


def _cancelled(turn: Turn) -> bool:
    call = some_call(turn)
    if call is None:
        return False
    how = Failure("CancelledError", "request cancelled by the user", None, form="exception")
    how.ms = call.ms * turn.draw.uniform(0.2, 3.0)
    return break_call(turn, call, how, 1.0)


def _finds_nothing(turn: Turn) -> bool:
    call = some_call(turn)
    if call is None:
        return False
    call.output = [] if call.kind == "RETRIEVER" else {"results": [], "count": 0}
    turn.steps = turn.steps[: 1 + next(n for n, s in enumerate(turn.steps) if call in s.calls)]
    turn.answer = "There is nothing on record for that."
    return True


def _tests_fail(turn: Turn) -> bool:
    call = some_call(turn, "python_sandbox")
    if call is None:
        return False
    turn.request = f"Run the test suite of the {turn.topic} module and tell me which tests fail."
    failed, passed = turn.draw.randint(1, 4), turn.draw.randint(5, 30)
    call.output = f"===== {failed} failed, {passed} passed in 1.{failed}2s ====="
    turn.steps = [Step([call], turn.steps[0].model_ms, 24)]
    turn.answer = f"{failed} tests fail and {passed} pass."
    return True


def _cut_off(turn: Turn) -> bool:
    if turn.answer is None:
        return False
    turn.finish_reason, turn.answer_tokens = "length", 256
    turn.answer = (turn.answer + " " + turn.answer)[: turn.draw.randint(90, 110)]
    return True


def _declines(turn: Turn) -> bool:
    turn.steps = []
    turn.answer = "I'm sorry, but I can't help with that request."
    return True


def _slow_by_itself(turn: Turn) -> bool:
    calls = turn.calls_of("hotel_rates")
    for call in calls:
        call.ms *= 2.5
    return bool(calls)


def _rare_tool_breaks(planned: list[Turn], draw: Random) -> None:
    for turn in draw.sample([turn for turn in planned if turn.answer], 5):
        call = turn.calls[0]
        call.tool = "fax_gateway"
        call.failure = Failure("RuntimeError", "line busy", None, form="exception")
        turn.answer = "The fax did not go through."


def fails_then_works(turn: Turn) -> bool:
    """A transient failure, then after a pause the same call again."""
    step = turn.draw.choice(turn.steps)
    if not step.calls:
        return False
    call = step.calls[0]
    failed = replace(call, failure=failing.failure(turn, failing.DOWN, 90.0))
    again = replace(call, wait_ms=turn.draw.uniform(1500.0, 4000.0))
    at = turn.steps.index(step)
    turn.steps.insert(at, Step([failed], step.model_ms, 20))
    step.calls = [again]
    return True


def _polls(turn: Turn) -> bool:
    """Asks for the status of a job until it is done; every answer is another one."""
    job = f"job-{turn.draw.randint(1000, 9999)}"
    states = ("queued", "running 20%", "running 55%", "running 90%", "done")[
        -turn.draw.randint(4, 5) :
    ]
    calls = [
        Call("metric_store", "TOOL", {"job": job}, {"job": job, "status": state}, 180.0 + 9 * n, wait_ms=1200.0)
        for n, state in enumerate(states)
    ]  # fmt: skip
    turn.steps = turn.steps[:1] + [Step([call], 500.0, 20) for call in calls] + turn.steps[1:]
    return True


def _many_steps(turn: Turn) -> bool:
    """Works for long, and then is done."""
    first = turn.steps[0]
    call = first.calls[0]
    for n in range(turn.draw.randint(6, 9)):
        arguments = {**call.arguments, "page": n + 2}
        output = {"page": n + 2, "rows": turn.draw.randint(10, 99), "source": call.tool}
        turn.steps.append(
            Step([replace(call, arguments=arguments, output=output)], first.model_ms, 22)
        )
    return True


def _still_running(planned: list[Turn], draw: Random) -> None:
    for turn in planned[-3:]:
        turn.start_ms = planned[-1].start_ms - draw.randrange(60_000)
        turn.complete = False
        turn.steps = turn.steps[:1]
        turn.answer = None


def _drifts(planned: list[Turn], draw: Random) -> None:
    for turn in planned[len(planned) // 2 :]:
        for step in turn.steps:
            step.model_ms *= 1.08
        turn.answer_ms *= 1.08
        for call in turn.calls:
            call.ms *= 1.08


def _one_after_the_other(turn: Turn) -> bool:
    """Two calls of one step, the second with what the first gave."""
    step = turn.steps[0]
    call = step.calls[0]
    key = f"{turn.draw.choice('ABCDEF')}-{turn.draw.randint(10_000, 99_999)}"
    call.output = {"key": key, **turn.facts}
    step.calls.append(
        replace(call, arguments={"key": key}, output={"key": key, **turn.facts}, ms=call.ms * 0.9)
    )
    return True


def _two_modes(planned: list[Turn], draw: Random) -> None:
    for n, turn in enumerate(draw.sample(planned, 12)):
        how = Failure("RuntimeError", "stage gave up", None, 80.0 if n % 2 else 24_000.0)
        break_call(turn, turn.calls[0], how, 1.0)


NEAR_MISSES: tuple[Generator, ...] = (
    miss("a page that mentions the login", "authentication-failure", TRAVEL,
          _says("Please use the login page to sign in; access denied messages are explained there.")),
    miss("a quota that the product sells", "rate-limited", ANALYST,
          _says("Plan: 429 requests per minute, quota used 80 %. Rate limit of the customer: gold.")),
    miss("the user cancels", "timeout", TRAVEL, _cancelled, 0.12),
    miss("four hundreds are not an outage", "api-failure", RESEARCH, calls_fail(failing.MISSING), 0.15),
    miss("a search without hits", "not-found", ANALYST, _finds_nothing, 0.25),
    miss("the tool's own crash", "invalid-tool-arguments", HANDBOOK, calls_fail(failing.CRASHED), 0.12),
    miss("tests that fail as asked", "code-execution-error", ANALYST, _tests_fail, 0.6),
    miss("answers in free text", "unparseable-model-output", RESEARCH, ordinary),
    miss("output cut at its limit", "context-length-exceeded", TRAVEL, _cut_off),
    miss("the model declines itself", "content-blocked", RESEARCH, _declines, 0.15),
    miss("slow whatever the load", "resource-contention", TRAVEL, _slow_by_itself, 1.0),
    miss("five calls of a rare tool", "unreliable-tool", TRAVEL, ordinary, prepare=_rare_tool_breaks),
    miss("failures that are made good", "error-cascade", TRAVEL, fails_then_works, 0.25),
    miss("answers that tell of the failure", "swallowed-error", HANDBOOK,
          calls_fail(failing.DOWN, ends=0.0), 0.2),
    miss("failures at a constant rate", "error-burst", ANALYST, model_fails(failing.OVERLOADED), 0.12),
    miss("twelve failures in two modes", "fast-and-slow-failures", RESEARCH, ordinary, prepare=_two_modes),
    miss("polling whose status changes", "retry-storm", ANALYST, _polls),
    miss("polling that converges", "repeated-call", ANALYST, _polls),
    miss("one retry after a failure", "repeated-call", TRAVEL, fails_then_works, 0.25),
    miss("one retry after a pause", "retry-storm", TRAVEL, fails_then_works, 0.03),
    miss("many steps and a normal end", "step-limit-reached", ANALYST, _many_steps, 0.25),
    miss("running now", "incomplete-trace", RESEARCH, ordinary, prepare=_still_running),
    miss("a drift of eight percent", "regression", HANDBOOK, ordinary, prepare=_drifts),
    miss("the second call needs the first", "sequential-calls", TRAVEL, _one_after_the_other, 0.6),
    miss("bad luck over all releases", "regression", TRAVEL, ordinary, mix=Mix(noise=0.08)),
    miss("bad luck over all tools", "unreliable-tool", ANALYST, calls_fail(failing.CRASHED), 0.08),
)  # fmt: skip
