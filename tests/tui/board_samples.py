"""A board's worth of made-up events and findings, the same every time."""

from __future__ import annotations

from dataclasses import replace

from mlflow_analysis.events import (
    AnalysisReady,
    Event,
    EvidenceGrew,
    FindingReady,
    HypothesisQueued,
    Progress,
    PurposeDrafted,
)
from mlflow_analysis.findings.analysis import Analysis, Window
from mlflow_analysis.findings.evidence import Effect, RootCause, TrendPoint
from mlflow_analysis.findings.examples import Example, ToolCall, TraceAssessment
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.impact import Impact
from mlflow_analysis.findings.kinds import Category, Severity, Unit, Verdict
from mlflow_analysis.findings.purpose import Purpose, RequestPattern, ToolUse
from mlflow_analysis.findings.statistics import ErrorCount, Statistics

START_MS = 1_780_272_000_000  # 2026-06-01 00:00 UTC
HOUR_MS = 3_600_000

HOSTILE = "[@click=app.bell]x[/] [/foo] \x1b]52;c;cHduZWQ=\x07 \x1b[2J \u202eevil\u202c \ud83d end"

_C = Category
CLAIMS: tuple[tuple[str, str, Category, Severity, Unit], ...] = (
    (
        "rate-limited",
        "Calls are refused by a rate limit",
        _C.OPERATIONAL,
        Severity.HIGH,
        Unit.TRACE,
    ),
    ("timeout", "Calls run into their time-out", _C.OPERATIONAL, Severity.HIGH, Unit.TRACE),
    ("authentication", "Sign-in to a tool fails", _C.OPERATIONAL, Severity.HIGH, Unit.TRACE),
    (
        "swallowed-error",
        "A failure is hidden from the user",
        _C.OPERATIONAL,
        Severity.MEDIUM,
        Unit.TRACE,
    ),
    (
        "unreliable-tool",
        "One tool fails more than the others",
        _C.OPERATIONAL,
        Severity.MEDIUM,
        Unit.SPAN,
    ),
    (
        "retry-storm",
        "Failed calls are repeated without a pause",
        _C.OPERATIONAL,
        Severity.LOW,
        Unit.TRACE,
    ),
    ("slow-tool", "One tool takes most of the time", _C.PERFORMANCE, Severity.MEDIUM, Unit.TRACE),
    (
        "sequential-calls",
        "Independent calls run one after another",
        _C.PERFORMANCE,
        Severity.MEDIUM,
        Unit.TRACE,
    ),
    (
        "token-growth",
        "Input tokens grow with every turn",
        _C.PERFORMANCE,
        Severity.LOW,
        Unit.SESSION,
    ),
    (
        "verbose-response",
        "Simple questions get long answers",
        _C.QUALITY,
        Severity.MEDIUM,
        Unit.TRACE,
    ),
    (
        "context-lost",
        "The user is asked again for what they said",
        _C.QUALITY,
        Severity.HIGH,
        Unit.SESSION,
    ),
    ("refusal", "Requests are refused", _C.QUALITY, Severity.LOW, Unit.TRACE),
    ("error-recovery", "Succeeds in spite of a failed call", _C.STRENGTH, Severity.LOW, Unit.TRACE),
    (
        "consistent-answers",
        "Same question, same answer",
        _C.STRENGTH,
        Severity.LOW,
        Unit.REQUEST_GROUP,
    ),
)


def queued() -> list[Event]:
    """Every claim, before any evidence."""
    return [HypothesisQueued(*claim) for claim in CLAIMS]


def grew(hypothesis: str, affected: int, eligible: int, leaning: str = "open") -> EvidenceGrew:
    """A count so far, with an interval that is roughly right."""
    rate = affected / eligible if eligible else 0.0
    spread = 1 / (eligible + 4) ** 0.5
    interval = (max(0.0, rate - spread), min(1.0, rate + spread))
    return EvidenceGrew(hypothesis, affected, eligible, interval, eligible, leaning)


def finding(
    hypothesis: str,
    verdict: Verdict = Verdict.CONFIRMED,
    *,
    affected: int = 63,
    eligible: int = 1204,
    subject: str = "",
    rank: float = 100.0,
    reason: str = "",
    needs_more: int | None = None,
    text: str = "429 Too Many Requests: quota exceeded",
) -> Finding:
    """A finding of one of ``CLAIMS``; ``text`` is what its traces say."""
    claim = next(claim for claim in CLAIMS if claim[0] == hypothesis)
    _, title, category, severity, unit = claim
    rate = affected / eligible if eligible else 0.0
    confirmed = verdict is Verdict.CONFIRMED
    trace_ids = tuple(f"tr-{number:032x}" for number in range(affected if confirmed else 0))
    examples = tuple(
        Example(
            trace_id,
            "00000000000000aa",
            "Where is my order 4711? " + text,
            "I could not look it up just now.",
            (ToolCall("search_orders", 30_012.0, "ERROR"), ToolCall("get_customer", 84.0, "OK")),
            text,
            12,
            f"search_orders failed after 30.0 s: {text}",
        )
        for trace_id in trace_ids[:3]
    )
    return Finding(
        fingerprint=f"{hypothesis}/{subject}" if subject else hypothesis,
        hypothesis=hypothesis,
        title=title,
        statement=f"{affected} of {eligible} {unit.value}s show it: {title.lower()}.",
        category=category,
        verdict=verdict,
        reason=reason or ("the lower bound is above 1 %" if confirmed else "nothing found"),
        severity=severity,
        unit=unit,
        affected=affected,
        eligible=eligible,
        rate=rate,
        interval=(max(0.0, rate - 0.012), min(1.0, rate + 0.014)),
        effect=Effect("risk difference", 0.31, (0.22, 0.4), 0.04) if confirmed else None,
        q_value=0.0004 if confirmed else 0.4,
        needs_more=needs_more,
        trace_ids=trace_ids,
        assessments=tuple(
            TraceAssessment(trace_id, "00000000000000aa", hypothesis.replace("-", "_"), text)
            for trace_id in trace_ids
        ),
        examples=examples,
        root_causes=(
            RootCause(
                "app.version",
                "2.4.0",
                0.86,
                5.1,
                0.0002,
                "because 2.4.0 doubled the calls",
                54,
                300,
            ),
            RootCause(
                "hour of day",
                "09 to 11",
                0.52,
                2.2,
                0.03,
                "associated with load",
                affected // 2,
                eligible // 3,
            ),
        )
        if confirmed
        else (),
        impact=Impact(rank / 3, affected // 2, 412.0, None, rank, 3.0) if confirmed else None,
        recommendation="Back off and spread the calls; ask for a higher quota."
        if confirmed
        else "",
        replicates=True if confirmed else None,
        why="Every refused call is a request that fails or waits.",
        not_flagged="A slow call that succeeds.",
        trend=tuple(
            TrendPoint(START_MS + number * 12 * HOUR_MS, 40, 1 if number < 14 else number % 9 + 2)
            for number in range(28)
        )
        if confirmed
        else (),
        subject=subject,
    )


def findings() -> list[Finding]:
    """One or two findings for every claim, in rank order."""
    confirmed = [
        finding("rate-limited", rank=212.0, affected=88),
        finding("timeout", rank=151.0, affected=41, text="ReadTimeout after 30 s"),
        finding("unreliable-tool", rank=140.0, affected=70, eligible=310, subject="search_orders"),
        finding("context-lost", rank=120.0, affected=52, eligible=600),
        finding("slow-tool", rank=96.0, affected=301, subject="inventory_eu"),
        finding("verbose-response", rank=60.0, affected=420),
        finding("error-recovery", rank=9.0, affected=812),
    ]
    return [
        *confirmed,
        finding(
            "token-growth",
            Verdict.INCONCLUSIVE,
            affected=2,
            eligible=18,
            needs_more=120,
            reason="too few sessions of three turns",
        ),
        finding("refusal", Verdict.INCONCLUSIVE, affected=9, eligible=1204, needs_more=2400),
        *(
            finding(name, Verdict.REFUTED, affected=0)
            for name in ("authentication", "swallowed-error", "retry-storm")
        ),
        finding(
            "unreliable-tool", Verdict.REFUTED, affected=1, eligible=290, subject="get_customer"
        ),
        finding("sequential-calls", Verdict.REFUTED, affected=3),
        finding(
            "consistent-answers",
            Verdict.NOT_TESTABLE,
            affected=0,
            eligible=0,
            reason="no two requests are alike",
        ),
    ]


PURPOSE = Purpose(
    "Answers customers of an online shop about orders, returns and stock, calling the order and "
    "inventory services and searching the help pages.",
    tools=(
        ToolUse("search_orders", "TOOL", 1840, 129, 420.0, '{"order_id": "4711"}'),
        ToolUse("get_customer", "TOOL", 1204, 3, 84.0, '{"customer_id": "c-12"}'),
        ToolUse("inventory_eu", "TOOL", 611, 12, 2_350.0, '{"sku": "A-1"}'),
    ),
    data_sources=(ToolUse("help_pages", "RETRIEVER", 902, 0, 210.0, '{"query": "return policy"}'),),
    patterns=(
        RequestPattern(
            "where is my order", 602, 0.5, ("Where is my order 4711?", "Has 4712 shipped?")
        ),
        RequestPattern("return an item", 240, 0.2, ("How do I return shoes?",)),
    ),
)


def analysis(found: list[Finding] | None = None) -> Analysis:
    """A finished run with these findings."""
    return Analysis(
        experiment_id="7",
        experiment_name="shop support",
        tracking_uri="sqlite:///shop.db",
        window=Window(START_MS, START_MS + 14 * 24 * HOUR_MS),
        seed=0,
        tests_run=41,
        traces_total=1204,
        traces_read=1204,
        skipped=(),
        statistics=Statistics(
            success_rate=0.91,
            states={"OK": 1096, "ERROR": 108},
            latency_ms={"mean": 2100.0, "p50": 1500.0, "p95": 6100.0, "p99": 30_100.0},
            failures_by_duration={
                "under 1 s": 40,
                "1 to 10 s": 20,
                "10 to 30 s": 7,
                "over 30 s": 41,
            },
            errors=(ErrorCount("rate limited", 63), ErrorCount("timed out", 41)),
            tokens={
                "input": 900_000.0,
                "output": 210_000.0,
                "total": 1_110_000.0,
                "mean_per_trace": 922.0,
            },
            sessions=600,
        ),
        purpose=PURPOSE,
        findings=tuple(findings() if found is None else found),
        timings={"reading": 4.0},
    )


def half_way() -> list[Event]:
    """A run in the middle: some claims counted, one judged early."""
    return [
        *queued(),
        PurposeDrafted(PURPOSE),
        Progress("reading spans", 840, 1500, 210.0, 3.1),
        grew("rate-limited", 40, 840, "towards confirmed"),
        grew("timeout", 12, 840, "towards confirmed"),
        grew("authentication", 0, 840, "towards refuted"),
        grew("slow-tool", 210, 840, "open"),
        grew("token-growth", 0, 0, "needs sessions"),
        grew("verbose-response", 300, 830, "towards confirmed"),
        FindingReady(finding("error-recovery", affected=512)),
    ]


def finished(found: list[Finding] | None = None) -> list[Event]:
    """A whole run."""
    result = analysis(found)
    return [*half_way(), *(FindingReady(each) for each in result.findings), AnalysisReady(result)]


def renamed(original: Finding, fingerprint: str, rank: float) -> Finding:
    """The same finding under another fingerprint and rank."""
    assert original.impact is not None
    return replace(original, fingerprint=fingerprint, impact=replace(original.impact, score=rank))
