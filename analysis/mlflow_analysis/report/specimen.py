"""Two reports on nothing real, that templates are tried on: one with everything in it, one with nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from mlflow_analysis.findings.analysis import Analysis, Skipped, Window
from mlflow_analysis.findings.evidence import Effect, OutcomeContrast, RootCause, TrendPoint
from mlflow_analysis.findings.examples import Example, ToolCall, TraceAssessment
from mlflow_analysis.findings.finding import Alias, Finding
from mlflow_analysis.findings.impact import Impact, Retimed
from mlflow_analysis.findings.judged import (
    Corrected,
    JudgedFinding,
    JudgedTrace,
    Judging,
    NamedGroup,
    SecondOpinion,
    Spent,
)
from mlflow_analysis.findings.kinds import Category, Severity, Unit, Verdict
from mlflow_analysis.findings.purpose import Purpose, PurposeFact, RequestPattern, ToolUse
from mlflow_analysis.findings.statistics import ErrorCount, Statistics, TimePoint
from mlflow_analysis.report.context import ReportContext, report_context
from mlflow_analysis.report.sections import SECTIONS, chosen
from mlflow_analysis.review import Decision, Review
from mlflow_analysis.review.acceptance import AcceptPolicy

_START, _DAY = 1_780_272_000_000, 86_400_000


def specimen() -> Iterator[tuple[ReportContext, list[tuple[str, str]]]]:
    """What a template is given: the report, and the ids and headings of its sections."""
    full, review = _full(), Review(None, "reviewer")
    for finding, decision in zip(full.findings, Decision, strict=False):
        if decision is not Decision.UNDECIDED:
            review.decide(finding, decision, "by design", "as agreed")
    for analysis, known in ((full, review), (_empty(), Review(None, "reviewer"))):
        report = report_context(analysis, known, AcceptPolicy.REVIEWED)
        yield report, chosen(SECTIONS, report)


def _full() -> Analysis:
    finding = _finding()
    others = [
        replace(finding, fingerprint=f"{number}", category=category, verdict=verdict)
        for number, (category, verdict) in enumerate(
            (category, verdict) for category in Category for verdict in Verdict
        )
    ]
    tool = ToolUse("lookup", "TOOL", 40, 2, 210.0, '{"id": 1}', ("id",), "JSON with state")
    return replace(
        _empty(),
        window=Window(_START, _START + 2 * _DAY, "trace.status = 'OK'"),
        traces_total=41,
        traces_read=40,
        skipped=(Skipped("tr-2", "Its spans are missing."),),
        statistics=Statistics(
            0.9,
            {"OK": 36, "ERROR": 4},
            {"mean": 1200.0, "p50": 900.0, "p95": 4000.0, "p99": 9000.0},
            {"under 1 s": 4},
            (ErrorCount("rate limit", 4),),
            {"input": 100.0, "mean_per_trace": None},
            20,
            (
                TimePoint(_START, 20, 1, 900.0, 4000.0),
                TimePoint(_START + _DAY, 20, 3, None, None),
            ),
        ),
        purpose=Purpose(
            "Answers questions.",
            (tool,),
            (tool,),
            (RequestPattern("orders", 10, 0.25, ("Where is it?",)),),
            True,
            (PurposeFact("models", "one", "spans"),),
            ("lookup",),
            ("weather",),
        ),
        findings=(finding, *others),
        timings={"began_ms": time.time() * 1000 + _DAY},
        notes=("Only the newest 40 of 41 traces were read.",),
        judge=Judging(
            model="openai:/judge",
            purpose="It looks things up.",
            groups=(NamedGroup("where, order", "Orders", "Where an order is."),),
            spent=Spent(12, 3, 3_600, 240, estimated=True, usd=0.002),
            transcript="judge.jsonl",
            not_done=("root causes: 1 of 2 not answered, because no answer within 60 s",),
        ),
    )


def _finding() -> Finding:
    return Finding(
        fingerprint="0f1e",
        hypothesis="rate-limited",
        title="Calls are refused: lookup",
        statement="`lookup` was refused in 4 of 20 sessions.",
        category=Category.OPERATIONAL,
        verdict=Verdict.CONFIRMED,
        reason="The lower bound is above 1%.",
        severity=Severity.HIGH,
        unit=Unit.SESSION,
        affected=4,
        eligible=20,
        rate=0.2,
        interval=(0.08, 0.42),
        effect=Effect("risk difference", 0.2, (0.1, 0.3), 0.05),
        p_value=0.001,
        q_value=0.01,
        needs_more=120,
        trace_ids=("tr-1",),
        assessments=(TraceAssessment("tr-1", "1", "rate_limited", "It answered 429."),),
        examples=(
            Example(
                "tr-1",
                "1",
                "Where is it?",
                "",
                (ToolCall("lookup", 31.0, "ERROR"),),
                "429",
                0,
                "429.",
            ),
        ),
        root_causes=(RootCause("tool", "lookup", 1.0, 5.0, 0.01, "because it answered 429"),),
        impact=Impact(
            3.0, 4, 12.0, 100, 9.0, 3.0, "Replayed.", 2.0, 0.5, Retimed(0.9, 0.8, 4.0, 3.0, 3)
        ),
        recommendation="Wait, then try again.",
        replicates=False,
        held_out=True,
        outcomes=(
            OutcomeContrast("it failed", 0.5, 0.1, 4, 16, 0.4, (0.1, 0.7), 0.01, 0.02, "worse"),
        ),
        aliases=(Alias("2d3c", "retry", "Calls are repeated", "", Unit.TRACE, 4, 40, (0.04, 0.2)),),
        parent="1",
        why="The user waits in vain.",
        not_flagged="A quota that is sold.",
        trend=(TrendPoint(_START, 10, 1), TrendPoint(_START + _DAY, 10, 3)),
        subject="lookup",
        onset_ms=_START + _DAY,
        judge=JudgedFinding(
            SecondOpinion(
                (JudgedTrace("tr-1", True, "It was refused."),),
                agreed=1,
                decided=1,
                agreement=(0.2, 1.0),
                corrected=Corrected(0.2, (0.05, 0.42)),
            ),
            ("The limit is low [tr-1].",),
            dropped=1,
        ),
    )


def _empty() -> Analysis:
    nothing: dict[str, float | None] = {"mean": None, "p50": None, "p95": None, "p99": None}
    return Analysis(
        experiment_id="1",
        experiment_name="an example",
        tracking_uri="sqlite:///example.db",
        window=Window(None, None),
        seed=0,
        tests_run=0,
        traces_total=0,
        traces_read=0,
        skipped=(),
        statistics=Statistics(None, {}, nothing, {}, (), {}, 0),
        purpose=Purpose(""),
        findings=(),
    )
