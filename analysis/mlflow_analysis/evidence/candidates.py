"""What a search for causes found, in the order in which it is worth reading."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mlflow_analysis.evidence.attributes import Literal
from mlflow_analysis.evidence.ground import Ground
from mlflow_analysis.evidence.prevalence import Flags

SHOWN = 6
_SIGNIFICANCE = 0.05
_CLEAR = 0.001
_HELD_AGAINST = 4
"""So many better explanations make at most sixteen strata."""
_AS_GOOD = 0.95
_PRECEDENCE = (
    "tool",
    "app_version",
    "prompt_version",
    "model",
    "tag.",
    "load",
    "hour",
    "turn",
    "request_length",
    "user",
)
"""Where two explain the same, the one that a team can change comes first, and the topic, which is
itself worked out from the requests, comes last."""


@dataclass(frozen=True)
class Candidate:
    """A value or a combination, with its figures before correction for the number of tests."""

    literals: tuple[Literal, ...]
    quality: float
    """The φ coefficient (Matthews correlation) of having the literals and being affected."""
    share: float
    lift: float
    affected: int
    units: int
    p_value: float
    replicates: bool | None = None
    """Whether the rate is higher with it than without in both halves of the sessions."""

    @property
    def attribute(self) -> str:
        """Names joined by " and "."""
        return " and ".join(each.attribute for each in self.literals)

    @property
    def value(self) -> str:
        """Values joined by " and "."""
        return " and ".join(each.value for each in self.literals)


def holds_for(candidate: Candidate) -> Flags:
    """Which units have all its literals."""
    return np.logical_and.reduce([each.holds for each in candidate.literals])


@lru_cache(maxsize=256)
def precedence(attribute: str) -> int:
    """The place of an attribute among those that explain the same."""
    if attribute == "topic":
        return len(_PRECEDENCE) + 1
    places = (n for n, prefix in enumerate(_PRECEDENCE) if attribute.startswith(prefix))
    return next(places, len(_PRECEDENCE))


def worth_showing(candidates: list[Candidate], units: Ground) -> list[Candidate]:
    """At most ``SHOWN``: those that explain something of their own, the actionable ones first."""
    return without_echoes(_independent(actionable_first(candidates), units))


def actionable_first(candidates: list[Candidate]) -> list[Candidate]:
    """Among those about as good as the best, by what can be changed."""
    if not candidates:
        return []
    close = [each for each in candidates if each.quality >= _AS_GOOD * candidates[0].quality]
    close.sort(key=lambda each: max(precedence(literal.attribute) for literal in each.literals))
    return close + candidates[len(close) :]


def _independent(candidates: list[Candidate], units: Ground) -> list[Candidate]:
    """Leave out what only goes along with a better explanation.

    A release that gets the hard requests fails more often, without being worse. So each candidate is
    held against those before it that are likely to stand after correction (p < 0.1 %): within the units that have, and
    those that lack, each of these (all combinations are strata) its affected units must be more than
    expected, by the one-sided Mantel-Haenszel test at 5 %.
    """
    kept: list[Candidate] = []
    before: list[Flags] = []
    for candidate in candidates:
        having = holds_for(candidate)
        if before and units.p_within(having, before) >= _SIGNIFICANCE:
            continue
        kept.append(candidate)
        if candidate.p_value < _CLEAR and len(before) < _HELD_AGAINST:
            before.append(having)
    return kept


def without_echoes(candidates: list[Candidate]) -> list[Candidate]:
    """The first ``SHOWN`` that don't only repeat a better candidate with one literal more or less."""
    result: list[Candidate] = []
    better: list[frozenset[tuple[str, str]]] = []
    for candidate in candidates:
        names = frozenset((each.attribute, each.value) for each in candidate.literals)
        if any(names > each or (len(names) > 1 and names <= each) for each in better):
            continue
        result.append(candidate)
        better.append(names)
        if len(result) == SHOWN:
            break
    return result
