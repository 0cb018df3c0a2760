"""Few traces that use most of the tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import (
    AFFECTED_COLUMNS,
    Case,
    Contrast,
    Hypothesis,
    Rule,
    affected_rows,
)
from mlflow_analysis.statistics.clustering import Codes, cluster_codes
from mlflow_analysis.statistics.concentration import top_share

_TOP = 0.10
_FEWEST = 50


class CostlyTail(Hypothesis):
    """A tenth of the traces uses more than half of the tokens, or of the cost.

    ## Why it matters
    Then the bill is made by few traces, and a limit or a cheaper route for those saves more than any
    work on the rest.

    ## Test
    One case about tokens, and one about cost where costs were recorded. Eligible: ended traces with known
    tokens (cost), at least 50. The effect is the share of the total that the 10 % of traces with the most
    hold (of n traces n/10, the last one in part), with a 95 % percentile interval of 499 bootstrap
    resamples of whole sessions. Confirmed if its lower bound is above 50 %, refuted if its upper bound is
    below. Affected: those traces. Impact: what they use beyond the median trace.

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
        return pd.Index(_counted(features, "total_tokens"))

    def affected(self, features: Features) -> pd.DataFrame:
        """The tenth with the most tokens."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about tokens, and one about cost."""
        yield _case(features, "total_tokens")
        if len(_counted(features, "cost")) >= _FEWEST:
            yield _case(features, "cost")


def _counted(features: Features, column: str) -> Codes:
    """Where the ended traces stand of which it is known."""
    at = features.complete_at
    return at[features.traces[column].to_numpy(dtype=float)[at] > 0]


def _case(features: Features, column: str) -> Case:
    of_tokens = column == "total_tokens"
    counted, subject = _counted(features, column), "" if of_tokens else "cost"
    if len(counted) < _FEWEST:
        few = f"fewer than {_FEWEST} traces carry token usage"
        nothing = pd.DataFrame(columns=AFFECTED_COLUMNS)
        return Case(pd.Index(counted), nothing, subject=subject, test_without_effect=few)
    amounts = features.traces[column].to_numpy(dtype=float)[counted]
    sessions = cluster_codes(features.session_codes[counted])
    value, interval = top_share(amounts, sessions, _TOP, features.seed)
    largest = np.argsort(-amounts, kind="stable")[: int(np.ceil(_TOP * len(counted)))]
    top = features.traces[[column, "root_span_id"]].iloc[counted[largest]]
    median = float(np.median(amounts))
    if of_tokens:
        told, usual = (
            top[column].astype(int).map("{:,} tokens".format).astype(str),
            f"{median:,.0f}",
        )
    else:
        told, usual = "$" + top[column].map("{:.4f}".format).astype(str), f"${median:.4f}"
    beyond = top[column] - median
    return Case(
        pd.Index(counted),
        affected_rows(
            pd.Index(counted[largest]),
            top.index,
            top["root_span_id"],
            told,
            "It uses " + told + f"; the median trace uses {usual}.",
        ),
        subject=subject,
        contrast=Contrast(
            Effect(
                "share of all tokens" if of_tokens else "share of the cost", value, interval, _TOP
            ),
            None,
        ),
        statement=f"The {_TOP:.0%} of the traces with the most {'tokens' if of_tokens else 'cost'} "
        f"hold {value:.0%} of the total.",
        tokens_spared=beyond if of_tokens else None,
        money_spared=None if of_tokens else beyond,
    )
