"""A tail of traces that are slower than the rest can explain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.performance.critical_path import model_calls, tool_calls
from mlflow_analysis.timing.replay import Mend

_FEWEST = 100
_ENOUGH_ALIKE = 20
_BEYOND_P95 = 1.5
_FENCE = 0.99
_LEAST_SPREAD = 0.2
_FELT_MS = 1_000.0


class LatencyOutliers(Hypothesis):
    """Some traces are far slower than the spread of the others explains.

    ## Why it matters
    The slowest one in twenty is what users remember and what time-outs are made of, and a mean or a
    median does not show it.

    ## Test
    Eligible: ended traces that did not fail, at least 100. One in twenty is always slowest; the claim is
    that the tail is heavy. Durations are taken relative to the median of the traces with as many calls
    (where there are 20 of those, else of all). The middle half of these gives the spread (a log-normal
    through the quartiles, sigma at least 0.2). Affected: traces beyond both the 99th percentile that this
    spread predicts and 1.5 times the 95th, and by at least 1 s slower than the median. A regular spread
    has at most 1 % of them; confirmed if the lower bound of the share (Wilson) is above 2.5 %.

    ## Not flagged
    Wide but regular spreads, whatever their p95/p50; requests that take longer because they take more
    calls, as many others do; failures (timeout); fewer than 100 traces.

    ## Recommendation
    Read the contrast: what the slow ones have that the others have not (a tool, an hour, a length of
    input, a user), then that cause; bound the wait with a timeout and a second attempt.

    ## Sources
    Dean and Barroso 2013, The Tail at Scale, CACM 56(2). Hoaglin, Iglewicz and Tukey 1986, Performance
    of some resistant rules for outlier labeling, J. Am. Stat. Assoc. 81. Limpert et al. 2001, Log-normal
    distributions across the sciences, BioScience 51.
    """

    id: ClassVar[str] = "latency-outliers"
    title: ClassVar[str] = "Slow outliers"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.025
    needs: ClassVar[frozenset[Field]] = frozenset({Field.DURATIONS, Field.DURATIONS_MEASURED})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces that did not fail."""
        return pd.Index(_timed(features)["place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces beyond the fence."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all traces."""
        traces = _timed(features)
        if len(traces) < _FEWEST:
            nothing = affected_rows(pd.Index([]), pd.Index([]), "", "", "")
            few = f"fewer than {_FEWEST} traces with a duration did not fail"
            yield Case(pd.Index(traces["place"]), nothing, test_without_effect=few)
            return
        duration = traces["duration_ms"]
        usual = _usual(traces)
        fence = usual * _fence(np.log((duration / usual).to_numpy(dtype=float)))
        slow = traces[(duration > fence) & (duration - usual >= _FELT_MS)]
        seconds = (slow["duration_ms"] / 1000).round(1).astype(str)
        bound = (fence.reindex(slow.index) / 1000).round(1).astype(str)
        like_it = (usual.reindex(slow.index) / 1000).round(1).astype(str)
        share = len(slow) / len(traces)
        yield Case(
            pd.Index(traces["place"]),
            affected_rows(
                slow["place"],
                slow.index,
                slow["root_span_id"],
                "took " + seconds + " s",
                "It took "
                + seconds
                + " s; the median of traces with as many calls is "
                + like_it
                + " s, and the spread of the middle half ends at "
                + bound
                + " s.",
            ),
            statement=f"{share:.1%} of the traces are slower than the spread of the others explains, which "
            f"allows for 1 %; p50 is {duration.median() / 1000:.1f} s, p95 {duration.quantile(0.95) / 1000:.1f} s.",
            mended=_mend(features, slow["place"]),
        )


def _timed(features: Features) -> pd.DataFrame:
    """The traces that are compared."""
    columns = [
        "place",
        "name",
        "failed",
        "duration_ms",
        "tool_calls",
        "model_calls",
        "root_span_id",
    ]
    traces = features.complete[columns]
    return traces[~traces["failed"] & (traces["duration_ms"] > 0)]


def _mend(features: Features, slow: pd.Series) -> Mend:
    """The slow traces' calls at most as long as 95 % of the same operation's calls elsewhere."""
    is_slow = np.zeros(len(features.traces), dtype=bool)
    is_slow[slow] = True
    times = []
    for calls in (features.shared(tool_calls), features.shared(model_calls)):
        inside = is_slow[calls.trace]
        others = pd.Series(calls.ms[~inside]).groupby(calls.code[~inside]).quantile(0.95)
        bound = others.reindex(calls.code[inside]).to_numpy()
        late = calls.ms[inside] > bound
        times.append(pd.Series(bound[late], index=calls.row[inside][late]))
    return Mend(
        "each call of the slow traces at most at its operation's 95th percentile in the others",
        durations=pd.concat(times),
    )


def _usual(traces: pd.DataFrame) -> pd.Series:
    """Median duration (ms) of the traces of the same name with as many calls, where there are enough."""
    calls = [traces["name"], traces["tool_calls"] + traces["model_calls"]]
    like_it = traces.groupby(calls)["duration_ms"]
    enough = like_it.transform("size") >= _ENOUGH_ALIKE
    return like_it.transform("median").where(enough, traces["duration_ms"].median())


def _fence(log: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Where the tail begins, as a ratio to the usual duration, from log ratios (n,)."""
    low, middle, high = np.quantile(log, [0.25, 0.5, 0.75])
    spread = max(float(high - low) / (2 * float(scipy.stats.norm.ppf(0.75))), _LEAST_SPREAD)
    steps = max(
        float(scipy.stats.norm.ppf(_FENCE)) * spread,
        float(scipy.stats.norm.ppf(0.95)) * spread + float(np.log(_BEYOND_P95)),
    )
    return float(np.exp(middle + steps))
