"""Tools that go with better outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Effect, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Outcome, Rule, affected_rows
from mlflow_analysis.hypotheses.quality.failing_assessment import verdicts
from mlflow_analysis.hypotheses.strengths.success import succeeded
from mlflow_analysis.statistics.clustering import Codes, design_effect
from mlflow_analysis.statistics.contrasts import difference_of_rates
from mlflow_analysis.statistics.intervals import newcombe

Flags = npt.NDArray[np.bool_]
_FEWEST = 10
_ENOUGH_JUDGED = 20


class EffectiveTools(Hypothesis):
    """Traces that call a tool go better than comparable ones that do not.

    ## Why it matters
    A tool that helps where it is used could help where it is not, and must not be lost.

    ## Test
    One case for each tool. A trace went well if it did not fail and no assessment failed it; where at
    least 20 traces with and 20 without the tool were assessed, only those count. Compared are traces that
    call the tool with traces of the same topic that do not; topics in which only one of the two occurs are
    left out. Risk difference by Mantel-Haenszel weights over the topics, its interval widened for
    sessions; p the larger of that of the interval and of the test without topics. Confirmed if the lower bound
    is above 2 points (and q < 0.10). If one topic is plainly better and another plainly worse with the
    tool (Newcombe intervals), it is not decided.

    ## Not flagged
    Tools called in nearly all traces, or in fewer than 10, with no one to compare with; differences that
    come from easier topics.

    ## Recommendation
    Offer the tool for the same topics wherever it is not called yet, and say in the prompt when to use
    it.

    ## Sources
    Mantel and Haenszel 1959, J. Natl. Cancer Inst. 22; Greenland and Robins 1985, Biometrics 41 (risk
    difference over strata). Simpson 1951, The Interpretation of Interaction in Contingency Tables.
    Newcombe 1998, Statistics in Medicine 17:873.
    """

    id: ClassVar[str] = "effective-tools"
    title: ClassVar[str] = "Effective tool"
    category: ClassVar[Category] = Category.STRENGTH
    is_outcome = frozenset(Outcome)
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
        traces = features.complete
        judged = traces.index.isin(verdicts(features)["trace_id"])
        topics = pd.factorize(traces["topic"])[0]
        calls = features.calls
        at = traces.index.get_indexer(pd.Index(calls["trace_id"]))
        calls, at = calls[at >= 0], at[at >= 0]
        tools = calls["tool"].to_numpy(dtype=object)
        for tool in sorted(set(tools)):
            own = tools == tool
            uses = np.zeros(len(traces), dtype=bool)
            uses[at[own]] = True
            compared = _comparable(topics, judged, uses)
            yield _case(str(tool), calls[own], traces[compared], well[compared], uses[compared])


def _comparable(topics: Codes, judged: Flags, uses: Flags) -> Flags:
    """Which traces are of a topic in which the tool is called in some traces and not in others."""
    share = np.bincount(topics, uses) / np.bincount(topics)
    mixed = ((share > 0) & (share < 1))[topics]
    assessed = mixed & judged
    if min(int((assessed & uses).sum()), int((assessed & ~uses).sum())) >= _ENOUGH_JUDGED:
        return np.asarray(assessed)
    return np.asarray(mixed)


def _case(
    tool: str, calls: pd.DataFrame, compared: pd.DataFrame, outcome: pd.Series, uses: Flags
) -> Case:
    group = pd.Series(uses, index=compared.index)
    good = outcome.index[outcome & group]
    first = (
        calls.drop_duplicates("trace_id").set_index("trace_id")[["span_id", "output"]].reindex(good)
    )
    rows = affected_rows(
        good,
        good,
        first["span_id"],
        first["output"].str.slice(0, 200),
        f"It called {tool}, did not fail, and no assessment failed it.",
    )
    if min(int(group.sum()), int((~group).sum())) < _FEWEST:
        few = f"fewer than {_FEWEST} traces with or without {tool} share a topic"
        return Case(compared.index, rows, subject=tool, test_without_effect=few)
    if _flips(compared["topic"], outcome, group):
        told = f"{tool} goes with better outcomes in some topics and with worse ones in others"
        return Case(compared.index, rows, subject=tool, test_without_effect=told)
    cluster = compared["session"].to_numpy()
    crude = difference_of_rates(outcome.to_numpy(), group.to_numpy(), cluster)
    widened = float(np.sqrt(design_effect(outcome.to_numpy(dtype=float), cluster)))
    value, error = _over_topics(compared["topic"], outcome, group)
    margin = float(stats.norm.ppf(0.975)) * error * widened
    p_value = max(crude.p_value, float(2 * stats.norm.sf(abs(value) / (error * widened))))
    rate_in = crude.rate_in
    rate_out = float(np.clip(rate_in - value, 0.0, 1.0))
    same = "on the same topics " if (compared["topic"] != "").any() else ""
    return Case(
        compared.index,
        rows,
        subject=tool,
        contrast=Contrast(
            Effect("risk difference", value, (value - margin, value + margin), rate_out),
            p_value,
        ),
        statement=f"With {tool}, {rate_in:.0%} of the traces go well; of those {same}without it, "
        f"{rate_out:.0%}.",
    )


def _over_topics(topic: pd.Series, outcome: pd.Series, group: pd.Series) -> tuple[float, float]:
    """Mantel-Haenszel risk difference and its standard error under equal rates within topics."""
    rates = _rates(topic, outcome, group)
    with_n, without_n = rates["size"][True], rates["size"][False]
    weight = with_n * without_n / (with_n + without_n)
    difference = rates["mean"][True] - rates["mean"][False]
    rate = (rates["sum"][True] + rates["sum"][False]) / (with_n + without_n)
    variance = rate * (1 - rate) * (1 / with_n + 1 / without_n)
    total = float(weight.sum())
    error = float(np.sqrt((weight**2 * variance).sum())) / total
    return float((weight * difference).sum()) / total, max(error, 1e-9)


def _rates(topic: pd.Series, outcome: pd.Series, group: pd.Series) -> pd.DataFrame:
    """For each topic sum, mean and size of the outcome with (True) and without (False) the tool."""
    table = pd.DataFrame({"topic": topic, "outcome": outcome.astype(float), "group": group})
    return table.groupby(["topic", "group"])["outcome"].agg(["sum", "mean", "size"]).unstack()


def _flips(topic: pd.Series, outcome: pd.Series, group: pd.Series) -> bool:
    rates = _rates(topic, outcome, group)
    bounds = [
        newcombe(good_with, n_with, good_without, n_without)
        for good_with, n_with, good_without, n_without in zip(
            rates["sum"][True],
            rates["size"][True],
            rates["sum"][False],
            rates["size"][False],
            strict=True,
        )
        if min(n_with, n_without) >= _FEWEST
    ]
    return any(low > 0 for low, _ in bounds) and any(high < 0 for _, high in bounds)
