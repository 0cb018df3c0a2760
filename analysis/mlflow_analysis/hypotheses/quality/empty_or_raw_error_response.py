"""Nothing, a placeholder or a raw error instead of an answer."""

from __future__ import annotations

import re
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.quality.screening import Texts, answers, any_of
from mlflow_analysis.hypotheses.quality.wording import cut_out

_PLACEHOLDER = re.compile(
    r"(?i)^\s*(?:null|none|undefined|nan|\[object object\]|<no response>|no response|no output|placeholder|todo"
    r"|lorem ipsum.*|\.{3,}|…|\{\{[^{}]*\}\}|\{\}|\[\]|\"\"|<\|?(?:endoftext|im_end)\|?>)\s*$"
)
_RAW_ERROR = re.compile(
    r"(?:^Traceback \(most recent call last\):"
    r"|^\s*(?:Error: |Exception: )?(?:[a-z_][\w]*\.)*[A-Z]\w*(?:Error|Exception)\b\s*(?::|\()\s*\S"
    r"|^\s*Error code: [45]\d\d\b|^\s*(?:HTTP )?[45]\d\d (?:Client|Server) Error\b|^\s*HTTPSConnectionPool\("
    r"|^\s*(?:Error|ERROR|Fatal error|FATAL)\s?: \S"
    r"|^\s*\{\s*[\"'](?:error|detail)[\"']\s*:\s*(?:[\"'{])"
    r"|\A\s*(?:HTTP(?:/[\d.]+)? )?(?:400 Bad Request|401 Unauthorized|403 Forbidden|404 Not Found|408 Request Timeout"
    r"|429 Too Many Requests|504 Gateway Time-?out)\s*(?:[:.{]|\Z|\n)|\A\s*upstream connect error or disconnect"
    r"|\A\s*(?:<!doctype html>\s*)?<html[^>]{0,80}>\s*<head>\s*<title>\s*[45]\d\d\b"
    r"|\A\s*An error occurred while running the tool\. Please try again\. Error:"
    r"|^\s*(?:500 )?Internal Server Error\b|^\s*(?:502 )?Bad Gateway\b|^\s*(?:503 )?Service Unavailable\b"
    r"|^\s+at [\w.$]+\([\w]+\.java:\d+\)|^goroutine \d+ \[|^thread '[^']*' panicked at)",
    re.MULTILINE,
)
_ABOUT_ERRORS = re.compile(
    r"(?i)\b(?:error|exception|traceback|stack ?trace|debug\w*|bug|crash\w*|log|logs|raises?|fails?|failing)\b"
)
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_MOST_ANSWER = 0.5
_LONGEST_PLACEHOLDER = 60
_LONGEST = 8_000
_ERROR_KEYS = (
    "rror", "xception", "RROR", "Traceback", "FATAL", "goroutine", "panicked", ".java:", "detail",
    "HTTP", "Gateway", "Unavailable", "Unauthorized", "Forbidden", "Not Found", "Bad Request", "Time",
    "Too Many", "upstream", "<html", "<HTML",
)  # fmt: skip
"""Longer texts without one of them can't match ``_RAW_ERROR``."""


class EmptyOrRawErrorResponse(Hypothesis):
    """Users get an empty answer, a placeholder or a raw error text.

    ## Why it matters
    The trace counts as successful while the user has nothing, or reads internals of the program: paths,
    hosts and stack traces that also tell an attacker where to look.

    ## Test
    Eligible: traces that ended without failing, of a kind (trace name) of which at least half have an
    answer. Affected: the answer is empty or white space, a lone placeholder ("null", "undefined",
    "[object Object]", an unfilled template), or a line of it *begins* with a traceback, an exception
    class and message, an HTTP error line or an error object (in the first 8,000 characters), and the
    request speaks of no error. A recorded fact: confirmed from 3 traces or 1 % on.

    ## Not flagged
    Traces that failed (other claims tell why); answers about errors to requests about errors; errors
    quoted in a code fence; a sentence that merely contains the word "error"; kinds of trace that never
    have an answer.

    ## Recommendation
    Catch the exception at the edge, mark the trace as failed, tell the user in one sentence what to do,
    and try once more on an empty completion; keep the raw text in the log.

    ## Sources
    OWASP, "Improper Error Handling"; CWE-209, Generation of Error Message Containing Sensitive
    Information. MLflow documentation, trace status.
    """

    id: ClassVar[str] = "empty-or-raw-error-response"
    title: ClassVar[str] = "Empty or raw-error answers"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.HIGH
    rule: ClassVar[Rule] = Rule.FACT
    needs: ClassVar[frozenset[Field]] = frozenset({Field.RESPONSES})
    not_causes: ClassVar[frozenset[str]] = frozenset({"error_template", "first_failed_span"})

    def eligible(self, features: Features) -> pd.Index:
        """Traces that did not fail, of kinds that usually have an answer."""
        return pd.Index(_answerable(features)["place"])

    def affected(self, features: Features) -> pd.DataFrame:
        """Those with nothing to read in the answer."""
        traces = _answerable(features)
        traces = traces[traces["response"].isin(_suspicious(answers(features)))]
        rows = [
            (str(trace_id), str(row_span), *shown)
            for trace_id, request, text, row_span in zip(
                traces.index,
                traces["request"],
                traces["response"],
                traces["root_span_id"],
                strict=True,
            )
            if (shown := _instead_of_answer(request, text)) is not None
        ]
        columns = list(zip(*rows, strict=True)) or [()] * 5
        trace_ids, spans, excerpts, offsets, rationales = (list(column) for column in columns)
        return affected_rows(
            pd.Series(trace_ids, dtype=object),
            pd.Series(trace_ids, dtype=object),
            pd.Series(spans, dtype=object),
            pd.Series(excerpts, dtype=object),
            pd.Series(rationales, dtype=object),
            pd.Series(offsets, dtype=int),
        )


def _answerable(features: Features) -> pd.DataFrame:
    columns = ["place", "name", "request", "response", "response_words", "root_span_id"]
    traces = features.complete.loc[~features.complete["failed"], columns]
    answer = (traces["response_words"] > 0).groupby(traces["name"]).transform("mean")
    return traces[answer >= _MOST_ANSWER]


def _suspicious(answers: Texts) -> set[str]:
    """The answers that are worth a closer look."""
    may_show_error = answers.holding(any_of(_ERROR_KEYS))
    return {text for text in answers.distinct if _is_suspicious(text, text in may_show_error)}


def _is_suspicious(text: str, may_show_error: bool) -> bool:
    if len(text) <= _LONGEST_PLACEHOLDER or text.lstrip()[:5].lower() == "lorem":
        return not text.strip() or bool(_PLACEHOLDER.match(text) or _raw_error(text))
    return may_show_error and _raw_error(text[:_LONGEST]) is not None


def _raw_error(text: str) -> re.Match[str] | None:
    """The first line that begins with a raw error: tried at line starts only, for it is slow."""
    start = 0
    while start >= 0:
        found = _RAW_ERROR.match(text, start)
        if found is not None:
            return found
        end = text.find("\n", start)
        start = end + 1 if end >= 0 else -1
    return None


def _instead_of_answer(request: str, response: str) -> tuple[str, int, str] | None:
    """Excerpt, offset and rationale."""
    if not response.strip():
        return (
            "(empty)",
            -1,
            f"The answer has no text ({len(response)} characters) though the trace is OK.",
        )
    if _PLACEHOLDER.match(response):
        if response.strip() in ("{}", "[]", "None", "null") and "json" in request.lower():
            return None
        return response[:120], 0, f"The whole answer is the placeholder “{response.strip()[:60]}”."
    outside = _FENCE.sub(lambda fence: " " * len(fence.group()), response)
    raw = _raw_error(outside)
    if raw is None or _ABOUT_ERRORS.search(request):
        return None
    excerpt, offset = cut_out(response, raw.start(), raw.end() + 140, margin=0)
    return (
        excerpt,
        offset,
        f"The answer shows a raw error at character {raw.start()} though the trace is OK.",
    )
