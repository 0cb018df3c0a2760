"""Hypothesis ``context-length-exceeded``."""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.hypotheses.failure_class import FailureClass


class ContextLengthExceeded(FailureClass):
    """A model is sent more than its context window holds.

    ## Why it matters
    The call is refused whole, and a retry with the same messages must fail again: long conversations
    and large tool results end in an error just when most work has been put into them.

    ## Test
    Unit: calls. Eligible: calls of tools and models, spans without children, and spans in which a
    failure began, in complete traces. A failure that is passed up the tree counts once, where it began.
    Affected: the failure's message or exception type is a provider's context-length or input-token
    error, whatever its status. Confirmed with 3 calls or 1 %, refuted if the upper bound of the share
    is below 1 %. The statement gives the turn at which it happens, where there are sessions.

    ## Not flagged
    An answer cut off at its maximum output tokens (see truncated-response).

    ## Recommendation
    Count tokens before the call; trim or summarise the oldest turns; cap what a tool may return and let
    the agent page through the rest; move documents from the prompt into retrieval.

    ## Sources
    OpenAI API error code context_length_exceeded,
    https://platform.openai.com/docs/guides/error-codes; Packer et al., "MemGPT: Towards LLMs as Operating
    Systems" (2023), arXiv:2310.08560.
    """

    id = "context-length-exceeded"
    title = "Context window exceeded"
    severity = Severity.HIGH
    what_happened = "was sent more than the model's context window holds"

    def statement(self, features: Features, spans: pd.DataFrame) -> str:
        """Adds the turn of the conversation at which it happens."""
        text = super().statement(features, spans)
        if spans.empty or not features.has_sessions:
            return text
        turns = features.traces["turn"]
        reached = turns.reindex(spans["trace_id"].unique()).median()
        return f"{text} It happens at turn {reached:.0f} at the median, of {turns.median():.0f} for all traces."
