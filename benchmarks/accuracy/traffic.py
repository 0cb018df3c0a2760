"""Ordinary traffic: sessions of one to eight turns over two weeks, in which nothing is wrong.

What a turn is asked, by whom, with which model and version, and how long its calls take are drawn
independently of each other, so that without a fault no attribute explains anything.
"""

from __future__ import annotations

import math
import string
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from benchmarks.accuracy.applications import Application, Topic
from benchmarks.accuracy.asides import VERBS, WHAT, WHEN, WHO
from benchmarks.accuracy.plan import Call, Failure, Step, Turn

DAYS = 14
BEGIN_MS = 1_767_571_200_000  # 2026-01-05, a Monday, 00:00 UTC
_HOUR_WEIGHTS = (1,) * 6 + (3,) * 3 + (6,) * 9 + (4,) * 3 + (2,) * 3
_TURNS = (1, 2, 3, 4, 5, 6, 7, 8)
_TURN_WEIGHTS = (30, 22, 16, 11, 8, 6, 4, 3)
REGIONS = ("eu-west", "us-east", "ap-south")
APP_VERSIONS = ("4.1.0", "4.2.0", "4.3.0")
PROMPT_VERSIONS = ("p7", "p8", "p9")
_LEAD_INS = ("", "", "", "", "Hello, ", "Hi there. ", "One question: ", "Good morning. ")
_TOOL_MS = 420.0
_NOISE = (
    ("ValueError", "result has {n} parts, expected at least {m}"),
    ("RuntimeError", "worker {n} left before the reply was assembled"),
    ("KeyError", "'section_{n}'"),
    ("AssertionError", "draft {n} and revision {m} differ"),
    ("RuntimeError", "no consensus after merging {n} drafts"),
)


@dataclass(frozen=True)
class Mix:
    """How traffic is made up."""

    noise: float = 0.0
    """Share of traces that fail for no reason that any attribute knows."""
    feedback: float = 0.0
    """Share of traces that a person judged."""
    unhappy: float = 0.0
    """Share of those judged badly, whatever they are like."""
    tool_spread: float = 0.0
    """How much the tools differ in latency (standard deviation of the logarithm)."""


def turns(app: Application, seed: int, traces: int, mix: Mix = Mix()) -> list[Turn]:
    """The planned traces, in order of start."""
    draw = Random(f"{app.name}/{seed}")
    speed = {tool: math.exp(draw.gauss(0.0, mix.tool_spread)) for tool in app.tools}
    users = [f"user-{draw.randrange(16**5):05x}" for _ in range(max(6, traces // 8))]
    planned: list[Turn] = []
    while len(planned) < traces:
        left = traces - len(planned)
        planned += _session(app, draw, users, speed, mix, len(planned), left)
    planned.sort(key=lambda each: (each.start_ms, each.number))
    return planned


def _session(
    app: Application,
    draw: Random,
    users: list[str],
    speed: dict[str, float],
    mix: Mix,
    number: int,
    left: int,
) -> Iterator[Turn]:
    size = min(left, draw.choices(_TURNS, _TURN_WEIGHTS)[0])
    hour = draw.choices(range(24), _HOUR_WEIGHTS)[0]
    start = BEGIN_MS + draw.randrange(DAYS) * 86_400_000 + hour * 3_600_000
    start += draw.randrange(2_400_000)
    session = f"s-{draw.getrandbits(40):010x}"
    common = {
        "user": users[min(int(draw.expovariate(1.0) * len(users) / 3), len(users) - 1)],
        "model": draw.choices(app.models, (5, 3, 2))[0],
        "app_version": draw.choices(APP_VERSIONS, (3, 4, 3))[0],
        "prompt_version": draw.choices(PROMPT_VERSIONS, (3, 3, 4))[0],
        "region": draw.choices(REGIONS, (5, 3, 2))[0],
    }
    frailty = draw.gammavariate(3.0, 1 / 3.0)
    topic = draw.choice(app.topics)
    history: list[tuple[str, str]] = []
    for turn in range(1, size + 1):
        if turn > 1 and draw.random() < 0.5:
            topic = draw.choice(app.topics)
        own = Random(draw.getrandbits(64))
        each = _turn(app, topic, own, speed)
        each.number, each.session, each.turn = number + turn - 1, session, turn
        each.start_ms, each.frailty = start, frailty
        for name, value in common.items():
            setattr(each, name, value)
        each.history = history[-1:]  # the application sends only the last exchange along
        _judge(each, mix, own)
        each.draw = Random(own.getrandbits(64))
        history.append((each.request, each.answer or ""))
        start += draw.randrange(35_000, 240_000)
        yield each


def _turn(app: Application, topic: Topic, draw: Random, speed: dict[str, float]) -> Turn:
    slots = {name: draw.choice(values) for name, values in app.slots.items()}
    facts: dict[str, int | str] = {
        name: draw.randint(*limits) for name, limits in topic.facts.items()
    }
    template = draw.choice(topic.requests)
    request = draw.choice(_LEAD_INS) + template.format(**slots)
    if long := draw.random() < 0.15:
        request += " " + background(app, draw)
    known = _names(template)
    answers = [each for each in topic.answers if _names(each) <= known | set(facts)]
    answer = draw.choice(answers).format(**slots, **facts)
    used = {name: slots[name] for name in sorted(known)}
    steps = [_step(app, topic, draw, speed, used, facts)]
    if draw.random() < 0.35:
        steps.append(_step(app, topic, draw, speed, {**used, "detail": "more"}, facts))
    return Turn(
        0, draw, "", 0, "", "", "", "", "", 0, topic.name, 1.0, request, used, facts, steps,
        answer, lognormal(draw, 900, 0.35), long=long, system=app.system,
        prompt_tokens=draw.randint(820, 980),
    )  # fmt: skip


def _step(
    app: Application,
    topic: Topic,
    draw: Random,
    speed: dict[str, float],
    slots: dict[str, str],
    facts: dict[str, int | str],
) -> Step:
    tool = draw.choices(list(topic.tools), list(topic.tools.values()))[0]
    call = make_call(app, tool, topic, slots, facts, draw, speed.get(tool, 1.0))
    return Step([call], lognormal(draw, 650, 0.35), draw.randint(18, 32))


def make_call(
    app: Application,
    tool: str,
    topic: Topic,
    slots: dict[str, str],
    facts: dict[str, int | str],
    draw: Random,
    speed: float = 1.0,
) -> Call:
    """A call of ``tool`` that gives ``facts``."""
    kind = app.tools[tool]
    output: object = {**slots, **facts, "source": tool}
    if kind == "RETRIEVER":
        subject = ", ".join([topic.name, *slots.values()])
        sentence = ", ".join(f"{name} {value}" for name, value in facts.items())
        output = [
            {
                "page_content": f"On {subject}: {sentence}. Valid until further notice.",
                "metadata": {"source": f"{tool}/{draw.randrange(900)}", "score": round(draw.uniform(0.72, 0.94), 3)},
            },
            {
                "page_content": f"See also the section on {topic.name} ({subject}).",
                "metadata": {"source": f"{tool}/{draw.randrange(900)}", "score": round(draw.uniform(0.6, 0.8), 3)},
            },
        ]  # fmt: skip
    arguments: dict[str, object] = {"subject": topic.name, **slots}
    if kind == "RETRIEVER":
        arguments = {"query": " ".join([topic.name, *slots.values()]), "k": 2}
    return Call(tool, kind, arguments, output, lognormal(draw, _TOOL_MS * speed, 0.4))


def _judge(turn: Turn, mix: Mix, draw: Random) -> None:
    """Failures and feedback that follow the session's luck and nothing else."""
    if draw.random() < mix.noise * turn.frailty:
        kind, message = draw.choice(_NOISE)
        numbers = {"n": draw.randint(2, 40), "m": draw.randint(41, 80)}
        turn.fail(Failure(kind, message.format(**numbers)))
    if draw.random() < mix.feedback:
        good = turn.answer is not None and draw.random() >= mix.unhappy * turn.frailty
        turn.feedback.append(("helpful", good, ""))


def background(app: Application, draw: Random, words: int = 62) -> str:
    """Why somebody asks, in ``words`` words or a few more; hardly any come back in another request."""
    told = [draw.choice(app.background)]
    while len(" ".join(told).split()) < words:
        told.append(
            f"{draw.choice(WHO)} {draw.choice(VERBS)} {draw.choice(WHAT)} {draw.choice(WHEN)}."
        )
    draw.shuffle(told)
    return " ".join(told)


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def lognormal(draw: Random, median: float, sigma: float) -> float:
    """Milliseconds."""
    return draw.lognormvariate(math.log(median), sigma)
