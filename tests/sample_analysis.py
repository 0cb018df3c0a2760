"""A made analysis for tests of what is written from one: small, and every field filled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlflow_analysis.findings.analysis import Analysis, Skipped, Window
from mlflow_analysis.findings.evidence import Effect, OutcomeContrast, RootCause, TrendPoint
from mlflow_analysis.findings.examples import Example, ToolCall, TraceAssessment
from mlflow_analysis.findings.finding import Alias, Finding
from mlflow_analysis.findings.impact import Impact
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
from mlflow_analysis.findings.purpose import Purpose, RequestPattern, ToolUse
from mlflow_analysis.findings.statistics import ErrorCount, Statistics

START_MS = 1_780_272_000_000  # 2026-06-01 00:00 UTC
DAY_MS = 86_400_000


def finding(hypothesis: str = "rate-limited", **changes: Any) -> Finding:
    """A confirmed finding about 12 of 96 sessions, with everything that one can carry."""
    trace_ids = tuple(f"tr-{number:032x}" for number in range(1, 13))
    base = Finding(
        fingerprint=f"{hypothesis}-1f2e",
        hypothesis=hypothesis,
        title="Calls are refused because a rate limit is reached",
        statement="`lookup_order` was refused with status 429 in 12 of 96 sessions.",
        category=Category.OPERATIONAL,
        verdict=Verdict.CONFIRMED,
        reason="the lower bound 7.3 % is above 1 %",
        severity=Severity.HIGH,
        unit=Unit.SESSION,
        affected=12,
        eligible=96,
        rate=0.125,
        interval=(0.0731234567, 0.206),
        effect=Effect("risk difference", 0.42, (0.31, 0.53), baseline=0.04),
        p_value=0.00012345678,
        q_value=0.002,
        trace_ids=trace_ids,
        assessments=tuple(
            TraceAssessment(
                trace_id,
                "0000000000000002",
                hypothesis.replace("-", "_"),
                f"lookup_order answered 429 after {number * 30} ms.",
            )
            for number, trace_id in enumerate(trace_ids, start=1)
        ),
        examples=(
            Example(
                trace_ids[0],
                "0000000000000002",
                "Where is my order 1234?",
                "I could not look that up.",
                (ToolCall("lookup_order", 31.4, "ERROR"), ToolCall("search", 2200.0, "OK")),
                '{"error": "429 Too Many Requests"}',
                0,
                "lookup_order answered 429 after 31 ms.",
            ),
        ),
        root_causes=(
            RootCause(
                "tool",
                "lookup_order",
                1.0,
                6.1,
                0.001,
                "because the call returned 429",
                12,
                40,
                True,
            ),
            RootCause("hour", "14", 0.8, 3.2, 0.01, "associated with the hour of the day", 10, 30),
        ),
        impact=Impact(7.0, 5, 81.5, 12_000, 21.0, 3.0, "lower bound of the affected traces"),
        recommendation="Back off with jitter; ask for a higher quota of `lookup_order`.",
        replicates=True,
        held_out=True,
        outcomes=(
            OutcomeContrast(
                "correctness fails",
                0.5,
                0.2,
                12,
                80,
                0.3,
                (0.06, 0.53),
                0.0321234,
                0.0642468,
                "associated with worse outcomes",
            ),
        ),
        aliases=(
            Alias(
                "retry-storm-99aa",
                "retry-storm",
                "Calls are repeated at once",
                "lookup_order",
                Unit.TRACE,
                11,
                120,
                (0.0524, 0.156),
                trace_ids[:11],
            ),
        ),
        parent="error-burst-77bb",
        why="A refused call is work the user waits for and does not get.",
        not_flagged="A quota that the product itself sells.",
        trend=tuple(
            TrendPoint(START_MS + day * DAY_MS, 16, affected)
            for day, affected in enumerate((0, 1, 1, 2, 4, 4))
        ),
        subject="lookup_order",
    )
    return replace(base, **changes)


def analysis(*findings: Finding, **changes: Any) -> Analysis:
    """An analysis with these findings, of 150 traces in 96 sessions."""
    base = Analysis(
        experiment_id="1",
        experiment_name="support agent",
        tracking_uri="sqlite:///store.db",
        window=Window(START_MS, START_MS + 6 * DAY_MS, "trace.status != 'IN_PROGRESS'"),
        seed=0,
        tests_run=37,
        traces_total=152,
        traces_read=150,
        skipped=(
            Skipped("tr-bad", "Its spans are not valid JSON."),
            Skipped("tr-gone", "Its spans are missing."),
        ),
        statistics=Statistics(
            success_rate=0.8733333333,
            states={"OK": 131, "ERROR": 19},
            latency_ms={"mean": 2412.25, "p50": 1900.0, "p95": 6100.0, "p99": 31_000.0},
            failures_by_duration={
                "under 1 s": 12,
                "1 to 10 s": 2,
                "10 to 30 s": 0,
                "over 30 s": 5,
            },
            errors=(ErrorCount("rate limit", 12), ErrorCount("timeout", 5)),
            tokens={
                "input": 120_000.0,
                "output": 30_000.0,
                "total": 150_000.0,
                "mean_per_trace": 1000.0,
            },
            sessions=96,
        ),
        purpose=Purpose(
            "Answers customers' questions about orders and refunds.",
            tools=(ToolUse("lookup_order", "TOOL", 140, 12, 210.0, '{"order_id": "1234"}'),),
            data_sources=(ToolUse("help_pages", "RETRIEVER", 60, 0, 95.0),),
            patterns=(RequestPattern("order, where", 80, 0.53, ("Where is my order 1234?",)),),
        ),
        findings=tuple(findings),
        timings={"reading": 1.23456789, "testing": 0.5},
        notes=("Two traces could not be read.",),
    )
    return replace(base, **changes)


def strength() -> Finding:
    return finding(
        "effective-tools",
        title="One tool goes with better outcomes",
        statement="Sessions that use `help_pages` succeed more often.",
        category=Category.STRENGTH,
        severity=Severity.LOW,
        recommendation="Use it for refunds too.",
    )


def refuted() -> Finding:
    return finding(
        "timeout",
        title="Calls run into a time limit",
        verdict=Verdict.REFUTED,
        affected=0,
        rate=0.0,
        interval=(0.0, 0.008),
        effect=None,
        p_value=None,
        q_value=None,
        replicates=None,
        held_out=False,
        outcomes=(),
        aliases=(),
        parent="",
        trace_ids=(),
        assessments=(),
        examples=(),
        root_causes=(),
        impact=None,
        trend=(),
        reason="the upper bound 0.8 % is below 1 %",
    )


def inconclusive() -> Finding:
    return replace(
        refuted(),
        fingerprint="slow-tool-77",
        hypothesis="slow-tool",
        title="A tool takes most of the time",
        category=Category.PERFORMANCE,
        verdict=Verdict.INCONCLUSIVE,
        affected=2,
        eligible=20,
        rate=0.1,
        interval=(0.03, 0.3),
        needs_more=140,
        reason="the interval holds the minimum effect",
    )


def not_testable() -> Finding:
    return replace(
        refuted(),
        fingerprint="token-growth-0",
        hypothesis="token-growth",
        title="Prompts grow with every turn",
        verdict=Verdict.NOT_TESTABLE,
        eligible=0,
        interval=(0.0, 1.0),
        reason="no span carries token usage",
    )


def judged_analysis() -> Analysis:
    """An analysis that a judge had a look at, with everything that it can say."""
    opinion = SecondOpinion(
        traces=(
            JudgedTrace("tr-1", True, "A call was refused."),
            JudgedTrace("tr-2", False, "It is <b>fine</b>."),
            JudgedTrace("tr-3", None, ""),
        ),
        agreed=1,
        decided=2,
        agreement=(0.0945, 0.9055),
        corrected=Corrected(0.0625, (0.0101, 0.15)),
    )
    one = finding(judge=JudgedFinding(opinion, ("The *limit* is <i>low</i> [tr-1].",), 2))
    return analysis(
        one,
        judge=Judging(
            model="openai:/m",
            purpose="It answers <script>alert(1)</script> questions.",
            groups=(NamedGroup("orders", "Order | status", "Where it is."),),
            spent=Spent(12, 3, 3600, 240, False, 0.0021),
            transcript="/logs/judge.jsonl",
            not_done=("root causes: 1 of 3 not answered, because no answer within 60 s",),
        ),
    )
