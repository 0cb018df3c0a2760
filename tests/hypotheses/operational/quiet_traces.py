"""Traces in which nothing is planted, yet nothing is independent either."""

from __future__ import annotations

import numpy as np

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.base import Case, Hypothesis
from mlflow_analysis.records import TraceRecord
from trace_factory import EPOCH_MS, features_of, model, tool, trace

DAY_MS = 86_400_000
TOOLS = ("search", "lookup", "weather")


def quiet_traces(seed: int, sessions: int = 90, days: float = 3.0) -> list[TraceRecord]:
    """Sessions that fail together, a daily load curve, latencies log-normal and longer in busy hours."""
    generator = np.random.default_rng(seed)
    records = []
    for number in range(sessions):
        at = _busy_moment(generator, days)
        propensity = generator.beta(0.6, 5.0)
        slowness = generator.normal(0, 0.3)
        busy = 0.25 * np.sin(2 * np.pi * (at % DAY_MS) / DAY_MS)
        for _ in range(int(generator.integers(1, 6))):
            # whether a tool fails and whether the trace does share the session, and nothing else
            tool_failed, failed = generator.random(2) < propensity
            calls = [
                tool(
                    str(name),
                    ms=float(np.exp(generator.normal(6 + slowness + busy, 0.5))),
                    inputs={"q": len(records)},
                )
                for name in generator.choice(TOOLS, size=2)
            ]
            if tool_failed:
                took = float(np.exp(generator.normal(6 + slowness + busy, 0.5)))
                name = str(generator.choice(TOOLS))
                calls.append(
                    tool(
                        name,
                        ms=took,
                        status="ERROR",
                        message="it broke",
                        inputs={"q": -len(records)},
                    )
                )
            records.append(
                trace(
                    model(ms=float(np.exp(generator.normal(7 + slowness + busy, 0.4)))),
                    *calls,
                    state="ERROR" if failed else "OK",
                    root_message="gave up" if failed else "",
                    session=f"s{number}",
                    start_ms=EPOCH_MS + at,
                    number=1_000_000 + len(records),
                )
            )
            at += float(generator.exponential(120_000))
    return records


def quiet_features(seed: int, **shape: float) -> Features:
    return features_of(*quiet_traces(seed, **shape), seed=seed)  # type: ignore[arg-type]


def is_confirmed(hypothesis: Hypothesis, case: Case, significance: float = 0.05) -> bool:
    """The verdict of ``Rule.EFFECT`` for one case, before correction for many tests."""
    if case.contrast is None:
        return False
    p_value = case.contrast.p_value
    above = case.contrast.effect.interval[0] > hypothesis.minimum_effect
    return above and (p_value is None or p_value < significance)


def confirmed_subjects(hypothesis: Hypothesis, features: Features) -> list[str]:
    return [case.subject for case in hypothesis.cases(features) if is_confirmed(hypothesis, case)]


def _busy_moment(generator: np.random.Generator, days: float) -> float:
    """A moment of the period, thrice as likely at the height of the day as at night."""
    while True:
        at = float(generator.random() * days * DAY_MS)
        if generator.random() < 0.5 + 0.5 * np.sin(2 * np.pi * (at % DAY_MS) / DAY_MS):
            return at
