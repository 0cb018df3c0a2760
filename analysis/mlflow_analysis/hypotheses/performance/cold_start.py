"""First calls that take longer than the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Effect, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows

_FEWEST_PAIRS = 12
_FELT_MS = 100.0


class ColdStart(Hypothesis):
    """The first call of a tool in a session takes longer than its later ones.

    ## Why it matters
    The first answer is the one by which an application is judged, and a connection, a container or a
    cache that is opened for it can be opened before.

    ## Test
    One case for each tool. Unit: sessions that call it at least twice, in ended traces, without failure.
    Each session gives one pair: its first call and the median of its later ones. The effect is the
    geometric mean of the ratios, with a t interval of the log ratios; p by the Wilcoxon signed-rank test.
    Confirmed if the lower bound is above 1.2 (and q < 0.10). Affected: sessions whose first call took at
    least 1.5 times and 100 ms longer.

    ## Not flagged
    Tools that are slow throughout (slow-tool); failed calls; fewer than 12 sessions with such a pair;
    differences under 100 ms in the mean.

    ## Recommendation
    Open connections and load indexes at start-up, keep the endpoint warm (provisioned concurrency,
    keep-alive), or call it once while the user is still typing.

    ## Sources
    Wang et al. 2018, Peeking Behind the Curtains of Serverless Platforms, USENIX ATC. Wilcoxon 1945,
    Individual Comparisons by Ranking Methods, Biometrics Bulletin 1.
    """

    id: ClassVar[str] = "cold-start"
    title: ClassVar[str] = "Slow first calls"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.SESSION
    severity: ClassVar[Severity] = Severity.LOW
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 1.2
    needs: ClassVar[frozenset[Field]] = frozenset(
        {Field.TOOL_SPANS, Field.FOLLOW_UPS, Field.DURATIONS, Field.DURATIONS_MEASURED}
    )
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Sessions that call some tool at least twice."""
        return pd.Index(_pairs(features)["session"].unique(), dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """Sessions with a slow first call of any tool."""
        tables = [case.affected for case in self.cases(features)]
        return (
            pd.concat(tables) if tables else affected_rows(pd.Index([]), pd.Index([]), "", "", "")
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each tool, in order of the names."""
        for tool, pairs in _pairs(features).groupby("tool", sort=True):
            yield _case(str(tool), pairs)


def _pairs(features: Features) -> pd.DataFrame:
    """Columns session, tool, trace_id, span_id, first, later (ms): one row a session and tool."""
    calls = features.calls
    traces = features.complete
    in_session = traces.index[traces["session_id"] != ""]
    calls = calls[
        calls["trace_id"].isin(in_session) & ~calls["failed"] & (calls["duration_ms"] > 0)
    ]
    calls = calls.sort_values(["session", "tool", "start_ms"], kind="stable")
    is_first = ~calls.duplicated(["session", "tool"])
    later = calls[~is_first].groupby(["session", "tool"])["duration_ms"].median()
    first = calls[is_first].set_index(["session", "tool"])[["trace_id", "span_id", "duration_ms"]]
    joined = first.rename(columns={"duration_ms": "first"}).join(later.rename("later"), how="inner")
    return joined.reset_index()


def _case(tool: str, pairs: pd.DataFrame) -> Case:
    nothing = affected_rows(pd.Index([]), pd.Index([]), "", "", "")
    sessions = pd.Index(pairs["session"], dtype=object)
    if len(pairs) < _FEWEST_PAIRS:
        few = f"fewer than {_FEWEST_PAIRS} sessions call {tool} twice or more"
        return Case(sessions, nothing, subject=tool, test_without_effect=few)
    excess = pairs["first"] - pairs["later"]
    log_ratio = np.log(pairs["first"].to_numpy(dtype=float) / pairs["later"].to_numpy(dtype=float))
    mean = float(log_ratio.mean())
    margin = float(stats.sem(log_ratio) * stats.t.ppf(0.975, len(log_ratio) - 1))
    p_value = float(stats.wilcoxon(log_ratio).pvalue) if np.any(log_ratio) else 1.0
    ratio = float(np.exp(mean))
    # Below what anybody feels, the ratio counts as none.
    felt = float(excess.mean()) >= _FELT_MS
    interval = (float(np.exp(mean - margin)), float(np.exp(mean + margin))) if felt else (1.0, 1.0)
    slow = pairs[(pairs["first"] >= 1.5 * pairs["later"]) & (excess >= _FELT_MS)]
    first, later = (
        slow["first"].round().astype(int).astype(str),
        slow["later"].round().astype(int).astype(str),
    )
    return Case(
        sessions,
        affected_rows(
            slow["session"],
            slow["trace_id"],
            slow["span_id"],
            "first call " + first + " ms, later " + later + " ms",
            f"The session's first call of {tool} took "
            + first
            + " ms, the median later one "
            + later
            + " ms.",
        ),
        subject=tool,
        contrast=Contrast(
            Effect("ratio of durations, first over later", ratio if felt else 1.0, interval, 1.0),
            p_value,
        ),
        statement=f"The first call of {tool} in a session takes {ratio:.1f} times as long as its later ones.",
        seconds_lost=max(0.0, float(excess.sum())) / 1000,
    )
