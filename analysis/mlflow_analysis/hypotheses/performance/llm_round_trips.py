"""Many model calls, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.performance.critical_path import model_calls

_MANY = 6
_FEWEST = 20
_SLOPE_SAMPLE = 400
_MODEL_SHARE = 0.5


class LlmRoundTrips(Hypothesis):
    """Answers take many model calls, and each one adds to the wait.

    ## Why it matters
    Every round trip to the model costs its latency, reads the whole context again and is paid for; the
    fifth step that asks for one more tool could have been asked for in the first.

    ## Test
    Eligible: ended traces with a model call, at least 20. Affected: traces with 6 model calls or more that
    hold at least half of the duration on the critical path; counted only if duration rises with the
    number of calls: the lower bound of the 95 % interval of the Theil-Sen slope of duration on model
    calls lies above 0 (of 400 traces drawn with the seed, where there are more). Confirmed if the lower
    bound of the share (Wilson) is above 10 %, refuted if the upper bound is below. Impact: the lower
    bound of the slope for each call beyond the third of an affected trace.

    ## Not flagged
    Model calls in parallel, for they are not on the critical path; traces whose time goes elsewhere; one
    to five calls, which tools need.

    ## Recommendation
    Let the model ask for several tools at once, make tools that do more in one call, and put what it
    always looks up first into the prompt.

    ## Sources
    Theil 1950; Sen 1968, Estimates of the Regression Coefficient Based on Kendall's Tau, J. Am. Stat.
    Assoc. 63. Kim et al. 2024, An LLM Compiler for Parallel Function Calling, arXiv:2312.04511.
    """

    id: ClassVar[str] = "llm-round-trips"
    title: ClassVar[str] = "Many model round trips"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.10
    needs: ClassVar[frozenset[Field]] = frozenset(
        {Field.MODEL_SPANS, Field.DURATIONS, Field.DURATIONS_MEASURED}
    )
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces with a model call."""
        return pd.Index(_calling(features)["place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces with many model calls."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with what a call costs."""
        traces = _calling(features)
        slope, low = _slope(traces, features.seed)
        calls = features.shared(model_calls)
        held = np.bincount(calls.trace, calls.critical_ms, minlength=len(features.traces))
        on_path = pd.Series(held[traces["place"]], index=traces.index)
        many = traces[
            (traces["model_calls"] >= _MANY)
            & (on_path / traces["duration_ms"] >= _MODEL_SHARE)
            & (len(traces) >= _FEWEST)
            & (low > 0)
        ]
        count = many["model_calls"].astype(str)
        seconds = (on_path.reindex(many.index) / 1000).round(1).astype(str)
        whole = (many["duration_ms"] / 1000).round(1).astype(str)
        yield Case(
            pd.Index(traces["place"]),
            affected_rows(
                many["place"],
                many.index,
                many["root_span_id"],
                count + " model calls",
                count
                + " model calls take "
                + seconds
                + " s of the trace's "
                + whole
                + f" s; each further call adds {slope / 1000:.2f} s.",
            ),
            statement=f"Traces take {_MANY} model calls or more; each one adds {slope / 1000:.2f} s.",
            seconds_lost=float(((many["model_calls"] - _MANY // 2) * max(low, 0.0)).sum()) / 1000,
            test_without_effect=(
                f"fewer than {_FEWEST} traces call a model" if len(traces) < _FEWEST else ""
            ),
        )


def _calling(features: Features) -> pd.DataFrame:
    """The ended traces with a model call."""
    columns = ["place", "model_calls", "duration_ms", "root_span_id"]
    traces = features.complete[columns]
    return traces[(traces["model_calls"] > 0) & (traces["duration_ms"] > 0)]


def _slope(traces: pd.DataFrame, seed: int) -> tuple[float, float]:
    """Milliseconds for each further model call, and the lower bound of that."""
    if len(traces) > _SLOPE_SAMPLE:
        chosen = np.random.default_rng(seed).choice(len(traces), _SLOPE_SAMPLE, replace=False)
        traces = traces.iloc[np.sort(chosen)]
    calls = traces["model_calls"].to_numpy(dtype=float)
    if len(np.unique(calls)) < 2:
        return 0.0, 0.0
    durations = traces["duration_ms"].to_numpy(dtype=float)
    with np.errstate(
        invalid="ignore"
    ):  # with ties throughout there is no interval: it comes as NaN
        fitted = scipy.stats.theilslopes(durations, calls)
    low = float(fitted.low_slope)
    return float(fitted.slope), low if np.isfinite(low) else 0.0
