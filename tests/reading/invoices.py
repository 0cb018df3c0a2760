"""Forty traces of a billing agent in a store, and what an analysis of them says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.source import TraceSource
from trace_factory import model, tool, trace

RECORDS = [
    trace(
        model("answer"),
        tool("billing", outputs="429 Too Many Requests" if number % 4 == 0 else {"rows": number}),
        request=f"Where is invoice {number}?",
        session=f"s{number // 3}",
        number=number,
    )
    for number in range(1, 41)
]
EXPERIMENT = "invoices"
CLAIMS = ("rate-limited",)
"""One is enough to tell whether the same was read."""


def analysis_of(source: TraceSource, **options: Any) -> Analysis:
    *_, last = analyze(source, AnalysisOptions(hypotheses=CLAIMS, **options))
    assert isinstance(last, AnalysisReady)
    return replace(last.analysis, timings={})
