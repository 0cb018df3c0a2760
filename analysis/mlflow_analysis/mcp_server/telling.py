"""Findings, purposes and spans as an agent is given them: plain, bounded, secrets masked."""

from __future__ import annotations

import json
from typing import Any

from mlflow_analysis.contract.writing import JsonObject
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.records import SpanRecord
from mlflow_analysis.review.acceptance import Ruled
from mlflow_analysis.secrets import masked, masked_text

LONGEST_TEXT = 4_000
"""Characters of one text of a trace that an agent is given."""


def told_purpose(purpose: Purpose) -> JsonObject:
    """A purpose: what it does, its tools, what users ask."""
    told: JsonObject = masked(
        {
            "description": purpose.description,
            "confirmed_by_user": purpose.confirmed_by_user,
            "tools": [
                {"name": each.name, "calls": each.calls, "gives": each.gives}
                for each in purpose.tools
            ],
            "data_sources": [each.name for each in purpose.data_sources],
            "patterns": [
                {"label": each.label, "traces": each.traces, "examples": list(each.examples[:3])}
                for each in purpose.patterns
            ],
            "facts": {each.name: each.value for each in purpose.facts},
        }
    )
    return told


def in_brief(ruled: Ruled) -> JsonObject:
    """A finding as a line of a list."""
    finding: Finding = ruled.finding
    return {
        "fingerprint": finding.fingerprint,
        "hypothesis": finding.hypothesis,
        "title": finding.title,
        "category": finding.category.value,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "decision": ruled.decision.value,
        "unit": finding.unit.value,
        "affected": finding.affected,
        "eligible": finding.eligible,
        "interval": [round(each, 4) for each in finding.interval],
        "statement": finding.statement[:LONGEST_TEXT],
        "root_cause": (
            f"{finding.root_causes[0].attribute} = {finding.root_causes[0].value}"
            if finding.root_causes
            else None
        ),
        "reason": finding.reason,
    }


def told_span(span: SpanRecord) -> JsonObject:
    """A span with its payloads, cut and masked."""
    return {
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "name": span.name,
        "kind": span.kind,
        "status": span.status,
        "status_message": span.status_message[:LONGEST_TEXT],
        "duration_ms": None if span.end_ns is None else (span.end_ns - span.start_ns) / 1e6,
        "inputs": _text(span.inputs),
        "outputs": _text(span.outputs),
        "events": [
            {"name": each.name, "attributes": _text(dict(each.attributes))}
            for each in span.events[:10]
        ],
    }


def _text(value: Any) -> str:
    """A payload as text, cut; masking comes before the cut could part a secret."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return masked_text(text)[:LONGEST_TEXT]


def cut_short(example: JsonObject) -> JsonObject:
    """An example with no text longer than ``LONGEST_TEXT``."""
    return {
        key: value[:LONGEST_TEXT] if isinstance(value, str) else value
        for key, value in example.items()
    }
