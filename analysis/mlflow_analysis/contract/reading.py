"""Read back what ``writing`` wrote: an analysis from its JSON, without the decisions.

Those are the review's, which may have gone on since.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

from mlflow_analysis.contract.writing import SCHEMA_VERSION, JsonObject
from mlflow_analysis.findings.analysis import Analysis, Skipped, Window
from mlflow_analysis.findings.evidence import (
    Durations,
    Effect,
    OutcomeContrast,
    RootCause,
    TrendPoint,
)
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
from mlflow_analysis.untrusted import single_line


class AnalysisNotUnderstood(ValueError):  # noqa: N818 - a state of a file, told to a person
    """The file is not the JSON of an analysis."""


def read_analysis(path: Path) -> Analysis:
    """The analysis in the file ``path``.

    Raises ``AnalysisNotUnderstood`` with one sentence and a remedy if it holds none, ``OSError`` if it
    cannot be read.
    """
    name = single_line(str(path))
    remedy = "Give a file that `mlflow-tui analyze --json` wrote."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AnalysisNotUnderstood(f"{name} is not JSON. {remedy}") from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version is None:
        raise AnalysisNotUnderstood(f"{name} holds no analysis. {remedy}")
    if version != SCHEMA_VERSION:
        raise AnalysisNotUnderstood(
            f"{name} has schema version {single_line(str(version))[:20]}; this mlflow-tui reads "
            f"version {SCHEMA_VERSION}. Analyse again with this version."
        )
    try:
        return analysis_from_json(content)
    except KeyError as error:
        raise AnalysisNotUnderstood(f"{name} is cut or changed: it has no {error}. {remedy}") from (
            error
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise AnalysisNotUnderstood(
            f"{name} is cut or changed: {single_line(str(error))[:120]}. {remedy}"
        ) from error


def analysis_from_json(content: JsonObject) -> Analysis:
    """The analysis that ``writing.analysis_to_json`` wrote, without decisions.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` for anything else.
    """
    experiment, window, traces = content["experiment"], content["window"], content["traces"]
    return Analysis(
        experiment_id=str(experiment["id"]),
        experiment_name=str(experiment["name"]),
        tracking_uri=str(experiment["tracking_uri"]),
        window=Window(_ms(window["from"]), _ms(window["to"]), str(window["filter"])),
        seed=int(content["seed"]),
        tests_run=int(content["tests_run"]),
        traces_total=int(traces["total"]),
        traces_read=int(traces["read"]),
        skipped=tuple(Skipped(each["trace_id"], each["reason"]) for each in traces["skipped"]),
        statistics=_statistics(content["statistics"]),
        purpose=_purpose(content["purpose"]),
        findings=tuple(map(_finding, content["findings"])),
        timings=dict(content["timings"]),
        notes=tuple(map(str, content.get("notes", ()))),
        judge=_judging(content.get("judge")),
    )


def _statistics(told: JsonObject) -> Statistics:
    return Statistics(
        success_rate=told["success_rate"],
        states=dict(told["states"]),
        latency_ms=dict(told["latency_ms"]),
        failures_by_duration=dict(told["failures_by_duration"]),
        errors=tuple(ErrorCount(each["class"], int(each["count"])) for each in told["errors"]),
        tokens=dict(told["tokens"]),
        sessions=int(told["sessions"]),
        timeline=tuple(
            TimePoint(
                _moment(each["start"]),
                int(each["traces"]),
                int(each["failed"]),
                each["p50_ms"],
                each["p95_ms"],
            )
            for each in told.get("timeline", ())
        ),
    )


def _purpose(told: JsonObject) -> Purpose:
    declared = told.get("declared_tools")
    return Purpose(
        description=str(told["description"]),
        tools=tuple(map(_tool_use, told["tools"])),
        data_sources=tuple(map(_tool_use, told["data_sources"])),
        patterns=tuple(
            RequestPattern(
                each["label"], int(each["traces"]), float(each["share"]), tuple(each["examples"])
            )
            for each in told["patterns"]
        ),
        confirmed_by_user=bool(told["confirmed_by_user"]),
        facts=tuple(
            PurposeFact(each["name"], each["value"], each["basis"])
            for each in told.get("facts", ())
        ),
        declared_tools=None if declared is None else tuple(declared),
        out_of_scope=tuple(told.get("out_of_scope", ())),
    )


def _tool_use(told: JsonObject) -> ToolUse:
    return ToolUse(
        told["name"],
        told["kind"],
        int(told["calls"]),
        int(told["failures"]),
        _figure(told["p50_ms"]),
        told["example_arguments"],
        tuple(told.get("arguments", ())),
        told.get("gives", ""),
    )


def _finding(told: JsonObject) -> Finding:
    effect = told["effect"]
    return Finding(
        fingerprint=str(told["fingerprint"]),
        hypothesis=str(told["hypothesis"]),
        title=str(told["title"]),
        statement=str(told["statement"]),
        category=Category(told["category"]),
        verdict=Verdict(told["verdict"]),
        reason=str(told["reason"]),
        severity=Severity(told.get("computed_severity", told["severity"])),
        unit=Unit(told["unit"]),
        affected=int(told["affected"]),
        eligible=int(told["eligible"]),
        rate=float(told["rate"]),
        interval=_bounds(told["interval"]),
        effect=None
        if effect is None
        else Effect(
            effect["kind"],
            _figure(effect["value"]),
            _bounds(effect["interval"]),
            effect["baseline"],
        ),
        p_value=told["p_value"],
        q_value=told["q_value"],
        needs_more=told["needs_more"],
        trace_ids=tuple(told["trace_ids"]),
        assessments=tuple(
            TraceAssessment(each["trace_id"], each["span_id"], each["name"], each["rationale"])
            for each in told["assessments"]
        ),
        examples=tuple(map(_example, told["examples"])),
        root_causes=tuple(map(_cause, told["root_causes"])),
        impact=None if told["impact"] is None else _impact(told["impact"]),
        recommendation=str(told["recommendation"]),
        replicates=told["replicates"],
        held_out=bool(told.get("held_out", False)),
        outcomes=tuple(map(_outcome, told.get("outcomes", ()))),
        aliases=tuple(map(_alias, told.get("aliases", ()))),
        parent=told.get("parent") or "",
        why=str(told.get("why", "")),
        not_flagged=str(told.get("not_flagged", "")),
        trend=tuple(
            TrendPoint(_moment(each["start"]), int(each["eligible"]), int(each["affected"]))
            for each in told.get("trend", ())
        ),
        subject=str(told.get("subject", "")),
        onset_ms=_ms(told.get("onset")),
        durations=_durations(told.get("durations")),
        judge=_judged(told.get("judge")),
    )


def _example(told: JsonObject) -> Example:
    return Example(
        told["trace_id"],
        told["span_id"],
        told["request"],
        told["response"],
        tuple(
            ToolCall(each["name"], _figure(each["duration_ms"]), each["status"])
            for each in told["tools"]
        ),
        told["excerpt"],
        int(told.get("excerpt_offset", -1)),
        told["rationale"],
    )


def _cause(told: JsonObject) -> RootCause:
    return RootCause(
        told["attribute"],
        told["value"],
        float(told["share"]),
        _figure(told["lift"]),
        float(told["q_value"]),
        told["mechanism"],
        int(told.get("affected", 0)),
        int(told.get("units", 0)),
        told.get("replicates"),
        None if told.get("interval") is None else _bounds(told["interval"]),
        None if told.get("rest_interval") is None else _bounds(told["rest_interval"]),
    )


def _durations(told: JsonObject | None) -> Durations | None:
    if told is None:
        return None
    return Durations(**{name: tuple(values) for name, values in told.items()})


def _impact(told: JsonObject) -> Impact:
    retimed = told.get("retimed")
    return Impact(
        traces=float(told["traces"]),
        failures=int(told["failures"]),
        seconds=told["seconds"],
        tokens=told["tokens"],
        score=float(told["score"]),
        severity_weight=float(told["severity_weight"]),
        reason=str(told["reason"]),
        rescued=float(told.get("rescued", 0.0)),
        money=told.get("money_usd"),
        retimed=None if retimed is None else Retimed(**retimed),
    )


def _outcome(told: JsonObject) -> OutcomeContrast:
    return OutcomeContrast(**{**told, "interval": _bounds(told["interval"])})


def _alias(told: JsonObject) -> Alias:
    return Alias(
        told["fingerprint"],
        told["hypothesis"],
        told["title"],
        told["subject"],
        Unit(told["unit"]),
        int(told["affected"]),
        int(told["eligible"]),
        _bounds(told["interval"]),
        tuple(told["trace_ids"]),
    )


def _judging(told: JsonObject | None) -> Judging | None:
    if told is None:
        return None
    return Judging(
        model=str(told["model"]),
        purpose=str(told["purpose"]),
        groups=tuple(NamedGroup(**each) for each in told["groups"]),
        spent=Spent(**told["spent"]),
        transcript=str(told["transcript"]),
        not_done=tuple(map(str, told["not_done"])),
    )


def _judged(told: JsonObject | None) -> JudgedFinding | None:
    if told is None:
        return None
    opinion = told["opinion"]
    return JudgedFinding(
        None if opinion is None else _opinion(opinion),
        tuple(map(str, told["root_cause"])),
        int(told["dropped"]),
    )


def _opinion(told: JsonObject) -> SecondOpinion:
    corrected = told["corrected"]
    return SecondOpinion(
        traces=tuple(JudgedTrace(**each) for each in told["traces"]),
        agreed=int(told["agreed"]),
        decided=int(told["decided"]),
        agreement=_bounds(told["agreement"]),
        corrected=None
        if corrected is None
        else Corrected(float(corrected["rate"]), _bounds(corrected["interval"])),
    )


def _figure(value: Any) -> float:
    """A figure that was not a number is ``null`` in JSON."""
    return math.nan if value is None else float(value)


def _bounds(told: Any) -> tuple[float, float]:
    low, high = told
    return _figure(low), _figure(high)


def _ms(iso: str | None) -> int | None:
    return None if iso is None else _moment(iso)


def _moment(iso: str) -> int:
    # Python 3.10 does not read the Z
    return round(datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp() * 1000)
