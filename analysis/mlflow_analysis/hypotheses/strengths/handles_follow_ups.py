"""Later turns are as good as first ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Outcome, Rule, affected_rows
from mlflow_analysis.hypotheses.quality.context_lost import ContextLost
from mlflow_analysis.hypotheses.remembered import remembered
from mlflow_analysis.hypotheses.strengths.success import succeeded
from mlflow_analysis.statistics.contrasts import difference_of_rates

_FEWEST = 20
_MARGIN = 0.05


class HandlesFollowUps(Hypothesis):
    """Follow-ups are handled as well as first requests.

    ## Why it matters
    Many applications are good for one question and lose the thread at the second: this one does not.

    ## Test
    Eligible: second and later turns, at least 20 of them and 20 first ones. A turn went well if it did
    not fail, no assessment failed it, and it did not lose context (as for context-lost).
    Non-inferiority: confirmed if the lower bound of the risk difference between later and first turns
    (Newcombe, widened for sessions) is above -5 points; refuted if the upper bound is below it.

    ## Not flagged
    Applications where both go badly (fewer than 80 % of the later turns go well).

    ## Recommendation
    Keep what carries the context from turn to turn, and hold on to a few long conversations as a
    regression set.

    ## Sources
    Piaggio et al. 2012, Reporting of Noninferiority and Equivalence Randomized Trials, JAMA 308. Laban
    et al. 2025, LLMs Get Lost In Multi-Turn Conversation, arXiv:2505.06120.
    """

    id: ClassVar[str] = "handles-follow-ups"
    title: ClassVar[str] = "Handles follow-ups"
    category: ClassVar[Category] = Category.STRENGTH
    counterpart: ClassVar[str] = "context-lost"
    is_outcome = frozenset(Outcome)
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = -_MARGIN
    needs: ClassVar[frozenset[Field]] = frozenset({Field.FOLLOW_UPS})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Second and later turns."""
        traces = features.complete
        return pd.Index(traces.loc[traces["turn"] > 1, "place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Those that went well."""
        traces = features.complete
        good = traces.loc[
            (traces["turn"] > 1) & _went_well(features),
            ["place", "turn", "request", "root_span_id"],
        ]
        return affected_rows(
            good["place"],
            good.index,
            good["root_span_id"],
            [request[:200] for request in good["request"]],
            good["turn"].map(
                {
                    turn: f"Turn {turn} did not fail, lost no context, and no assessment failed it."
                    for turn in good["turn"].unique().tolist()
                }
            ),
            offset=0,
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all turns."""
        traces = features.complete
        later = traces["turn"] > 1
        well = _went_well(features)
        few = ""
        if min(int(later.sum()), int((~later).sum())) < _FEWEST:
            few = f"fewer than {_FEWEST} first or later turns"
        elif well[later].mean() < 0.8:
            few = f"only {well[later].mean():.0%} of the later turns go well"
        found = difference_of_rates(
            well.to_numpy(), later.to_numpy(), traces["session"].to_numpy(), seed=features.seed
        )
        yield Case(
            self.eligible(features),
            self.affected(features),
            contrast=Contrast(
                Effect("risk difference", found.value, found.interval, found.rate_out), None
            ),
            statement=f"{found.rate_in:.0%} of the later turns go well, {found.rate_out:.0%} of the first ones.",
            test_without_effect=few,
        )


@remembered
def _went_well(features: Features) -> pd.Series:
    lost = set(ContextLost().affected(features)["trace_id"])
    well = succeeded(features)
    return well & ~well.index.isin(lost)
