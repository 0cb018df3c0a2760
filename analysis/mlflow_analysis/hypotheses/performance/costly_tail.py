"""Few traces that use most of the tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Effect, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows
from mlflow_analysis.statistics.clustering import bootstrap_counts, cluster_codes

_TOP = 0.10
_FEWEST = 50
_RESAMPLES = 499
_CELLS = 10_000_000


class CostlyTail(Hypothesis):
    """A tenth of the traces uses more than half of the tokens.

    ## Why it matters
    Then the bill is made by few traces, and a limit or a cheaper route for those saves more than any
    work on the rest.

    ## Test
    Eligible: traces with known tokens, at least 50. The effect is the share of all tokens that the 10 % of
    traces with the most tokens use, with a cluster-bootstrap interval. Confirmed if its lower bound is
    above 50 %. Affected: those traces.

    ## Not flagged
    Ordinary spreads: log-normal usage with a sigma of 1 gives its top tenth 39 % of the tokens.

    ## Recommendation
    Cap steps and context for the kind of request named under root causes, route it to a cheaper model,
    and set an alert on tokens per trace.

    ## Sources
    Lorenz 1905, Methods of Measuring the Concentration of Wealth. Limpert et al. 2001, Log-normal
    distributions across the sciences, BioScience 51.
    """

    id: ClassVar[str] = "costly-tail"
    title: ClassVar[str] = "Few traces use most tokens"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 0.50
    needs: ClassVar[frozenset[Field]] = frozenset({Field.TOKENS})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Traces with known tokens."""
        return _counted(features).index

    def affected(self, features: Features) -> pd.DataFrame:
        """The tenth with the most tokens."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all traces."""
        traces = _counted(features)
        if len(traces) < _FEWEST:
            nothing = affected_rows(pd.Index([]), pd.Index([]), "", "", "")
            few = f"fewer than {_FEWEST} traces carry token usage"
            yield Case(traces.index, nothing, test_without_effect=few)
            return
        traces = traces.sort_values("total_tokens", ascending=False, kind="stable")
        tokens = traces["total_tokens"].to_numpy(dtype=float)
        codes = cluster_codes(traces["session"].to_numpy())
        resamples = int(min(_RESAMPLES, max(99, _CELLS // len(tokens))))
        counts = bootstrap_counts(
            int(codes.max()) + 1, resamples, np.random.default_rng(features.seed)
        )
        shares = [_top_share(tokens, row[codes]) for row in counts]
        low, high = np.percentile(shares, [2.5, 97.5])
        value = _top_share(tokens, np.ones(len(tokens)))
        top = traces.iloc[: int(np.ceil(_TOP * len(traces)))]
        median = float(np.median(tokens))
        count = top["total_tokens"].astype(int).astype(str)
        yield Case(
            traces.index,
            affected_rows(
                top.index,
                top.index,
                top["root_span_id"],
                count + " tokens",
                "It uses " + count + f" tokens; the median trace uses {median:.0f}.",
            ),
            contrast=Contrast(
                Effect("share of all tokens", value, (float(low), float(high)), _TOP), None
            ),
            statement=f"The {_TOP:.0%} of the traces with the most tokens use {value:.0%} of them.",
            tokens_lost=int((top["total_tokens"] - median).sum()),
        )


def _counted(features: Features) -> pd.DataFrame:
    traces = features.complete
    return traces[traces["total_tokens"] > 0]


def _top_share(
    descending: np.ndarray[tuple[int], np.dtype[np.float64]],
    weights: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> float:
    """Share of Σ weight·value that the first tenth of the weight holds."""
    cumulative = np.cumsum(weights)
    within = np.clip(_TOP * cumulative[-1] - (cumulative - weights), 0.0, weights)
    return float((within * descending).sum() / (weights * descending).sum())
