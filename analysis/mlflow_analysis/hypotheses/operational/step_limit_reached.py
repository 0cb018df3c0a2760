"""Hypothesis ``step-limit-reached``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mlflow_analysis.features.error_texts import STOPPED
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Severity, Unit
from mlflow_analysis.hypotheses.base import Case, affected_rows
from mlflow_analysis.hypotheses.failure_class import EXCERPT_LENGTH, FailureClass
from mlflow_analysis.hypotheses.quality.screening import answers


class StepLimitReached(FailureClass):
    """The agent stops because it has used up its steps, rounds or iterations.

    ## Why it matters
    The user gets nothing, or half of it, for the price of the longest run there is.

    ## Test
    Unit: complete traces. A trace counts if a span began to fail with a limit of steps, turns, rounds,
    iterations, messages or recursions (by the exception's type, by the framework's words, or because the
    output of an agent or chain is nothing but that sentence), or if its answer begins with the sentence
    that a framework gives in that case. Confirmed with 3 traces or 1 %, refuted if the upper bound of the
    share is below 1 %. The statement compares the median number of tool and model calls of these traces
    with that of the rest.

    ## Not flagged
    Runs that are long and end by themselves; answers, pages and code that speak of such a limit.

    ## Recommendation
    Read what the last ten steps did before raising the limit: mostly they repeat a call (see
    repeated-call, retry-storm). Give the agent a stop rule, a plan to tick off, and the number of
    steps that it has left; at the limit let it answer with what it has.

    ## Sources
    LangGraph, error GRAPH_RECURSION_LIMIT,
    https://docs.langchain.com/oss/python/langgraph/errors/GRAPH_RECURSION_LIMIT; Cemri et al., "Why Do
    Multi-Agent LLM Systems Fail?" (2025), arXiv:2503.13657 (FM-1.5, unaware of stopping conditions).
    """

    id = "step-limit-reached"
    title = "Step limit reached"
    unit = Unit.TRACE
    severity = Severity.HIGH
    what_happened = "stopped at its step limit"

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces with a failure of the class, and traces whose answer says so."""
        rows = super().affected(features)
        complete = features.complete
        stopped = set(filter(STOPPED.match, answers(features).distinct))
        said = np.array([each in stopped for each in complete["response"]], dtype=bool)
        answered = complete[said & ~complete.index.isin(rows["trace_id"])]
        calls = (answered["tool_calls"] + answered["model_calls"]).astype(int).astype(str)
        return pd.concat(
            [
                rows,
                affected_rows(
                    answered["place"],
                    answered.index,
                    answered["root_span_id"],
                    answered["response"].str[:EXCERPT_LENGTH],
                    "The answer says that the agent was stopped, after " + calls + " calls.",
                    pd.Series(0, index=answered.index),
                ),
            ],
            ignore_index=True,
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the calls that the stopped traces made against the others."""
        affected = self.affected(features)
        stopped = features.complete.index.isin(affected["trace_id"])
        claim = self.documentation().claim
        if stopped.any() and not stopped.all():
            calls = features.complete["tool_calls"] + features.complete["model_calls"]
            claim += (
                f" These traces made {calls[stopped].median():,.0f} calls at the median, the others "
                f"{calls[~stopped].median():,.0f}."
            )
        seconds = features.complete.loc[stopped, "duration_ms"].sum() / 1000
        yield Case(self.eligible(features), affected, statement=claim, seconds_lost=float(seconds))
