"""Sequences of random keys, drawn from the registry of actions: the same seed, the same keys."""

from __future__ import annotations

import random
from collections.abc import Iterator

from mlflow_tui.actions import ACTIONS, STEPS, actions_for

LENGTH = 100
LEAVES_OUT = frozenset({"leave", "suspend_process"})
"""A sequence would end early, or stop for good: nobody is there to bring it back."""
SIZES = ((120, 40), (80, 24), (200, 60), (40, 10), (20, 5))
WORDS = ("refund", "trace.status = 'ERROR'", "1", "region=eu", "[/b] é 日本", "../x", "%", "y")

_OFTEN = (1, 2, 5, 5, 3)
"""How often each step comes, beside the others."""
_PARTS = {"traces": ("traces", "traces", "compare"), "board": ("board", "board", "purpose")}
"""What may be on the screen of a step, as often as it is named."""


def keys_of(place: str) -> list[str]:
    """The keys that do something in ``place``, by Textual's names."""
    actions = actions_for(place)
    return [k for each in actions if each.name not in LEAVES_OUT for k in each.keys.split(",")]


_EVERY_KEY = sorted({key for action in ACTIONS for key in keys_of(action.where[0])})
_IN_DIALOGS = ("enter", "escape", "tab", "shift+tab", "backspace", "down", "y")


def sequence(seed: int) -> list[str]:
    """``LENGTH`` keys by Textual's names, or ``resize:COLUMNSxLINES`` in place of one.

    A person stays a while on a screen and mostly presses what does something there; so do these.
    """
    chance = random.Random(seed)
    drawn: list[str] = []
    while len(drawn) < LENGTH:
        place, digit, _ = chance.choices(STEPS, _OFTEN)[0]
        # On the first screen what is typed goes into the address; F3 is the way on.
        drawn += ["escape", "escape", "f3", "escape", digit]
        part = chance.choice(_PARTS.get(place, (place,)))
        for _ in range(chance.randint(4, 16)):
            drawn += _next(chance, part)
    return drawn[:LENGTH]


def _next(chance: random.Random, place: str) -> Iterator[str]:
    kind = chance.random()
    if kind < 0.66:
        yield chance.choice(keys_of(place))
    elif kind < 0.74:
        yield chance.choice(_EVERY_KEY)
    elif kind < 0.94:
        yield chance.choice(_IN_DIALOGS)
    elif kind < 0.97:
        yield from chance.choice(WORDS)
        yield "enter"
    else:
        columns, lines = chance.choice(SIZES)
        yield f"resize:{columns}x{lines}"
