"""Generators for calls that a service, a provider or a sandbox refuses."""

from __future__ import annotations

from benchmarks.accuracy.applications import ANALYST, HANDBOOK, RESEARCH, TRAVEL
from benchmarks.accuracy.generators import failing
from benchmarks.accuracy.generators.failing import calls_fail, model_fails
from benchmarks.accuracy.planting import (
    Generator,
    app_version,
    hours,
    late_turn,
    long_request,
    model,
    prompt_version,
    region,
    tool,
    topic,
)

_FOLLOWS = frozenset({"unreliable-tool", "error-cascade"})
"""True of any tool that fails more often than the others and takes the trace along."""

GENERATORS = (
    Generator(
        "expired key of one tool", "authentication-failure", TRAVEL,
        calls_fail(failing.UNAUTHORISED, "loyalty_account"), (tool("loyalty_account"),), 0.3,
        also=_FOLLOWS,
    ),
    Generator(
        "a release that lost its credentials", "authentication-failure", HANDBOOK,
        calls_fail(failing.UNAUTHORISED), (app_version("4.3.0"),), 0.4, 0.01, also=_FOLLOWS,
    ),
    Generator(
        "provider limits at midday", "rate-limited", RESEARCH,
        model_fails(failing.LIMITED), (hours(12, 15),), 0.35, 0.01, also=frozenset({"error-burst"}),
    ),
    Generator(
        "one tool's quota", "rate-limited", ANALYST,
        calls_fail(failing.LIMITED, "run_sql"), (tool("run_sql"),), 0.3, also=_FOLLOWS,
    ),
    Generator(
        "one tool in one region runs into its limit", "timeout", TRAVEL,
        calls_fail(failing.TIMED_OUT, "search_flights", ms=20_000.0),
        (tool("search_flights"), region("eu-west")), 0.7, 0.01,
        also=_FOLLOWS | {"slow-tool", "latency-outliers"},
    ),
    Generator(
        "requests on one topic take too long", "timeout", RESEARCH,
        calls_fail(failing.TIMED_OUT, ms=20_000.0), (topic(RESEARCH, "patents"),), 0.35, 0.01,
        also=_FOLLOWS | {"slow-tool", "latency-outliers"},
    ),
    Generator(
        "an overloaded model", "api-failure", HANDBOOK,
        model_fails(failing.OVERLOADED), (model("cedar-small"),), 0.4, 0.01,
    ),
    Generator(
        "an upstream that is down now and then", "api-failure", ANALYST,
        calls_fail(failing.DOWN, "metric_store"), (tool("metric_store"),), 0.35, also=_FOLLOWS,
    ),
    Generator(
        "ids that no longer exist", "not-found", RESEARCH,
        calls_fail(failing.MISSING, "fetch_page", 0.3), (tool("fetch_page"),), 0.3, also=_FOLLOWS,
    ),
    Generator(
        "a model that makes up ids", "not-found", TRAVEL,
        calls_fail(failing.MISSING, ends=0.3), (model("basalt-70b"),), 0.4, 0.01, also=_FOLLOWS,
    ),
    Generator(
        "a model that cannot fill in the form", "invalid-tool-arguments", HANDBOOK,
        calls_fail(failing.INVALID, ends=0.3), (model("opal-2"),), 0.4, 0.01, also=_FOLLOWS,
    ),
    Generator(
        "a prompt that names a field that is gone", "invalid-tool-arguments", TRAVEL,
        calls_fail(failing.INVALID, "hotel_rates", 0.3),
        (tool("hotel_rates"), prompt_version("p9")), 0.7, 0.01, also=_FOLLOWS,
    ),
    Generator(
        "a prompt that writes bad code", "code-execution-error", ANALYST,
        calls_fail(failing.BAD_CODE, "python_sandbox", 0.4),
        (tool("python_sandbox"), prompt_version("p7")), 0.7, 0.01, also=_FOLLOWS,
    ),
    Generator(
        "a model that breaks the format", "unparseable-model-output", RESEARCH,
        model_fails(failing.UNPARSED, None), (model("quartz-9b"),), 0.35, 0.01,
    ),
    Generator(
        "long requests overflow the context", "context-length-exceeded", TRAVEL,
        model_fails(failing.TOO_LONG), (long_request(),), 0.5,
    ),
    Generator(
        "late turns overflow the context", "context-length-exceeded", HANDBOOK,
        model_fails(failing.TOO_LONG), (late_turn(),), 0.4,
    ),
    Generator(
        "a topic that trips the content filter", "content-blocked", RESEARCH,
        model_fails(failing.BLOCKED), (topic(RESEARCH, "health"),), 0.4, 0.005,
    ),
    Generator(
        "a sandbox without memory", "resource-contention", ANALYST,
        calls_fail(failing.EXHAUSTED, "python_sandbox"), (tool("python_sandbox"),), 0.35,
        also=_FOLLOWS,
    ),
    Generator(
        "one tool that breaks in its own ways", "unreliable-tool", HANDBOOK,
        calls_fail(failing.CRASHED, "ticket_search", 0.2), (tool("ticket_search"),), 0.3, 0.02,
        also=frozenset({"error-cascade"}),
    ),
    Generator(
        "three together: tool, model and region", "api-failure", TRAVEL,
        calls_fail(failing.DOWN, "hotel_rates"),
        (tool("hotel_rates"), model("opal-2"), region("eu-west")), 0.8, 0.01, also=_FOLLOWS,
    ),
)  # fmt: skip
