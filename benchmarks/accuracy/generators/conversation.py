"""Generators for conversations that go wrong from turn to turn."""

from __future__ import annotations

import itertools
from random import Random

from benchmarks.accuracy.applications import HANDBOOK, TRAVEL
from benchmarks.accuracy.generators import failing
from benchmarks.accuracy.plan import Turn
from benchmarks.accuracy.planting import Generator, app_version, model, prompt_version


def _sessions(planned: list[Turn]) -> list[list[Turn]]:
    sessions: dict[str, list[Turn]] = {}
    for turn in planned:
        sessions.setdefault(turn.session, []).append(turn)
    return list(sessions.values())


_AS_I_SAID = (
    "As I said: {}.",
    "{}. It was in my question.",
    "But you have that already! {}.",
    "{}, please.",
    "I mean {}, of course.",
    "Well, {}.",
    "{} - what else?",
    "Once more, then: {}.",
)


def _questions_first(planned: list[Turn], draw: Random) -> None:
    """With one prompt the first answer asks for what the request says; the next turn does the work."""
    for first, *rest in _sessions(planned):
        if not rest or first.prompt_version != "p9" or len(first.slots) < 2 or draw.random() > 0.7:
            continue
        then = rest[0]
        then.topic, then.facts, then.slots = first.topic, first.facts, first.slots
        then.steps, then.answer = first.steps, first.answer
        then.request = draw.choice(_AS_I_SAID).format(" and ".join(first.slots.values()))
        questions = " And ".join(f"which {name} do you have in mind?" for name in first.slots)
        first.steps, first.answer = [], f"Happy to help. {questions.capitalize()}"
        first.planted = then.planted = True


def _forgets(planned: list[Turn], draw: Random) -> None:
    """With one release the assistant asks again, and the user has to say it once more."""
    for session in _sessions(planned):
        if session[0].app_version != "4.2.0":
            continue
        for before, turn in itertools.pairwise(session):
            if before.planted or before.long or draw.random() > 0.6:
                continue
            name = sorted(before.slots)[0]
            before.answer = f"Which {name} do you mean? You have not told me the {name} yet."
            turn.request = f"I told you already: {before.request}"
            turn.topic, turn.slots, turn.facts = before.topic, before.slots, before.facts
            turn.steps, before.steps = before.steps, []
            turn.answer = " ".join(f"The {key} is {value}." for key, value in before.facts.items())
            turn.planted = before.planted = True


def _mixes_up(planned: list[Turn], draw: Random) -> None:
    """With one release the answer still speaks of the place asked about before."""
    for session in _sessions(planned):
        for before, turn in itertools.pairwise(session):
            old, new = before.slots.get("city"), turn.slots.get("city")
            if turn.app_version != "4.1.0" or before.topic == turn.topic or old == new:
                continue
            if old and new and turn.answer and draw.random() < 0.7:
                figures = ", ".join(f"{name} {value}" for name, value in turn.facts.items())
                turn.answer = f"For {old}: {figures}."
                turn.planted = True


def _mixes_up_bookings(planned: list[Turn], draw: Random) -> None:
    """The same with booking references: the answer names the one of the request before."""
    for session in _sessions(planned):
        named = [f"{draw.choice('KLMNPQ')}X-{draw.randint(10_000, 99_999)}" for _ in session]
        for turn, booking in zip(session, named, strict=True):
            turn.request += f" It is about booking {booking}."
            turn.slots = {**turn.slots, "booking": booking}
            for call in turn.calls:
                call.arguments = {**call.arguments, "booking": booking}
            if turn.answer:
                turn.answer += f" I noted it for booking {booking}."
        for (before, turn), old, new in zip(
            itertools.pairwise(session), named, named[1:], strict=False
        ):
            if turn.app_version != "4.2.0" or before.topic == turn.topic or not turn.answer:
                continue
            if draw.random() < 0.7:
                turn.answer = turn.answer.replace(new, old)
                turn.planted = True


_COMPLAINTS = (
    "No, that is wrong. ",
    "That's not what I asked. ",
    "You don't understand me. ",
    "This is useless, you got it wrong again. ",
    "Wrong answer! ",
)


def _grumbles(planned: list[Turn], draw: Random) -> None:
    for session in _sessions(planned):
        rate = 0.6 if session[0].model == "basalt-70b" else 0.03
        for before, turn in itertools.pairwise(session):
            if draw.random() < rate:
                turn.request = draw.choice(_COMPLAINTS) + before.request
                turn.planted = before.planted = True


GENERATORS = (
    Generator("questions instead of an attempt", "asks-instead-of-attempting", TRAVEL,
              failing.nothing, (prompt_version("p9"),), prepare=_questions_first,
              also=frozenset({"context-lost"})),
    Generator("a release that forgets", "context-lost", HANDBOOK, failing.nothing,
              (app_version("4.2.0"),), prepare=_forgets,
              also=frozenset({"user-dissatisfaction", "asks-instead-of-attempting", "unsupported-by-tools"})),
    Generator("a release that mixes up topics", "context-carry-over", TRAVEL, failing.nothing,
              (app_version("4.1.0"),), prepare=_mixes_up),
    Generator("a release that mixes up bookings", "context-carry-over", TRAVEL, failing.nothing,
              (app_version("4.2.0"),), prepare=_mixes_up_bookings),
    Generator("a model that annoys", "user-dissatisfaction", TRAVEL, failing.nothing,
              (model("basalt-70b"),), prepare=_grumbles, also=frozenset({"context-lost"})),
)  # fmt: skip
