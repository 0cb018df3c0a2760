"""Figures over the whole window."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.statistics import ErrorCount, Statistics, TimePoint

_BUCKETS = 48

_DURATION_BINS = (
    ("under 1 s", 0.0, 1e3),
    ("1 to 10 s", 1e3, 1e4),
    ("10 to 30 s", 1e4, 3e4),
    ("over 30 s", 3e4, float("inf")),
)


def summarise(features: Features) -> Statistics:
    """Success rate, latency of successful traces, failures by duration, errors, tokens, sessions."""
    traces = features.traces
    ended = features.complete
    good = ended.loc[~ended["failed"], "duration_ms"].dropna()
    bad = ended.loc[ended["failed"], "duration_ms"].dropna()
    errors = (
        features.failures.drop_duplicates(["trace_id", "error_class"])["error_class"]
        .value_counts()
        .sort_index()
    ).sort_values(ascending=False, kind="stable")
    tokens = {side: _total(traces[f"{side}_tokens"]) for side in ("input", "output", "total")}
    per_trace = traces["total_tokens"].dropna()
    tokens["mean_per_trace"] = round(float(per_trace.mean()), 3) if len(per_trace) else None
    return Statistics(
        success_rate=float(1 - ended["failed"].mean()) if len(ended) else None,
        states={
            str(state): int(count)
            for state, count in traces["state"].value_counts().sort_index().items()
        },
        latency_ms={
            "mean": _rounded(float(good.mean())),
            "p50": _rounded(float(good.quantile(0.50))),
            "p95": _rounded(float(good.quantile(0.95))),
            "p99": _rounded(float(good.quantile(0.99))),
        },
        failures_by_duration={
            name: int(((bad >= low) & (bad < high)).sum()) for name, low, high in _DURATION_BINS
        },
        errors=tuple(ErrorCount(str(name), int(count)) for name, count in errors.items()),
        tokens=tokens,
        sessions=int(traces.loc[traces["session_id"] != "", "session_id"].nunique()),
        timeline=_timeline(ended),
    )


def _timeline(ended: pd.DataFrame) -> tuple[TimePoint, ...]:
    """Ended traces in equal buckets of time: how many, how many failed, how long the others took."""
    if ended.empty:
        return ()
    start = ended["start_ms"].to_numpy(dtype=float)
    low = float(start.min())
    width = max(1.0, (float(start.max()) - low) / _BUCKETS)
    bucket = np.minimum(((start - low) // width).astype(np.int64), _BUCKETS - 1)
    failed = ended["failed"].to_numpy(dtype=bool)
    took = ended["duration_ms"].where(~failed).astype(float).groupby(bucket)
    p50, p95 = took.quantile(0.50), took.quantile(0.95)
    return tuple(
        TimePoint(
            int(low + number * width),
            traces,
            failures,
            _rounded(float(p50.get(number, np.nan))),
            _rounded(float(p95.get(number, np.nan))),
        )
        for number, (traces, failures) in enumerate(
            zip(
                np.bincount(bucket, minlength=_BUCKETS).tolist(),
                np.bincount(bucket[failed], minlength=_BUCKETS).tolist(),
                strict=True,
            )
        )
    )


def _total(column: pd.Series) -> float | None:
    return float(column.sum()) if column.notna().any() else None


def _rounded(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 3)
