"""Traces with nothing planted, and whether a claim would be confirmed on some."""

from __future__ import annotations

import numpy as np

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.statistics.intervals import wilson
from trace_factory import EPOCH_MS, features_of, feedback, model, retriever, tool, trace

_TOPICS = {
    "Where is my order {n}?": "Order {n} left the warehouse and should reach you within a few days.",
    "Can I get a refund for invoice {n}?": "I have looked at invoice {n} and started the refund for it.",
    "How do I change the address of parcel {n}?": "Open parcel {n} in your account, choose the address, save.",
    "Please explain the fees on statement {n}.": "Statement {n} has a service fee and a transfer fee. "
    "The first pays for the account, the second for sending money abroad.",
    "Which plan fits {n} users?": "For a team of that size the medium plan is the usual choice.",
}


def ordinary_traffic(seed: int, traces: int = 300, sigma: float = 0.6) -> Features:
    """Log-normal latencies, a daily load curve, sessions that resemble each other, 95 % helpful."""
    draw = np.random.default_rng(seed)
    records: list[TraceRecord] = []
    session, left, mood, at = 0, 0, 0.0, float(EPOCH_MS)
    for number in range(traces):
        if left == 0:
            session, left, mood = session + 1, int(draw.integers(1, 5)), float(draw.normal(0, 0.3))
        left -= 1
        hour = (at / 3_600_000) % 24
        at += draw.exponential(240_000 / (1.2 + np.sin(2 * np.pi * (hour - 6) / 24)))
        load = 1 + 0.2 * np.sin(2 * np.pi * (hour - 6) / 24)
        question = list(_TOPICS)[int(draw.integers(len(_TOPICS)))]
        n = int(draw.integers(1000, 99_999))

        def ms(median: float) -> float:
            return float(median * load * np.exp(draw.normal(mood, sigma)))  # noqa: B023

        tokens = int(500 * np.exp(draw.normal(0, 0.5))), int(80 * np.exp(draw.normal(0, 0.5)))
        steps = [model(ms=ms(900), tokens=(tokens[0], 20), model="sonata")]
        if draw.random() < 0.8:
            steps.append(
                tool("lookup", ms=ms(300), inputs={"id": n}, outputs={"state": "known", "id": n})
            )
            if draw.random() < 0.05:
                steps[-1] = tool("lookup", ms=ms(300), inputs={"id": n}, outputs={"error": "503 Service Unavailable"},
                                 status="ERROR", message="503 Service Unavailable")  # fmt: skip
            steps.append(model(ms=ms(1200), tokens=tokens, model="sonata"))
        if draw.random() < 0.4:
            steps.append(
                retriever(
                    "articles", ms=ms(500), inputs=question, outputs=[{"text": f"Article {n}"}]
                )
            )
            steps.append(model(ms=ms(1000), tokens=tokens, model="sonata"))
        failed = draw.random() < 0.03
        judged = [feedback("helpful", bool(draw.random() < 0.95))] if draw.random() < 0.3 else []
        records.append(
            trace(
                *steps,
                request=question.format(n=n),
                response="" if failed else _TOPICS[question].format(n=n),
                state="ERROR" if failed else "OK",
                session=f"s{session}",
                user=f"u{session % 40}",
                start_ms=at,
                assessments=judged,
                number=number + 1,
            )
        )
    return features_of(*records, seed=seed)


def confirmed(hypothesis: Hypothesis, features: Features) -> list[Case]:
    """The cases that the documented rule would confirm, without correction for multiplicity."""
    return [case for case in hypothesis.cases(features) if _confirmed(hypothesis, case)]


def _confirmed(hypothesis: Hypothesis, case: Case) -> bool:
    if case.test_without_effect:
        return False
    if hypothesis.rule is Rule.EFFECT:
        assert case.contrast is not None
        low = case.contrast.effect.interval[0]
        return low > hypothesis.minimum_effect and (case.contrast.p_value or 0.0) < 0.05
    affected = case.affected["unit"].nunique()
    if hypothesis.rule is Rule.FACT:
        enough = hypothesis.fewest_units if case.fewest_units is None else case.fewest_units
        return affected >= enough or 0 < affected >= 0.01 * len(case.eligible)
    return wilson(affected, len(case.eligible))[0] > hypothesis.minimum_effect
