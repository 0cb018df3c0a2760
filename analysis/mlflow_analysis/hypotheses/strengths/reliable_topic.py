"""Kinds of request that go well."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.features.topics import NO_SUBJECT
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Outcome, Rule, affected_rows
from mlflow_analysis.hypotheses.strengths.success import succeeded
from mlflow_analysis.statistics.clustering import ClusterExchange
from mlflow_analysis.statistics.contrasts import difference_of_rates

_FEWEST = 20
_EXCERPT = 200


class ReliableTopic(Hypothesis):
    """Requests on one topic go better than the rest.

    ## Why it matters
    It says what the application can be trusted with, and gives the weaker topics an example.

    ## Test
    One case for each topic (cluster of similar requests) of at least 20 traces. A trace went well if it
    did not fail and no assessment failed it. Risk difference to all other traces with a Newcombe
    interval, p by exchanging sessions. Confirmed if the lower bound is above 0 (and q < 0.10).

    ## Not flagged
    Topics of fewer than 20 traces; requests that belong to no topic; experiments in which everything
    goes well.

    ## Recommendation
    Keep this topic's requests as a regression set, and compare its prompt part, tools and sources with
    those of the topics that fail.

    ## Sources
    Newcombe 1998, Statistics in Medicine 17:873. Benjamini and Hochberg 1995, J. R. Statist. Soc. B 57.
    """

    id: ClassVar[str] = "reliable-topic"
    title: ClassVar[str] = "Reliable topic"
    category: ClassVar[Category] = Category.STRENGTH
    is_outcome = frozenset(Outcome)
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 0.0
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS})
    not_causes: ClassVar[frozenset[str]] = frozenset({"topic"})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces that have a topic."""
        traces = features.complete
        return pd.Index(traces.loc[~traces["topic"].isin(NO_SUBJECT), "place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces of any topic that went well."""
        tables = [case.affected for case in self.cases(features)]
        return (
            pd.concat(tables) if tables else affected_rows(pd.Index([]), pd.Index([]), "", "", "")
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each topic, in order of the labels."""
        traces = features.complete
        well = succeeded(features).to_numpy(dtype=bool)
        sessions = ClusterExchange(features.session_codes[features.complete_at])
        topics, labels = pd.factorize(traces["topic"].to_numpy(dtype=object), sort=True)
        roots, requests = (
            traces[name].to_numpy(dtype=object) for name in ("root_span_id", "request")
        )
        for code, topic in enumerate(labels):
            inside = topics == code
            size = int(inside.sum())
            if topic in NO_SUBJECT or size < _FEWEST or size == len(traces):
                continue
            found = difference_of_rates(well, inside, sessions, seed=features.seed)
            good = np.flatnonzero(inside & well)
            yield Case(
                pd.Index(features.complete_at[inside]),
                affected_rows(
                    pd.Index(features.complete_at[good]),
                    traces.index[good],
                    list(roots[good]),
                    [text[:_EXCERPT] for text in requests[good]],
                    f"A request on “{topic}” that did not fail and that no assessment failed.",
                    offset=0,
                ),
                subject=str(topic),
                contrast=Contrast(
                    Effect("risk difference", found.value, found.interval, found.rate_out),
                    found.p_value,
                ),
                statement=f"Requests on “{topic}” go well in {found.rate_in:.1%} of {size} traces, "
                f"all others in {found.rate_out:.1%}.",
            )
