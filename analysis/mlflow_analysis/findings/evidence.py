"""What stands behind a verdict: effect, causes, outcomes, course and durations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """The size of a contrast, with its 95 % interval."""

    kind: str
    """risk difference, ratio of medians, share of the critical path, …"""
    value: float
    interval: tuple[float, float]
    baseline: float | None = None
    """The same figure in the comparison group, where there is one."""


@dataclass(frozen=True, slots=True)
class RootCause:
    """An attribute value (or up to three joined by " and ") that goes with the affected units."""

    attribute: str
    value: str
    share: float
    """Share of the affected units that have it."""
    lift: float
    """Rate among units that have it over the rate among all eligible units."""
    q_value: float
    mechanism: str
    """"because …" where the trace shows the mechanism, else "associated with …"."""
    affected: int = 0
    units: int = 0
    """Eligible units that have the value."""
    replicates: bool | None = None
    """Whether it goes with the affected units in both halves of the sessions; ``None``: not looked at."""
    interval: tuple[float, float] | None = None
    """95 % interval of the share affected among the units that have it (Wilson, with the design effect)."""
    rest_interval: tuple[float, float] | None = None
    """The same among the eligible units that do not."""


@dataclass(frozen=True, slots=True)
class OutcomeContrast:
    """How sessions ended that have the finding, against those that could have it and don't."""

    outcome: str
    """What counts as ending badly: "correctness fails", "the last trace failed", …"""
    rate_with: float
    rate_without: float
    sessions_with: int
    sessions_without: int
    difference: float
    """Risk difference, ``rate_with - rate_without``: above 0 the sessions with the finding end worse."""
    interval: tuple[float, float]
    p_value: float
    q_value: float
    association: str = ""
    """What follows, in words: "associated with worse outcomes", "no association shown", …"""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One time bucket: how many units, how many of them affected."""

    start_ms: int
    eligible: int
    affected: int


@dataclass(frozen=True, slots=True)
class Durations:
    """How long affected traces took, and the others that could have shown it: counts over the same bins."""

    edges_ms: tuple[float, ...]
    """Of the bins, one more than there are, equal steps of the logarithm."""
    affected: tuple[int, ...]
    rest: tuple[int, ...]
    affected_quantiles_ms: tuple[float, ...]
    """The quarter, the half, three quarters, and 95 %."""
    rest_quantiles_ms: tuple[float, ...]
