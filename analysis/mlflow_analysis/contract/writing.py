"""An analysis as JSON, schema version 1: what ``--json`` writes and other programs rely on.

The same analysis and review give the same bytes, except under ``timings``. The schema is published
as ``schema/analysis-v1.json`` in this package. Shares are 0 to 1, durations milliseconds (seconds
in ``timings`` and where a name says so), times ISO 8601 in UTC, unknown figures ``null``. Floats
that are not whole have six significant digits: more would be noise, and would differ between machines.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

import orjson

from mlflow_analysis import __version__
from mlflow_analysis.contract.plain import Plain
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.evidence import OutcomeContrast
from mlflow_analysis.findings.examples import Example
from mlflow_analysis.findings.finding import Alias, Finding
from mlflow_analysis.findings.judged import JudgedFinding, Judging
from mlflow_analysis.findings.purpose import Purpose, ToolUse
from mlflow_analysis.findings.statistics import Statistics
from mlflow_analysis.review import Course, Decision, Review
from mlflow_analysis.review.acceptance import AcceptPolicy, Ruled, rule_each
from mlflow_analysis.secrets import masked

SCHEMA_VERSION = 1

JsonObject = dict[str, Any]


def analysis_to_json(
    analysis: Analysis,
    review: Review,
    *,
    accept: AcceptPolicy = AcceptPolicy.REVIEWED,
    show_secrets: bool = False,
) -> JsonObject:
    """The whole analysis as a JSON object, keys in the order of the contract.

    Credentials in traces are masked unless ``show_secrets``.
    """
    return AnalysisJson(analysis, show_secrets=show_secrets).reviewed(review, accept)


class AnalysisJson:
    """An analysis as JSON. What was computed is made once, when asked for first: it may be long.

    Credentials in traces are masked unless ``show_secrets``.
    """

    def __init__(self, analysis: Analysis, *, show_secrets: bool = False) -> None:
        self.analysis = analysis if show_secrets else masked(analysis)
        """With what is masked, masked."""
        self._plain = Plain()

    def reviewed(self, review: Review, accept: AcceptPolicy = AcceptPolicy.REVIEWED) -> JsonObject:
        """All of it, with what people said. The decision on one that was merged is that on its home.

        Parts are shared with what was given before.
        """
        each_ruled = rule_each(self.analysis, review, accept)
        decisions = {each.finding.fingerprint: each.decision for each in each_ruled}
        findings = [
            {
                **computed,
                "severity": ruled.finding.severity.value,
                "decision": decisions[ruled.home or finding.fingerprint].value,
                "course": ruled.ruling.course.value,
                **self._plain.of(_by_people(finding, ruled)),
            }
            for finding, computed, ruled in zip(
                self.analysis.findings, self._findings, each_ruled, strict=True
            )
        ]
        return {**self._all_but_findings, "findings": findings}

    @cached_property
    def _all_but_findings(self) -> JsonObject:
        content: JsonObject = self._plain.of(_all_but_findings(self.analysis))
        return content

    @cached_property
    def _findings(self) -> list[JsonObject]:
        plain = self._plain
        return [
            {
                **plain.of(_finding(finding)),
                "trace_ids": plain.ids(finding.trace_ids),
                "assessments": plain.assessments(finding.assessments),
            }
            for finding in self.analysis.findings
        ]


def _all_but_findings(analysis: Analysis) -> JsonObject:
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "mlflow-tui", "version": __version__},
        "experiment": {
            "id": analysis.experiment_id,
            "name": analysis.experiment_name,
            "tracking_uri": analysis.tracking_uri,
        },
        "window": {
            "from": _iso(analysis.window.start_ms),
            "to": _iso(analysis.window.end_ms),
            "filter": analysis.window.filter,
        },
        "seed": analysis.seed,
        "tests_run": analysis.tests_run,
        "traces": {
            "total": analysis.traces_total,
            "read": analysis.traces_read,
            "skipped": [
                {"trace_id": skipped.trace_id, "reason": skipped.reason}
                for skipped in analysis.skipped
            ],
        },
        "statistics": _statistics(analysis.statistics),
        "purpose": _purpose(analysis.purpose),
        "findings": [],
        "timings": dict(analysis.timings),
        "notes": list(analysis.notes),
        **_by_judge(analysis.judge),
    }


def to_bytes(content: JsonObject) -> bytes:
    """``content`` as a JSON file in UTF-8: indented, one newline at the end."""
    written: bytes = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return written


def to_text(content: JsonObject) -> str:
    """``to_bytes`` as text."""
    return to_bytes(content).decode()


def _by_judge(said: Judging | JudgedFinding | None) -> JsonObject:
    """The part of a judge, under its key; nothing where none was asked."""
    return {} if said is None else {"judge": asdict(said)}


def _statistics(statistics: Statistics) -> JsonObject:
    return {
        "success_rate": statistics.success_rate,
        "states": dict(statistics.states),
        "latency_ms": {
            name: statistics.latency_ms.get(name) for name in ("mean", "p50", "p95", "p99")
        },
        "failures_by_duration": dict(statistics.failures_by_duration),
        "errors": [
            {"class": error.error_class, "count": error.count} for error in statistics.errors
        ],
        "tokens": dict(statistics.tokens),
        "sessions": statistics.sessions,
        "timeline": [
            {
                "start": _iso(point.start_ms),
                "traces": point.traces,
                "failed": point.failed,
                "p50_ms": point.p50_ms,
                "p95_ms": point.p95_ms,
            }
            for point in statistics.timeline
        ],
    }


def _purpose(purpose: Purpose) -> JsonObject:
    return {
        "description": purpose.description,
        "tools": [_tool_use(tool) for tool in purpose.tools],
        "data_sources": [_tool_use(source) for source in purpose.data_sources],
        "patterns": [
            {
                "label": pattern.label,
                "traces": pattern.traces,
                "share": pattern.share,
                "examples": list(pattern.examples),
            }
            for pattern in purpose.patterns
        ],
        "confirmed_by_user": purpose.confirmed_by_user,
        "facts": [
            {"name": fact.name, "value": fact.value, "basis": fact.basis} for fact in purpose.facts
        ],
        "declared_tools": None if purpose.declared_tools is None else list(purpose.declared_tools),
        "out_of_scope": list(purpose.out_of_scope),
    }


def _tool_use(tool: ToolUse) -> JsonObject:
    return {
        "name": tool.name,
        "kind": tool.kind,
        "calls": tool.calls,
        "failures": tool.failures,
        "failure_rate": tool.failure_rate,
        "p50_ms": tool.p50_ms,
        "example_arguments": tool.example_arguments,
        "arguments": list(tool.arguments),
        "gives": tool.gives,
    }


def _finding(finding: Finding) -> JsonObject:
    """``finding`` as it was computed, all but what there is one of for each trace (see ``AnalysisJson``).

    What people say takes the place of its severity, decision and course.
    """
    effect, impact = finding.effect, finding.impact
    return {
        "fingerprint": finding.fingerprint,
        "hypothesis": finding.hypothesis,
        "title": finding.title,
        "statement": finding.statement,
        "category": finding.category.value,
        "verdict": finding.verdict.value,
        "reason": finding.reason,
        "severity": finding.severity.value,
        "decision": Decision.UNDECIDED.value,
        "unit": finding.unit.value,
        "affected": finding.affected,
        "eligible": finding.eligible,
        "rate": finding.rate,
        "interval": list(finding.interval),
        "effect": None
        if effect is None
        else {
            "kind": effect.kind,
            "value": effect.value,
            "interval": list(effect.interval),
            "baseline": effect.baseline,
        },
        "p_value": finding.p_value,
        "q_value": finding.q_value,
        "needs_more": finding.needs_more,
        "trace_ids": [],
        "assessments": [],
        "examples": [_example(example) for example in finding.examples],
        "root_causes": [
            {
                "attribute": cause.attribute,
                "value": cause.value,
                "share": cause.share,
                "lift": cause.lift,
                "q_value": cause.q_value,
                "mechanism": cause.mechanism,
                "replicates": cause.replicates,
                "affected": cause.affected,
                "units": cause.units,
                "interval": None if cause.interval is None else list(cause.interval),
                "rest_interval": None if cause.rest_interval is None else list(cause.rest_interval),
            }
            for cause in finding.root_causes
        ],
        "impact": None
        if impact is None
        else {
            "traces": impact.traces,
            "failures": impact.failures,
            "seconds": impact.seconds,
            "tokens": impact.tokens,
            "score": impact.score,
            "severity_weight": impact.severity_weight,
            "reason": impact.reason,
            "rescued": impact.rescued,
            "money_usd": impact.money,
            "retimed": None
            if impact.retimed is None
            else {
                "p50_before_s": impact.retimed.p50_before_s,
                "p50_after_s": impact.retimed.p50_after_s,
                "p95_before_s": impact.retimed.p95_before_s,
                "p95_after_s": impact.retimed.p95_after_s,
                "traces": impact.retimed.traces,
            },
        },
        "recommendation": finding.recommendation,
        "replicates": finding.replicates,
        "held_out": finding.held_out,
        "outcomes": [_outcome(contrast) for contrast in finding.outcomes],
        "aliases": [_alias(alias) for alias in finding.aliases],
        "parent": finding.parent or None,
        "course": Course.NEW.value,
        "subject": finding.subject,
        "why": finding.why,
        "not_flagged": finding.not_flagged,
        "onset": _iso(finding.onset_ms),
        "trend": [
            {
                "start": _iso(point.start_ms),
                "eligible": point.eligible,
                "affected": point.affected,
            }
            for point in finding.trend
        ],
        "durations": None if finding.durations is None else asdict(finding.durations),
        **_by_judge(finding.judge),
    }


def _by_people(finding: Finding, ruled: Ruled) -> JsonObject:
    """What people said besides the decision; each key is there only where they did."""
    told: JsonObject = {}
    if ruled.finding.severity is not finding.severity:
        told["computed_severity"] = finding.severity.value
    if ruled.ruling.assignee:
        told["assignee"] = ruled.ruling.assignee
    if ruled.ruling.note:
        told["note"] = ruled.ruling.note
    if ruled.home:
        told["merged_into"] = ruled.home
    if ruled.merged:
        told["merged"] = {
            "fingerprints": [each.fingerprint for each in ruled.merged],
            "traces": len(ruled.finding.trace_ids),
        }
    return told


def _outcome(contrast: OutcomeContrast) -> JsonObject:
    return {
        "outcome": contrast.outcome,
        "rate_with": contrast.rate_with,
        "rate_without": contrast.rate_without,
        "sessions_with": contrast.sessions_with,
        "sessions_without": contrast.sessions_without,
        "difference": contrast.difference,
        "interval": list(contrast.interval),
        "p_value": contrast.p_value,
        "q_value": contrast.q_value,
        "association": contrast.association,
    }


def _alias(alias: Alias) -> JsonObject:
    return {
        "fingerprint": alias.fingerprint,
        "hypothesis": alias.hypothesis,
        "title": alias.title,
        "subject": alias.subject,
        "unit": alias.unit.value,
        "affected": alias.affected,
        "eligible": alias.eligible,
        "interval": list(alias.interval),
        "trace_ids": list(alias.trace_ids),
    }


def _example(example: Example) -> JsonObject:
    return {
        "trace_id": example.trace_id,
        "span_id": example.span_id,
        "request": example.request,
        "response": example.response,
        "tools": [
            {"name": tool.name, "duration_ms": tool.duration_ms, "status": tool.status}
            for tool in example.tools
        ],
        "excerpt": example.excerpt,
        "excerpt_offset": example.excerpt_offset,
        "rationale": example.rationale,
    }


def _iso(epoch_ms: int | None) -> str | None:
    if epoch_ms is None:
        return None
    moment = datetime.fromtimestamp(epoch_ms / 1000, tz=timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
