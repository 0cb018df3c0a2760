"""A tail of traces that are slower than the rest can explain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Effect, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows
from mlflow_analysis.statistics.clustering import bootstrap_counts, cluster_codes

_FEWEST = 100
_RESAMPLES = 499
_CELLS = 10_000_000
_TAIL = 0.95
_FENCE = 0.99
_QUARTILES = (0.25, 0.5, 0.75)
_LEAST_SPREAD = 0.2


class LatencyOutliers(Hypothesis):
    """A few traces are far slower than the spread of the others explains.

    ## Why it matters
    The slowest one in twenty is what users remember and what time-outs are made of, and a mean or a
    median does not show it.

    ## Test
    Eligible: ended traces that did not fail, at least 100. One in twenty is always slowest; the claim is
    that the tail is heavy. The middle half of the durations gives the spread (a log-normal through the
    quartiles, sigma at least 0.2); the effect is the observed 95th percentile over the one which that
    spread predicts, with a cluster-bootstrap interval. Confirmed if its lower bound is above 1.5.
    Affected: traces beyond the 99th percentile that the spread predicts.

    ## Not flagged
    Wide but regular spreads, whatever their p95/p50; slow kinds of request that make a large part of the
    traffic; failures (timeout); fewer than 100 traces.

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
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 1.5
    needs: ClassVar[frozenset[Field]] = frozenset({Field.DURATIONS})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces that did not fail."""
        return _timed(features).index

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces beyond the fence."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all traces."""
        traces = _timed(features)
        few = (
            f"fewer than {_FEWEST} traces with a duration did not fail"
            if len(traces) < _FEWEST
            else ""
        )
        if few:
            nothing = affected_rows(pd.Index([]), pd.Index([]), "", "", "")
            yield Case(traces.index, nothing, test_without_effect=few)
            return
        duration = traces["duration_ms"].to_numpy(dtype=float)
        log = np.log(duration)
        # Every distinct value weighs 1 here; the bootstrap weighs traces by how often they were drawn.
        value = float(np.exp(_excess(np.sort(log), np.ones((1, len(log))))[0]))
        interval = _interval(log, traces["session"].to_numpy(), features.seed)
        middle, spread = _body(np.sort(log), np.ones((1, len(log))))
        fence = float(np.exp(middle[0] + stats.norm.ppf(_FENCE) * spread[0]))
        slow = traces[traces["duration_ms"] > fence]
        p95, p50 = np.percentile(duration, 95), np.percentile(duration, 50)
        seconds = (slow["duration_ms"] / 1000).round(1).astype(str)
        yield Case(
            traces.index,
            affected_rows(
                slow.index,
                slow.index,
                slow["root_span_id"],
                "took " + seconds + " s",
                "It took "
                + seconds
                + f" s; the median is {p50 / 1000:.1f} s, and the spread of the middle half "
                f"puts 99 % below {fence / 1000:.1f} s.",
            ),
            contrast=Contrast(Effect("p95 over the p95 expected", value, interval, 1.0), None),
            statement=f"The slowest traces are slower than the others' spread explains: p95 is {p95 / 1000:.1f} s "
            f"(p50 {p50 / 1000:.1f} s), {value:.1f} times what it predicts.",
            seconds_lost=float((slow["duration_ms"] - fence).sum()) / 1000,
        )


def _timed(features: Features) -> pd.DataFrame:
    traces = features.complete
    return traces[~traces["failed"] & (traces["duration_ms"] > 0)]


def _interval(
    log: npt.NDArray[np.float64], session: npt.ArrayLike, seed: int
) -> tuple[float, float]:
    order = np.argsort(log, kind="stable")
    codes = cluster_codes(session)
    resamples = int(min(_RESAMPLES, max(99, _CELLS // len(log))))
    counts = bootstrap_counts(int(codes.max()) + 1, resamples, np.random.default_rng(seed))
    excess = np.concatenate(
        [_excess(log[order], counts[row : row + 1, codes[order]]) for row in range(resamples)]
    )
    low, high = np.percentile(excess, [2.5, 97.5])
    return float(np.exp(low)), float(np.exp(high))


def _excess(
    ranked: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Log of the 95th percentile over the predicted one, for each row of weights."""
    middle, spread = _body(ranked, weights)
    predicted = middle + float(stats.norm.ppf(_TAIL)) * spread
    observed: npt.NDArray[np.float64] = _quantile(ranked, weights, _TAIL) - predicted
    return observed


def _body(
    ranked: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Median and sigma of the log-normal through the quartiles."""
    low, middle, high = (_quantile(ranked, weights, q) for q in _QUARTILES)
    spread = (high - low) / (2 * float(stats.norm.ppf(0.75)))
    return middle, np.maximum(spread, _LEAST_SPREAD)


def _quantile(
    ranked: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], q: float
) -> npt.NDArray[np.float64]:
    cumulative = np.cumsum(weights, axis=1)
    position = (cumulative >= q * cumulative[:, -1:]).argmax(axis=1)
    return ranked[position]
