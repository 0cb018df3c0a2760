"""Spans that fail, planned as traces are, and the class that each belongs to."""

from __future__ import annotations

from mlflow_analysis.features.failures import failure_of
from mlflow_analysis.records import SpanRecord
from trace_factory import Planned, trace

AUTH, API, ARGUMENTS = "authentication-failure", "api-failure", "invalid-tool-arguments"
CODE, LIMIT, UNREAD = "code-execution-error", "step-limit-reached", "unparseable-model-output"
UNDECLARED, MISSING, RATE = "undeclared-tool", "not-found", "rate-limited"
CONTEXT, BLOCKED, TIME = "context-length-exceeded", "content-blocked", "timeout"


def span(planned: Planned) -> SpanRecord:
    return trace(planned).spans[1]


def class_of(planned: Planned) -> str:
    failure = failure_of(span(planned))
    return failure.error_class if failure else "none"
