"""Which attribute values, alone or up to three together, set the affected units apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from mlflow_analysis.evidence.attributes import Flags, Literal
from mlflow_analysis.evidence.prevalence import Prevalence
from mlflow_analysis.statistics.clustering import ClusterExchange
from mlflow_analysis.statistics.contrasts import association_p

FEWEST_UNITS = 5
MOST_LITERALS = 3
SHOWN = 6
_BEAM = 8
_BETTER = 1.10
"""A literal more must explain at least a tenth more, or it stays out."""
_SIGNIFICANCE = 0.05
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
    "user",
)
"""Where two explain the same, the one that a team can change comes first, and the topic, which is
itself worked out from the requests, comes last."""
_CONSEQUENCES = frozenset({"error_template", "first_failed_span"})
"""Known of failing units only: where the claim is about failing, they would say it again."""


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

    @property
    def attribute(self) -> str:
        """Names joined by " and "."""
        return " and ".join(each.attribute for each in self.literals)

    @property
    def value(self) -> str:
        """Values joined by " and "."""
        return " and ".join(each.value for each in self.literals)


@dataclass(frozen=True)
class Search:
    """Candidates in rank order, and the p-value of every test that was run to find them."""

    candidates: tuple[Candidate, ...]
    p_values: tuple[float, ...]


def search_causes(counted: Prevalence, literals: list[Literal]) -> Search:
    """Contrast the affected units with the unaffected over all ``literals``.

    Candidates are ranked by the φ coefficient, which weighs the share explained against the rate inside
    (Matthews 1975, Biochim. Biophys. Acta 405:442), found by beam search, and hold for at least five
    affected units. Literals that hold for the same units are kept once, under the first name.
    """
    if counted.affected < FEWEST_UNITS or counted.affected == counted.eligible:
        return Search((), ())
    exchange = ClusterExchange(counted.cluster)
    outcome = counted.shows.astype(float)
    tests: list[float] = []

    def weigh(group: tuple[Literal, ...]) -> Candidate | None:
        holds = np.logical_and.reduce([each.holds for each in group])
        units, both = int(holds.sum()), int((holds & counted.shows).sum())
        if both < FEWEST_UNITS or units == counted.eligible:
            return None
        n, k = counted.eligible, counted.affected
        quality = (n * both - k * units) / float(np.sqrt(k * (n - k) * units * (n - units)))
        if quality <= 0:
            return None
        p_value = association_p(outcome, holds.astype(float), exchange)
        tests.append(p_value)
        lift = both / units / counted.rate
        return Candidate(group, quality, both / counted.affected, lift, both, units, p_value)

    telling = _distinct(_without_consequences(literals, counted.shows))
    singles = _ranked(weigh((literal,)) for literal in telling)
    strict = _SIGNIFICANCE / max(1, len(telling))
    best = list(singles)
    beam = singles[:_BEAM]
    for _ in range(MOST_LITERALS - 1):
        grown = []
        for candidate, single in _extensions(beam, singles[:_BEAM]):
            group = (*candidate.literals, *single.literals)
            found = weigh(group)
            if found is None or found.quality <= _BETTER * max(candidate.quality, single.quality):
                continue
            if _each_matters(group, counted.shows, strict):
                grown.append(found)
        beam = _without_twins(_ranked(grown))[:_BEAM]
        best += beam
    shown = _without_echoes(_actionable_first(_ranked(best)))[:SHOWN]
    return Search(tuple(shown), tuple(tests))


def _ranked(candidates: Iterable[Candidate | None]) -> list[Candidate]:
    found = [each for each in candidates if each is not None]
    return sorted(
        found,
        key=lambda each: (-round(each.quality, 12), len(each.literals), each.attribute, each.value),
    )


def _each_matters(group: tuple[Literal, ...], shows: Flags, strict: float) -> bool:
    """Whether each literal tells affected units apart among those that have all the others.

    Fisher's exact test, at ``strict``: the usual 5 % divided by the number of literals to choose from,
    since the best of many always looks good.
    """
    for literal in group:
        others = [each.holds for each in group if each is not literal]
        among = np.logical_and.reduce(others)
        held, outcome = literal.holds[among], shows[among]
        table = np.array(
            [
                [(held & outcome).sum(), (held & ~outcome).sum()],
                [(~held & outcome).sum(), (~held & ~outcome).sum()],
            ]
        )
        if stats.fisher_exact(table, alternative="greater").pvalue >= strict:
            return False
    return True


def _without_consequences(literals: list[Literal], shows: Flags) -> list[Literal]:
    """Leave out what is known of the affected units far more often than of the others."""
    restating = set()
    for attribute in _CONSEQUENCES & {each.attribute for each in literals}:
        known = np.logical_or.reduce(
            [each.holds for each in literals if each.attribute == attribute]
        )
        if known[shows].mean() - known[~shows].mean() > 0.5:
            restating.add(attribute)
    return [each for each in literals if each.attribute not in restating]


def _precedence(attribute: str) -> int:
    places = (n for n, prefix in enumerate(_PRECEDENCE) if attribute.startswith(prefix))
    return next(places, len(_PRECEDENCE))


def _actionable_first(candidates: list[Candidate]) -> list[Candidate]:
    """Among those about as good as the best, by what can be changed."""
    if not candidates:
        return []
    close = [each for each in candidates if each.quality >= _AS_GOOD * candidates[0].quality]
    close.sort(key=lambda each: max(_precedence(literal.attribute) for literal in each.literals))
    return close + candidates[len(close) :]


def _distinct(literals: list[Literal]) -> list[Literal]:
    seen: set[bytes] = set()
    result = []
    for literal in sorted(literals, key=lambda each: _precedence(each.attribute)):
        pattern = np.packbits(literal.holds).tobytes()
        if pattern not in seen:
            seen.add(pattern)
            result.append(literal)
    return result


def _extensions(
    beam: list[Candidate], singles: list[Candidate]
) -> list[tuple[Candidate, Candidate]]:
    pairs = []
    for candidate in beam:
        taken = {each.attribute for each in candidate.literals}
        pairs += [
            (candidate, single) for single in singles if single.literals[0].attribute not in taken
        ]
    return pairs


def _without_twins(candidates: list[Candidate]) -> list[Candidate]:
    """One of each combination, whatever the order in which its literals were joined."""
    seen: set[frozenset[tuple[str, str]]] = set()
    result = []
    for candidate in candidates:
        names = frozenset((each.attribute, each.value) for each in candidate.literals)
        if names not in seen:
            seen.add(names)
            result.append(candidate)
    return result


def _without_echoes(candidates: list[Candidate]) -> list[Candidate]:
    """Leave out what only repeats a better candidate with one literal more or less."""
    result: list[Candidate] = []
    for candidate in candidates:
        names = {(each.attribute, each.value) for each in candidate.literals}
        parts = {
            frozenset(some)
            for better in result
            for size in range(1, len(better.literals) + 1)
            for some in combinations(
                [(each.attribute, each.value) for each in better.literals], size
            )
        }
        nested = any(names > {(e.attribute, e.value) for e in better.literals} for better in result)
        if nested or (frozenset(names) in parts and len(names) > 1):
            continue
        result.append(candidate)
    return result


def holds_for(candidate: Candidate) -> Flags:
    """Which units have all its literals."""
    return np.logical_and.reduce([each.holds for each in candidate.literals])
