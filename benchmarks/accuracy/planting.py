"""Where a fault is hidden, how often it strikes, and which traces showed it: the answer sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from scipy import stats

from benchmarks.accuracy.applications import Application
from benchmarks.accuracy.plan import Turn
from benchmarks.accuracy.recording import record
from benchmarks.accuracy.traffic import Mix, turns
from mlflow_analysis.records import TraceRecord

FEWEST_AFFECTED = 10
CLEAR = 1e-3
"""A cause counts as detectable if the answer sheet itself (no analysis) shows it at this p."""


_OF_SESSIONS = frozenset(
    {
        "authentication-failure",
        "cold-start",
        "token-growth",
        "asks-instead-of-attempting",
        "context-lost",
        "context-carry-over",
        "user-dissatisfaction",
    }
)
"""Claims that the catalogue counts by session."""


@dataclass(frozen=True)
class Hidden:
    """One part of a cause: a value of an attribute."""

    attribute: str
    """As root causes name it: tool, model, app_version, tag.region, hour, turn, topic …"""
    value: str
    holds: Callable[[Turn], bool]
    also_named: tuple[str, ...] = ()
    """Words any of which in the value say the same (topics are labelled by their own words)."""
    by_session: bool = True
    """Whether all turns of a session share it."""

    def named(self, attribute: str, value: str) -> bool:
        """Whether a root cause literal names it."""
        if attribute != self.attribute:
            return False
        return value == self.value or any(word in value.casefold() for word in self.also_named)


def tool(name: str) -> Hidden:
    """Traces that call it."""
    return Hidden("tool", name, lambda turn: bool(turn.calls_of(name)), by_session=False)


def model(name: str) -> Hidden:
    """Traces that a model served."""
    return Hidden("model", name, lambda turn: turn.model == name)


def app_version(name: str) -> Hidden:
    """Traces of a release."""
    return Hidden("app_version", name, lambda turn: turn.app_version == name)


def prompt_version(name: str) -> Hidden:
    """Traces with a version of the prompt."""
    return Hidden("prompt_version", name, lambda turn: turn.prompt_version == name)


def region(name: str) -> Hidden:
    """Traces with this value of the tag ``region``."""
    return Hidden("tag.region", name, lambda turn: turn.region == name)


def hours(first: int, end: int) -> Hidden:
    """Traces that start within some hours of the day (UTC)."""
    return Hidden("hour", f"{first:02d}–{end:02d}", lambda turn: first <= turn.hour < end)


def late_turn() -> Hidden:
    """Fourth and later turns of a session."""
    return Hidden("turn", "4+", lambda turn: turn.turn >= 4, by_session=False)


def long_request() -> Hidden:
    """Requests of more than sixty words."""
    return Hidden("request_length", "long", lambda turn: turn.long, by_session=False)


def topic(app: Application, name: str) -> Hidden:
    """Requests about one thing."""
    words = (name, *app.topic(name).keywords)
    return Hidden("topic", name, lambda turn: turn.topic == name, words, by_session=False)


@dataclass(frozen=True)
class Generator:
    """A kind of fault in one application, hidden behind a cause."""

    id: str
    hypothesis: str
    app: Application
    plant: Callable[[Turn], bool]
    """Change the plan of one turn; tells whether it could."""
    cause: tuple[Hidden, ...] = ()
    """All parts have to hold together. Empty where the claim has no cause besides its subject."""
    rate: float = 1.0
    """Share of the traces with the cause that show it; session by session more or less."""
    background: float = 0.0
    """Share of the other traces."""
    aliases: frozenset[str] = frozenset()
    """Hypotheses that state the same fact in other words."""
    also: frozenset[str] = frozenset()
    """What else is then true."""
    mix: Mix = field(default_factory=Mix)
    prepare: Callable[[list[Turn], Random], None] | None = None
    """For what no turn can decide alone: change the whole traffic before the turns are planted."""
    tells: str = ""
    """What the statement or a root cause has to name (the release of a regression)."""

    def here(self, turn: Turn) -> bool:
        """Whether the cause holds."""
        return all(each.holds(turn) for each in self.cause)


@dataclass(frozen=True)
class Scenario:
    """Generated traces and what was planted in them."""

    generator: Generator
    seed: int
    size: int
    records: tuple[TraceRecord, ...]
    planted: frozenset[str]
    """Trace ids."""
    affected_with_cause: int
    detectable: bool
    """See ``detectable``."""


def planted_turns(generator: Generator, seed: int, size: int) -> list[Turn]:
    """The plans with the fault in them."""
    planned = turns(generator.app, seed, size, generator.mix)
    if generator.prepare:
        generator.prepare(planned, Random(f"{generator.id}/{seed}"))
    for turn in planned:
        turn.has_cause = generator.here(turn)
        if turn.strikes(generator.rate if turn.has_cause else generator.background):
            turn.planted = generator.plant(turn) or turn.planted
    return planned


def make(generator: Generator, seed: int, size: int) -> Scenario:
    """The same arguments give the same traces."""
    planned = planted_turns(generator, seed, size)
    with_cause = [turn.has_cause for turn in planned]
    records = record(generator.app, planned, seed)
    shown = [turn.planted for turn in planned]
    return Scenario(
        generator,
        seed,
        size,
        tuple(records),
        frozenset(each.info.trace_id for each, shows in zip(records, shown, strict=True) if shows),
        sum(shows and here for shows, here in zip(shown, with_cause, strict=True)),
        detectable(generator, planned, with_cause),
    )


def detectable(generator: Generator, planned: Sequence[Turn], with_cause: Sequence[bool]) -> bool:
    """Whether the answer sheet holds enough for anyone to name the cause.

    At least ten affected traces that have the cause, and Fisher's exact test of affected against cause
    at p < 0.001, by session where all turns of a session share the cause or the claim is one about
    sessions. A combination must show so
    against each of its parts alone, too (p < 0.05), or a simpler cause would be as good a name.
    """
    shown = [turn.planted for turn in planned]
    if sum(a and b for a, b in zip(shown, with_cause, strict=True)) < FEWEST_AFFECTED:
        return False
    if not generator.cause or all(with_cause):
        return True
    by_session = generator.hypothesis in _OF_SESSIONS or all(
        each.by_session for each in generator.cause
    )
    keys = [turn.session if by_session else str(turn.number) for turn in planned]
    if _fisher(keys, shown, with_cause) >= CLEAR:
        return False
    if len(generator.cause) == 1:
        return True
    for part in generator.cause:
        inside = [n for n, turn in enumerate(planned) if part.holds(turn)]
        p = _fisher(
            [keys[n] for n in inside], [shown[n] for n in inside], [with_cause[n] for n in inside]
        )
        if p >= 0.05:
            return False
    return True


def _fisher(keys: Iterable[str], shown: Iterable[bool], with_cause: Iterable[bool]) -> float:
    units: dict[str, list[bool]] = {}
    for key, shows, here in zip(keys, shown, with_cause, strict=True):
        unit = units.setdefault(key, [False, False])
        unit[0] |= shows
        unit[1] |= here
    table = np.zeros((2, 2), dtype=np.int64)
    for shows, here in units.values():
        table[1 - shows, 1 - here] += 1
    return float(stats.fisher_exact(table, alternative="greater").pvalue)
