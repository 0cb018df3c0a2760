"""Who comes when: sessions over two weeks, with a daily curve and a few campaign peaks."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from mlflow_analysis.demo import shop
from mlflow_analysis.demo.shop import Customer

_T = TypeVar("_T")

EPOCH_MS = 1_780_272_000_000
"""2026-06-01 00:00 UTC: when the two weeks begin."""
DAY_MS = 86_400_000
DAYS = 14
RELEASE_MS = EPOCH_MS + 9 * DAY_MS + 8 * 3_600_000
"""Version 2.4.0 goes out on the tenth day at 08:00 UTC."""
BUSY = 5
"""Other traces in the 60 s before, from which on the load is a campaign's."""

_BY_HOUR = (3, 3, 3, 5, 5, 5, 5, 5, 6, 6, 6, 6, 5, 5, 6, 6, 5, 5, 5, 5, 5, 4, 4, 3)
_CAMPAIGNS = ((1, 10.2), (3, 18.6), (5, 14.3), (7, 20.1), (10, 12.4), (12, 16.7))
"""Day and hour at which a newsletter sends everybody to the chat at once."""
_IN_CAMPAIGNS = 0.2
_CAMPAIGN_MS = 5 * 60_000
_TURNS = ((1, 30), (2, 28), (3, 18), (4, 12), (5, 7), (6, 5))
_MODELS = ("sonata-large", "sonata-mini")
_CHANNELS = (("chat", 48), ("email", 27), ("voice", 25))


def stream(*parts: object) -> Random:
    """A random stream of its own for each purpose, so that planting one fault moves nothing else."""
    return Random("/".join(map(str, parts)))


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation; everything but the words."""

    id: str
    number: int
    customer: Customer
    channel: str
    model: str
    prompt: str
    starts_ms: tuple[int, ...]
    """Start of each turn."""


def sessions(seed: int, traces: int) -> list[Session]:
    """Sessions with ``traces`` turns in all, in no order of time."""
    found: list[Session] = []
    left = traces
    while left > 0:
        draw = stream(seed, "session", len(found))
        turns = min(left, _weighted(draw, _TURNS))
        found.append(_session(draw, len(found), turns))
        left -= turns
    return found


def _session(draw: Random, number: int, turns: int) -> Session:
    if draw.random() < _IN_CAMPAIGNS:
        day, hour = draw.choice(_CAMPAIGNS)
        start = EPOCH_MS + day * DAY_MS + hour * 3_600_000 + draw.uniform(0, _CAMPAIGN_MS)
    else:
        (hour,) = draw.choices(range(24), _BY_HOUR)
        start = EPOCH_MS + draw.randrange(DAYS) * DAY_MS + (hour + draw.random()) * 3_600_000
    starts = [int(start)]
    for _ in range(turns - 1):
        starts.append(
            starts[-1] + int(1000 * min(240.0, max(45.0, draw.lognormvariate(math.log(85), 0.4))))
        )
    return Session(
        id=f"chat-{draw.getrandbits(40):010x}",
        number=number,
        customer=draw.choice(shop.customers()),
        channel=_weighted(draw, _CHANNELS),
        model=draw.choice(_MODELS),
        prompt="p7" if draw.random() < 0.6 else "p6",
        starts_ms=tuple(starts),
    )


def loads(found: list[Session]) -> dict[int, int]:
    """For each start, how many other traces started in the 60 s before."""
    starts = sorted(start for session in found for start in session.starts_ms)
    return {
        start: bisect_left(starts, start) - bisect_left(starts, start - 60_000) for start in starts
    }


def _weighted(draw: Random, choices: tuple[tuple[_T, int], ...]) -> _T:
    (chosen,) = draw.choices([value for value, _ in choices], [weight for _, weight in choices])
    return chosen
