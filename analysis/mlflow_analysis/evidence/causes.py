"""Which attribute values, alone or up to three together, set the affected units apart.

With enough traces the search sees one half of the sessions only, and the p-values come from the other
(see ``replication``): there each value found is one test, declared before that half was looked at. With
fewer traces, or fewer than ``ENOUGH_AFFECTED`` affected units (a margin, which says nothing of any cause),
everything is searched and tested at once, and each value says whether both halves show it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mlflow_analysis.evidence.attributes import Literal
from mlflow_analysis.evidence.candidates import (
    Candidate,
    actionable_first,
    precedence,
    without_echoes,
    worth_showing,
)
from mlflow_analysis.evidence.ground import Ground, Group
from mlflow_analysis.evidence.prevalence import Flags, Prevalence
from mlflow_analysis.evidence.replication import Halves
from mlflow_analysis.statistics.exact import fisher_p

FEWEST_UNITS = 5
TELLING = 0.01
"""A contrast whose counts could not have come out below this p, whatever they showed, is no test."""
ENOUGH_AFFECTED = 20
FEWEST_IN_HALF = 3
"""So many affected units of the half that is searched; of all there must be ``FEWEST_UNITS``."""
MOST_LITERALS = 3
_BEAM = 8
_BETTER = 1.10
"""A literal more must explain at least a tenth more, or it stays out."""
_SIGNIFICANCE = 0.05
_CONSEQUENCES = frozenset({"error_template", "first_failed_span"})
"""Known of failing units only: where the claim is about failing, they would say it again."""


@dataclass(frozen=True)
class Search:
    """Candidates in rank order, and the p-value of every test that was run to find them."""

    candidates: tuple[Candidate, ...]
    p_values: tuple[float, ...]


def search_causes(
    counted: Prevalence,
    literals: list[Literal],
    halves: Halves | None = None,
    among: Flags | None = None,
) -> Search:
    """Contrast the affected units with the unaffected over all ``literals``.

    Candidates are ranked by the φ coefficient, which weighs the share explained against the rate inside
    (Matthews 1975, Biochim. Biophys. Acta 405:442), found by beam search, and hold for at least five
    affected units. Literals that hold for the same units are kept once, under the first name. Every
    contrast that could have reached five units and p < 1 % counts as a test, whatever it showed (what
    could not, could not mislead either: Tarone 1990, Biometrics 46:515); a combination that does not
    beat its parts counts with p = 1. What is left of a candidate's
    association within those that rank before it decides whether it is shown (``candidates``).

    ``among`` leaves out units that are no fair comparison (``attributes.comparable``).
    """
    if counted.affected < FEWEST_UNITS or counted.affected == counted.eligible:
        return Search((), ())
    everywhere = np.ones(counted.eligible, dtype=bool) if among is None else among
    held_out = halves is not None and halves.held_out and counted.affected >= ENOUGH_AFFECTED
    searched = halves.first & everywhere if halves is not None and held_out else everywhere
    telling = _distinct(_without_consequences(literals, counted.shows))
    holds = [each.holds for each in telling]
    ground = Ground(counted, holds, searched)
    if ground.k in (0, ground.n):
        return Search((), ())
    found, tests = _explore(ground, telling, FEWEST_IN_HALF if held_out else FEWEST_UNITS, held_out)
    groups = [each for each, _ in found]
    everything = Ground(counted, holds, everywhere) if held_out else ground
    p_values = dict(tests)
    if halves is not None and held_out:
        other = Ground(counted, holds, ~halves.first & everywhere)
        tests = list(zip(groups, other.p_values(groups).tolist(), strict=True))
        p_values = dict(tests)
    candidates = _candidates(everything, telling, groups, p_values, halves)
    shown = worth_showing(candidates, everything)
    return Search(tuple(shown), tuple(p for _, p in tests))


def _explore(
    ground: Ground, telling: list[Literal], fewest: int, quietly: bool
) -> tuple[list[tuple[Group, float]], list[tuple[Group, float]]]:
    """Groups with their φ, the best first, and the tests run (none if ``quietly``).

    ``quietly`` is for a half that only forms what the other half tests: of what it finds as much is kept
    as will be shown.
    """
    tests: list[tuple[Group, float]] = []

    def weigh(groups: list[Group]) -> tuple[dict[Group, float], list[Group]]:
        """The φ of each group that holds for enough affected units, and those that count as tests."""
        if not groups:
            return {}, []
        units, both = ground.counts(groups)
        could = (np.minimum(units, ground.k) >= fewest) & (units < ground.n)
        if not quietly:
            could[could] = ground.lowest_p(units[could]) < TELLING
        quality = np.where(could & (both >= fewest), ground.quality(units, both), 0.0)
        found = dict(zip(groups, quality.tolist(), strict=True))
        tested = [group for group, each in zip(groups, could, strict=True) if each and not quietly]
        return {group: value for group, value in found.items() if value > 0}, tested

    def ranked(found: Iterable[tuple[Group, float]]) -> list[tuple[Group, float]]:
        return sorted(found, key=lambda each: (-round(each[1], 12), *_names(each[0], telling)))

    quality, tested = weigh([(number,) for number in range(len(telling))])
    tests.extend(zip(tested, ground.p_values(tested).tolist(), strict=True))
    singles = ranked(quality.items())
    strict = _SIGNIFICANCE / max(1, len(telling))
    best, beam = list(singles), singles[:_BEAM]
    for _ in range(MOST_LITERALS - 1):
        joined = _extensions(beam, singles[:_BEAM], telling)
        found, tested = weigh(list(joined))
        grown = {
            group: value
            for group, value in found.items()
            if value > _BETTER * max(quality[each] for each in joined[group])
            and _each_matters(ground, group, strict)
        }
        shown = [group for group in tested if group in grown]
        p_of = dict(zip(shown, ground.p_values(shown).tolist(), strict=True))
        tests.extend((group, p_of.get(group, 1.0)) for group in tested)
        beam = ranked(grown.items())[:_BEAM]
        quality.update(beam)
        best += beam
    best = ranked(best)
    if quietly:
        kept = _candidates(ground, telling, [group for group, _ in best], {}, None)
        names = {(each.attribute, each.value) for each in without_echoes(actionable_first(kept))}
        best = [each for each in best if _names(each[0], telling)[1:] in names]
    return best, tests


def _candidates(
    units: Ground,
    telling: list[Literal],
    groups: list[Group],
    p_values: dict[Group, float],
    halves: Halves | None,
) -> list[Candidate]:
    """The groups with their figures among ``units``, the best first; weak ones are left out."""
    if not groups:
        return []
    having_n, both = units.counts(groups)
    quality = units.quality(having_n, both)
    result = []
    for number, group in enumerate(groups):
        if quality[number] <= 0 or (halves is not None and both[number] < FEWEST_UNITS):
            continue
        result.append(
            Candidate(
                tuple(telling[each] for each in group),
                float(quality[number]),
                float(both[number] / units.k),
                float(both[number] / having_n[number] / (units.k / units.n)),
                int(both[number]),
                int(having_n[number]),
                p_values.get(group, 1.0),
                None if halves is None else _in_both(units.shows, units.having(group), halves),
            )
        )
    return sorted(
        result,
        key=lambda each: (-round(each.quality, 12), len(each.literals), each.attribute, each.value),
    )


def _in_both(shows: Flags, having: Flags, halves: Halves) -> bool:
    """Whether the rate with it is above the rate without it in each half."""
    for half in (halves.first, ~halves.first):
        n, k = np.count_nonzero(half), np.count_nonzero(half & shows)
        units, both = np.count_nonzero(half & having), np.count_nonzero(half & having & shows)
        if units in (0, n) or both / units <= (k - both) / (n - units):
            return False
    return True


def _names(group: Group, telling: list[Literal]) -> tuple[int, str, str]:
    chosen = [telling[each] for each in group]
    return (
        len(chosen),
        " and ".join(each.attribute for each in chosen),
        " and ".join(each.value for each in chosen),
    )


def _each_matters(ground: Ground, group: Group, strict: float) -> bool:
    """Whether each literal tells affected units apart among those that have all the others.

    Fisher's exact test, at ``strict``: the usual 5 % divided by the number of literals to choose from,
    since the best of many always looks good.
    """
    for literal in group:
        others = [tuple(each for each in group if each != literal), group]
        (total, held), (affected, both) = ground.counts(others)
        p_value = fisher_p(both, held, affected, total)[0]
        if p_value >= strict:
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


def _distinct(literals: list[Literal]) -> list[Literal]:
    """Literals of which no two hold for the same units."""
    kept: list[Literal] = []
    by_units: dict[tuple[int, int], list[Literal]] = {}
    for each in sorted(literals, key=lambda each: precedence(each.attribute)):
        count, first = int(np.count_nonzero(each.holds)), int(each.holds.argmax())
        alike = by_units.setdefault((count, first), [])
        if not any(np.array_equal(each.holds, other.holds) for other in alike):
            alike.append(each)
            kept.append(each)
    return kept


def _extensions(
    beam: list[tuple[Group, float]],
    singles: list[tuple[Group, float]],
    telling: list[Literal],
) -> dict[Group, tuple[Group, Group]]:
    """Combinations with one literal more, each once, and the two that it is joined of."""
    pairs: dict[frozenset[int], tuple[Group, Group]] = {}
    for group, _ in beam:
        taken = {telling[each].attribute for each in group}
        for single, _ in singles:
            if telling[single[0]].attribute not in taken:
                pairs.setdefault(frozenset((*group, *single)), (group, single))
    return {(*group, *single): (group, single) for group, single in pairs.values()}
