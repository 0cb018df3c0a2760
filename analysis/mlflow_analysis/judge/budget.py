"""How much a judge may cost: calls, tokens or money, never exceeded."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

_FORM = re.compile(
    r"\s*(?:(?P<calls>\d+)\s*calls?|(?P<tokens>\d+(?:\.\d+)?)\s*(?P<times>[kKmM]?)\s*tokens?|\$\s*(?P<usd>\d+(?:\.\d+)?))\s*"
)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so much; ``None`` where there is no limit."""

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None

    def __str__(self) -> str:
        """As a person says it, and as ``parse_limit`` reads it."""
        parts = (
            "" if self.calls is None else f"{self.calls} calls",
            "" if self.tokens is None else f"{self.tokens} tokens",
            "" if self.usd is None else f"${self.usd:g}",
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a token."""

    input: float
    output: float


DEFAULT = Limit(calls=200)


def parse_limit(text: str) -> Limit:
    """``200 calls``, ``500k tokens`` or ``$2``; several parted by commas. Raises ``ValueError`` otherwise."""
    calls = tokens = usd = None
    for part in text.split(","):
        match = _FORM.fullmatch(part)
        if match is None:
            raise ValueError(
                f"{part.strip()!r} is no budget. Say it like '200 calls', '500k tokens' or '$2'."
            )
        if match["calls"]:
            calls = int(match["calls"])
        elif match["tokens"]:
            tokens = int(float(match["tokens"]) * _TIMES[match["times"].lower()])
        else:
            usd = float(match["usd"])
    return Limit(calls, tokens, usd)


class BudgetSpent(Exception):  # noqa: N818 - a state, told to a person
    """The next call could cost more than is left."""


class Budget:
    """What may be spent and what was; safe to use from several threads.

    Before a call the most that it can cost is set aside, and what it did not cost is given back after it. So
    calls that run at the same time never exceed the limit together.
    """

    def __init__(self, limit: Limit, price: Price | None) -> None:
        if limit.usd is not None and price is None:
            raise ValueError("The price of this model is not known.")
        self.limit, self.price = limit, price
        self.calls = self.input_tokens = self.output_tokens = 0
        self.estimated = False
        self._aside = [0, 0]
        self._lock = threading.Lock()

    def set_aside(self, most_input: int, most_output: int) -> None:
        """Take a call of at most so many tokens out of the budget. Raises ``BudgetSpent``."""
        with self._lock:
            into = self.input_tokens + self._aside[0] + most_input
            out = self.output_tokens + self._aside[1] + most_output
            limit = self.limit
            if limit.calls is not None and self.calls + 1 > limit.calls:
                raise BudgetSpent(f"the budget of {limit.calls} calls was spent")
            if limit.tokens is not None and into + out > limit.tokens:
                raise BudgetSpent(f"the budget of {limit.tokens:,} tokens was spent")
            usd = self._usd(into, out)
            if limit.usd is not None and usd is not None and usd > limit.usd:
                raise BudgetSpent(f"the budget of ${limit.usd:g} was spent")
            self.calls += 1
            self._aside[0] += most_input
            self._aside[1] += most_output

    def settle(self, most_input: int, most_output: int, used: tuple[int, int] | None) -> None:
        """Replace what was set aside by what was ``used``; by all of it where that is not known."""
        with self._lock:
            self._aside[0] -= most_input
            self._aside[1] -= most_output
            self.estimated |= used is None
            into, out = used or (most_input, most_output)
            self.input_tokens += into
            self.output_tokens += out

    @property
    def usd(self) -> float | None:
        """What was spent in US dollars; ``None`` without a price."""
        return self._usd(self.input_tokens, self.output_tokens)

    def _usd(self, into: int, out: int) -> float | None:
        return None if self.price is None else into * self.price.input + out * self.price.output
