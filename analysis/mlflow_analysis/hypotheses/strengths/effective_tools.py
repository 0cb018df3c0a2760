"""Tools that go with better outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Effect, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.strengths.success import succeeded
from mlflow_analysis.statistics.contrasts import difference_of_rates

_FEWEST = 10


class EffectiveTools(Hypothesis):
    """Traces that call a tool go better than comparable ones that do not.

    ## Why it matters
    A tool that helps where it is used could help where it is not, and must not be lost.

    ## Test
    One case for each tool. A trace went well if it did not fail and no assessment failed it. Compared are
    traces that call the tool with traces of the same topics that do not (topics in which only one of the
    two occurs are left out): risk difference with a Newcombe interval, p by exchanging sessions. Confirmed
    if the lower bound is above 2 points (and q < 0.10). If the sign flips in any topic with 10 traces on
    both sides, it is not decided.

    ## Not flagged
    Tools called in nearly all traces, or in fewer than 10, with no one to compare with; differences that
    come from easier topics.

    ## Recommendation
    Offer the tool for the same topics wherever it is not called yet, and say in the prompt when to use
    it.

    ## Sources
    Simpson 1951, The Interpretation of Interaction in Contingency Tables. Newcombe 1998, Statistics in
    Medicine 17:873. Cochran 1954, Some Methods for Strengthening the Common χ² Tests (stratification).
    """

    id: ClassVar[str] = "effective-tools"
    title: ClassVar[str] = "Effective tool"
    category: ClassVar[Category] = Category.STRENGTH
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 0.02
    needs: ClassVar[frozenset[Field]] = frozenset({Field.TOOL_SPANS})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces."""
        return features.complete.index

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces that went well with any effective tool."""
        tables = [case.affected for case in self.cases(features)]
        return (
            pd.concat(tables) if tables else affected_rows(pd.Index([]), pd.Index([]), "", "", "")
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each tool, in order of the names."""
        well = succeeded(features)
        calls = features.calls[features.calls["trace_id"].isin(well.index)]
        for tool, of_tool in calls.groupby("tool", sort=True):
            yield _case(str(tool), of_tool, well, features)


def _case(tool: str, calls: pd.DataFrame, well: pd.Series, features: Features) -> Case:
    traces = features.complete
    uses = pd.Series(traces.index.isin(calls["trace_id"]), index=traces.index)
    share = uses.groupby(traces["topic"]).transform("mean")
    mixed = (share > 0) & (share < 1)
    compared = traces[mixed]
    outcome, group = well[mixed], uses[mixed]
    good = outcome.index[outcome & group]
    first = calls.drop_duplicates("trace_id").set_index("trace_id").reindex(good)
    rows = affected_rows(
        good,
        good,
        first["span_id"],
        first["output"].astype(str).str.slice(0, 200),
        f"It called {tool}, did not fail, and no assessment failed it.",
    )
    if min(int(group.sum()), int((~group).sum())) < _FEWEST:
        few = f"fewer than {_FEWEST} traces with or without {tool} share a topic"
        return Case(compared.index, rows, subject=tool, test_without_effect=few)
    if _flips(compared["topic"], outcome, group):
        told = f"{tool} goes with better outcomes in some topics and with worse ones in others"
        return Case(compared.index, rows, subject=tool, test_without_effect=told)
    found = difference_of_rates(
        outcome.to_numpy(), group.to_numpy(), compared["session"].to_numpy(), seed=features.seed
    )
    return Case(
        compared.index,
        rows,
        subject=tool,
        contrast=Contrast(
            Effect("risk difference", found.value, found.interval, found.rate_out), found.p_value
        ),
        statement=f"With {tool}, {found.rate_in:.0%} of the traces go well; of those "
        f"{'on the same topics ' if (compared['topic'] != '').any() else ''}without it, "
        f"{found.rate_out:.0%}.",
    )


def _flips(topic: pd.Series, outcome: pd.Series, group: pd.Series) -> bool:
    table = pd.DataFrame({"topic": topic, "outcome": outcome, "group": group})
    rates = table.groupby(["topic", "group"])["outcome"].agg(["mean", "size"]).unstack()
    large = rates[(rates["size"] >= _FEWEST).all(axis=1)]
    difference = large["mean"][True] - large["mean"][False]
    return bool((difference > 0).any() and (difference < 0).any())
