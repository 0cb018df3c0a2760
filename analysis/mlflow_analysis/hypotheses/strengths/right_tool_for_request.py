"""The tool that fits, at the first try."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.features.topics import NO_SUBJECT
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.remembered import remembered
from mlflow_analysis.hypotheses.strengths.success import succeeded
from mlflow_analysis.statistics.clustering import design_effect
from mlflow_analysis.statistics.intervals import newcombe, wilson

_FEWEST = 20
_FEWEST_TOPICS = 2
_USUALLY_RIGHT = 0.8
_FEWEST_OTHERS = 10


class RightToolForRequest(Hypothesis):
    """Requests of one kind go straight to the tool that fits them.

    ## Why it matters
    An agent that knows which tool a request needs saves the detours: no failed tries, no tool called for
    nothing, and no answer without looking.

    ## Test
    Eligible: ended traces that call a tool, of topics (clusters of similar requests) with at least 20 such
    traces; at least two topics. The fitting tool of a topic is the one that most of its traces that went
    well (no failure, no assessment failed) call first (ties by name), the trace's own session left out.
    Affected (in the good sense): the first tool called is the fitting one, no call of the trace
    failed, and the trace went well. Statistic: the share of such traces minus the share expected if
    topics had no say: the mean, over the eligible traces, of the overall share of traces that go well, without
    a failed call, and begin with the tool that fits this trace's topic. Interval: Wilson's for the share at
    its effective sample size, minus that expectation; p of the share against it by the normal
    approximation, the error widened for sessions. Confirmed if the lower bound is above 0.2 and q < 0.10,
    refuted if the upper bound is below. Not decided where the share is below 80 %, where all topics have
    the same fitting tool, or where (with at least 10 on either side) traces that begin with the fitting
    tool go well less often than the others: the upper bound of Newcombe's interval and the difference
    weighted over topics (Mantel-Haenszel) are both below 0.

    ## Not flagged
    Applications with one tool, or one for everything; topics of fewer than 20 traces; traces that reach
    the fitting tool after another one; tools that are called first and always, such as a login.

    ## Recommendation
    Keep the tools' descriptions and names as they are, and put one request of each topic with its tool
    into the regression set for the next model or prompt.

    ## Sources
    Qin et al. 2024, ToolLLM, ICLR (choice of tool and path). Patil et al. 2024, Gorilla, NeurIPS. Cohen
    1960, A Coefficient of Agreement for Nominal Scales (agreement above chance). Mantel and Haenszel
    1959, J. Natl. Cancer Inst. 22.
    """

    id: ClassVar[str] = "right-tool-for-request"
    title: ClassVar[str] = "The right tool at the first try"
    category: ClassVar[Category] = Category.STRENGTH
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 0.2
    needs: ClassVar[frozenset[Field]] = frozenset({Field.TOOL_SPANS, Field.REQUESTS})
    not_causes: ClassVar[frozenset[str]] = frozenset({"topic", "tool"})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Traces that call a tool, of topics with enough of them."""
        return pd.Index(_choices(features)["place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Those that go straight to the fitting tool, and well."""
        right = _choices(features).loc[lambda each: each["right"]]

        @cache  # there are few topics and tools
        def told(topic: str, tool: str) -> str:
            return (
                f"On “{topic}” the first tool called was {tool}, as in most traces of this topic "
                "that went well; no call failed, and the trace went well."
            )

        return affected_rows(
            right["place"],
            right.index,
            right["span_id"],
            [request[:200] for request in right["request"]],
            list(map(told, right["topic"], right["tool"])),
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all topics."""
        table = _choices(features)
        share = float(table["right"].mean()) if len(table) else 0.0
        reason = _not_decided(table, share)
        if reason:
            yield Case(self.eligible(features), self.affected(features), test_without_effect=reason)
            return
        expected = _by_chance(table)
        right = table["right"].to_numpy(dtype=float)
        spread = design_effect(right, table["session"].to_numpy())
        low, high = wilson(float(right.sum()), len(right), spread)
        error = float(np.sqrt(expected * (1 - expected) * spread / len(right)))
        p_value = float(2 * scipy.stats.norm.sf(abs(share - expected) / max(error, 1e-9)))
        usual = table.groupby("topic")["fitting"].agg(lambda names: names.mode().iloc[0])
        told = ", ".join(f"{tool} for “{topic}”" for topic, tool in usual.items())
        effect = Effect(
            "share above chance", share - expected, (low - expected, high - expected), expected
        )
        yield Case(
            self.eligible(features),
            self.affected(features),
            contrast=Contrast(effect, p_value),
            statement=f"{share:.0%} of {len(table):,} requests go straight to the tool that fits their topic, "
            f"and well; {expected:.0%} would if topics had no say ({told[:400]}).",
        )


@remembered
def _choices(features: Features) -> pd.DataFrame:
    """The eligible traces with ``tool`` and ``span_id`` of the first call, ``fitting`` and ``right``."""
    traces, spans = features.traces, features.spans
    called = np.flatnonzero(features.is_call & ~spans.coded("tool").among(""))
    # the spans of a trace stand together
    places, first = np.unique(features.trace_at[called], return_index=True)
    well = succeeded(features).reindex(traces.index, fill_value=False).to_numpy(dtype=bool)
    of_calls = spans.take(called)
    failing = features.traces_with(of_calls[of_calls["failed"]])
    of_first = of_calls.take(first)
    table = (
        traces[["place", "topic", "session", "request"]]
        .iloc[places]
        .assign(
            tool=of_first["tool"].to_numpy(),
            span_id=of_first["span_id"].to_numpy(),
            well=well[places],
            straight=(well & ~failing)[places],
        )
    )
    on_topic = traces["complete"] & ~traces["topic"].isin(NO_SUBJECT)
    table = table[on_topic.to_numpy(dtype=bool)[places]]
    table = table[table.groupby("topic")["topic"].transform("size") >= _FEWEST]
    table = table.assign(fitting=_fitting(table))
    return table.assign(right=table["straight"] & (table["tool"] == table["fitting"]))


def _fitting(table: pd.DataFrame) -> pd.Series:
    """The tool that traces of the topic that went well call first, the own session left out."""
    if table.empty:
        return pd.Series("", index=table.index, dtype=object)
    topics, sessions = (pd.factorize(table[column])[0] for column in ("topic", "session"))
    tools, names = pd.factorize(table["tool"].to_numpy(dtype=object), sort=True)
    own_topics = pd.factorize(sessions * (topics.max() + 1) + topics)[0]
    good = table["well"].to_numpy(dtype=bool)
    counts = np.zeros((topics.max() + 1, len(names)), dtype=np.int64)
    np.add.at(counts, (topics[good], tools[good]), 1)
    own = np.zeros((own_topics.max() + 1, len(names)), dtype=np.int64)
    np.add.at(own, (own_topics[good], tools[good]), 1)
    others = counts[topics] - own[own_topics]
    most = names[others.argmax(axis=1)]
    return pd.Series(np.where(others.max(axis=1) > 0, most, ""), index=table.index, dtype=object)


def _by_chance(table: pd.DataFrame) -> float:
    """Share right if every trace's first call were drawn from those of all eligible traces."""
    straight = table.loc[table["straight"], "tool"].value_counts() / len(table)
    return float(table["fitting"].map(straight).fillna(0.0).mean())


def _not_decided(table: pd.DataFrame, share: float) -> str:
    if table["topic"].nunique() < _FEWEST_TOPICS:
        return f"fewer than {_FEWEST_TOPICS} topics have {_FEWEST} traces that call a tool"
    if table["fitting"].nunique() < 2:
        return "all topics have the same fitting tool"
    if share < _USUALLY_RIGHT:
        return f"only {share:.0%} of the requests go straight to the fitting tool, and well"
    if _goes_worse(table):
        return "traces that begin with the fitting tool go worse than the others of their topic"
    return ""


def _goes_worse(table: pd.DataFrame) -> bool:
    """Whether the others of a topic plainly do better (Newcombe's interval, Mantel-Haenszel weights)."""
    fits = table["tool"] == table["fitting"]
    if min(int(fits.sum()), int((~fits).sum())) < _FEWEST_OTHERS:
        return False
    counts = (
        table.groupby(["topic", fits.rename("fits")])["well"]
        .agg(["sum", "size"])
        .unstack(fill_value=0)
    )
    weighed, total = 0.0, 0.0
    for _, row in counts.iterrows():
        n1, n2 = row["size"].get(True, 0), row["size"].get(False, 0)
        if n1 and n2:
            weight = n1 * n2 / (n1 + n2)
            weighed += weight * (row["sum"][True] / n1 - row["sum"][False] / n2)
            total += weight
    _, high = newcombe(
        float(table.loc[fits, "well"].sum()),
        float(fits.sum()),
        float(table.loc[~fits, "well"].sum()),
        float((~fits).sum()),
        design_effect(table["well"].to_numpy(dtype=float), table["session"].to_numpy()),
    )
    return total > 0 and weighed / total < 0 and high < 0
