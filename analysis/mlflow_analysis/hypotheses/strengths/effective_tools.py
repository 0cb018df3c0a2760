"""Tools that go with better outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Outcome, Rule, affected_rows
from mlflow_analysis.hypotheses.quality.failing_assessment import verdicts
from mlflow_analysis.hypotheses.strengths.success import held_in, succeeded
from mlflow_analysis.statistics.clustering import ClusterExchange, Codes, Floats, design_effect
from mlflow_analysis.statistics.contrasts import difference_of_rates
from mlflow_analysis.statistics.intervals import newcombe

Flags = npt.NDArray[np.bool_]
_FEWEST = 10
_EXCERPT = 200
_ENOUGH_JUDGED = 20


class EffectiveTools(Hypothesis):
    """Traces that call a tool go better than comparable ones that do not.

    ## Why it matters
    A tool that helps where it is used could help where it is not, and must not be lost.

    ## Test
    Unit: traces. One case for each tool. Eligible: traces that call it. Affected: those that went well. A
    trace went well if it did not fail and no assessment failed it; where at least 20 traces with and 20
    without the tool were assessed, only those count. They are compared with traces of the same topic that
    do not call it; topics in which only one of the two occurs are left out. Risk difference by
    Mantel-Haenszel weights over the topics, its interval widened for sessions; p the larger of that of
    the interval and of the test without topics. Confirmed if the lower bound is above 2 points (and
    q < 0.10). If one topic is plainly better and another plainly worse with the tool (Newcombe
    intervals), it is not decided.

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
        return features.every_complete

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces that went well with any effective tool."""
        tables = [case.affected for case in self.cases(features)]
        return (
            pd.concat(tables) if tables else affected_rows(pd.Index([]), pd.Index([]), "", "", "")
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each tool, in order of the names."""
        traces, ids = _traces(features), features.complete.index
        judged = held_in(ids, verdicts(features)["trace_id"])
        calls = features.calls
        at = np.full(len(features.traces), -1)
        at[traces.places] = np.arange(len(ids))
        at = at[calls["trace"]]
        ended = np.flatnonzero(at >= 0)
        tools = calls.coded("tool")
        calling = tools.codes[ended].astype(np.int64) * len(ids) + at[ended]
        place, number = np.unique(calling, return_index=True)
        # where the first call of each tool in each trace stands
        first = np.full((len(tools.values), len(ids)), -1, dtype=np.int64)
        first.flat[place] = ended[number]
        for tool, called in zip(tools.values, first, strict=True):
            uses = called >= 0
            if not uses.any():
                continue
            compared = np.flatnonzero(_comparable(traces.topics, judged, uses))
            good = compared[traces.well[compared] & uses[compared]]
            shown = calls.take(called[good])
            rows = affected_rows(
                pd.Index(traces.places[good]),
                ids[good],
                shown["span_id"],
                [text[:_EXCERPT] for text in shown["output"]],
                f"It called {tool}, did not fail, and no assessment failed it.",
            )
            yield _case(str(tool), traces.only(compared), uses[compared], rows)


@dataclass(frozen=True)
class _Traces:
    """Ended traces; arrays of one length."""

    places: Codes
    """Where they stand in the table of traces."""
    topics: Codes
    """Numbered in order of the labels."""
    of_topic: Flags
    """Whether they have one."""
    sessions: Codes
    well: Flags

    def only(self, chosen: Codes) -> _Traces:
        """Those at these positions."""
        return _Traces(
            self.places[chosen],
            self.topics[chosen],
            self.of_topic[chosen],
            self.sessions[chosen],
            self.well[chosen],
        )


def _traces(features: Features) -> _Traces:
    topics, labels = pd.factorize(features.complete["topic"].to_numpy(dtype=object), sort=True)
    return _Traces(
        features.complete_at,
        topics.astype(np.int64),
        (labels != "")[topics],
        features.session_codes[features.complete_at],
        succeeded(features).to_numpy(dtype=bool),
    )


def _comparable(topics: Codes, judged: Flags, uses: Flags) -> Flags:
    """Which traces are of a topic in which the tool is called in some traces and not in others."""
    share = np.bincount(topics, uses) / np.bincount(topics)
    mixed = ((share > 0) & (share < 1))[topics]
    assessed = mixed & judged
    if min(int((assessed & uses).sum()), int((assessed & ~uses).sum())) >= _ENOUGH_JUDGED:
        return np.asarray(assessed)
    return np.asarray(mixed)


def _case(tool: str, compared: _Traces, uses: Flags, rows: pd.DataFrame) -> Case:
    eligible = pd.Index(compared.places[uses])
    if min(int(uses.sum()), int((~uses).sum())) < _FEWEST:
        few = f"fewer than {_FEWEST} traces with or without {tool} share a topic"
        return Case(eligible, rows, subject=tool, test_without_effect=few)
    outcome = compared.well.astype(float)
    topics = _by_topic(compared.topics, outcome, uses)
    if _flips(topics):
        told = f"{tool} goes with better outcomes in some topics and with worse ones in others"
        return Case(eligible, rows, subject=tool, test_without_effect=told)
    sessions = ClusterExchange(compared.sessions)
    crude = difference_of_rates(outcome, uses, sessions)
    widened = float(np.sqrt(design_effect(outcome, sessions)))
    value, error = _over_topics(topics)
    margin = float(scipy.stats.norm.ppf(0.975)) * error * widened
    p_value = max(crude.p_value, float(2 * scipy.stats.norm.sf(abs(value) / (error * widened))))
    rate_in = crude.rate_in
    rate_out = float(np.clip(rate_in - value, 0.0, 1.0))
    same = "on the same topics " if compared.of_topic.any() else ""
    return Case(
        eligible,
        rows,
        subject=tool,
        contrast=Contrast(
            Effect("risk difference", value, (value - margin, value + margin), rate_out),
            p_value,
        ),
        statement=f"With {tool}, {rate_in:.0%} of the traces go well; of those {same}without it, "
        f"{rate_out:.0%}.",
    )


@dataclass(frozen=True)
class _ByTopic:
    """Of each topic in which the tool is called and is not: how many traces, and how many went well."""

    with_tool: Floats
    without: Floats
    good_with: Floats
    good_without: Floats


def _by_topic(topics: Codes, outcome: Floats, uses: Flags) -> _ByTopic:
    cells = 2 * topics + uses
    both = 2 * (int(topics.max()) + 1)
    sizes = np.bincount(cells, minlength=both).astype(float).reshape(-1, 2)
    good = np.bincount(cells, outcome, minlength=both).astype(float).reshape(-1, 2)
    mixed = (sizes > 0).all(axis=1)
    return _ByTopic(sizes[mixed, 1], sizes[mixed, 0], good[mixed, 1], good[mixed, 0])


def _over_topics(topics: _ByTopic) -> tuple[float, float]:
    """Mantel-Haenszel risk difference and its standard error under equal rates within topics."""
    with_n, without_n = topics.with_tool, topics.without
    weight = with_n * without_n / (with_n + without_n)
    difference = topics.good_with / with_n - topics.good_without / without_n
    rate = (topics.good_with + topics.good_without) / (with_n + without_n)
    variance = rate * (1 - rate) * (1 / with_n + 1 / without_n)
    total = float(weight.sum())
    error = float(np.sqrt((weight**2 * variance).sum())) / total
    return float((weight * difference).sum()) / total, max(error, 1e-9)


def _flips(topics: _ByTopic) -> bool:
    bounds = [
        newcombe(good_with, n_with, good_without, n_without)
        for good_with, n_with, good_without, n_without in zip(
            topics.good_with.tolist(),
            topics.with_tool.tolist(),
            topics.good_without.tolist(),
            topics.without.tolist(),
            strict=True,
        )
        if min(n_with, n_without) >= _FEWEST
    ]
    return any(low > 0 for low, _ in bounds) and any(high < 0 for _, high in bounds)
