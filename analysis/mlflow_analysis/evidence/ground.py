"""Some units, which of them are affected, and what attribute values they have: counted and tested."""

from __future__ import annotations

from functools import reduce

import numpy as np
import scipy

from mlflow_analysis.evidence.prevalence import Flags, Prevalence
from mlflow_analysis.statistics.clustering import ClusterExchange, Floats
from mlflow_analysis.statistics.exact import association_p_values, fisher_p

Group = tuple[int, ...]
"""Numbers of the literals of a combination, in the order in which they were joined."""


class Ground:
    """Some of the units (``among``), what of them is affected, and which literals they have.

    Units are left out as they are counted: a copy of the rest would cost more than the counts.
    """

    def __init__(self, counted: Prevalence, holds: list[Flags], among: Flags) -> None:
        """``holds`` says of each literal which units have it."""
        self._counted, self._among = counted, among
        self._holds = holds
        self.shows = counted.shows & among
        self.n, self.k = int(among.sum()), int(self.shows.sum())

    def having(self, group: Group) -> Flags:
        """Which units have all literals of the group."""
        return reduce(np.logical_and, (self._holds[each] for each in group))

    def counts(self, groups: list[Group]) -> tuple[Floats, Floats]:
        """How many units have each group, and how many of those are affected."""
        # one by one: a table of all groups would be larger than the literals are
        counted = np.zeros((2, len(groups)))
        for place, having in enumerate(map(self.having, groups)):
            counted[:, place] = (
                np.count_nonzero(having & self._among),
                np.count_nonzero(having & self.shows),
            )
        units, both = counted
        return units, both

    def quality(self, units: Floats, both: Floats) -> Floats:
        """φ of each group; 0 where all units have it or none."""
        n, k = float(self.n), float(self.k)
        scale = np.sqrt(k * (n - k) * units * (n - units))
        return np.divide(n * both - k * units, scale, out=np.zeros(len(units)), where=scale > 0)

    def p_within(self, having: Flags, strata: list[Flags]) -> float:
        """One-sided Mantel-Haenszel p of a literal (n,) going with the affected within strata.

        Each combination of the (at most five) ``strata`` (n,) is one. Mantel & Haenszel (1959), J. Natl. Cancer
        Inst. 22:719, with the continuity correction. 1 where no stratum can tell.
        """
        cells = 2 * having.astype(np.uint8) + self.shows
        for place, stratum in enumerate(strata, start=2):
            cells += stratum.astype(np.uint8) << place
        counts = np.bincount(cells[self._among], minlength=4 << len(strata)).reshape(-1, 4)
        lacking, without, units, both = counts.astype(float).T
        lacking, units = lacking + without, units + both
        n, k = lacking + units, without + both
        some = n > 1
        expected = np.divide(k * units, n, out=np.zeros(len(n)), where=some)
        variance = np.divide(
            units * lacking * k * (n - k), n**2 * (n - 1), out=np.zeros(len(n)), where=some
        ).sum()
        if variance <= 0:
            return 1.0
        above = (both[some].sum() - expected.sum() - 0.5) / np.sqrt(variance)
        return float(scipy.special.ndtr(-above))

    def lowest_p(self, units: Floats) -> Floats:
        """Fisher's p if as many as can be of groups of so many units were affected."""
        return fisher_p(np.minimum(units, self.k), units, self.k, self.n)

    def p_values(self, groups: list[Group]) -> Floats:
        """One-sided p of each group going with the affected (``association_p_values``).

        Of a combination: the largest p of any of its literals, each among the units that have all the
        others. So all matter, and one that whole sessions share is tested by sessions
        (intersection-union test: Berger 1982, Technometrics 24:295).
        """
        result = np.ones(len(groups))
        alone = [place for place, group in enumerate(groups) if len(group) == 1]
        if alone:
            result[alone] = self._associated(self._among, [groups[n][0] for n in alone])
        for place, group in enumerate(groups):
            if len(group) > 1:
                result[place] = max(self._given_the_others(each, group) for each in group)
        return result

    def _given_the_others(self, literal: int, group: Group) -> float:
        others = self.having(tuple(each for each in group if each != literal))
        return float(self._associated(self._among & others, [literal])[0])

    def _associated(self, among: Flags, literals: list[int]) -> Floats:
        having = np.array([self._holds[each][among] for each in literals])
        exchange = ClusterExchange(self._counted.cluster[among])
        outcome = self._counted.shows[among].astype(float)
        return association_p_values(outcome, having, exchange)
