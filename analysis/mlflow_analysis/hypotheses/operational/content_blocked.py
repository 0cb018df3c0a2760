"""Hypothesis ``content-blocked``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.hypotheses.failure_class import FailureClass

# What providers put into the finish reason when their filter stopped the answer.
_BLOCKING_REASONS = frozenset(
    {
        "content_filter",
        "content_filtered",
        "safety",
        "prohibited_content",
        "blocklist",
        "spii",
        "recitation",
        "guardrail_intervened",
    }
)


class ContentBlocked(FailureClass):
    """A content filter of the provider or of a site blocks a call or its answer.

    ## Why it matters
    The user gets an error or a stump for a request that is often harmless: filters misfire on medical,
    legal and security topics, and on text that a tool brought in.

    ## Test
    Unit: calls. Eligible: calls of tools and models, spans without children, and spans in which a
    failure began, in complete traces. A failure that is passed up the tree counts once, where it began.
    Affected: the failure's message or exception type is a content-filter, guardrail or policy error (or
    status 451), or a model call ended with a finish reason such as content_filter or SAFETY. Confirmed
    with 3 calls or 1 %, refuted if the upper bound of the share is below 1 %.

    ## Not flagged
    The model's own refusal in words (see refusal).

    ## Recommendation
    Look at what was blocked: rephrase the system prompt where the application's own words set it off,
    clean what tools bring in, ask the provider to adjust the filter or the allow-list, and tell the user
    plainly that the request was blocked.

    ## Sources
    Microsoft, "Content filtering for Azure OpenAI",
    https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter; Google, Gemini API
    FinishReason, https://ai.google.dev/api/generate-content#FinishReason; Röttger et al., "XSTest"
    (2024), arXiv:2308.01263.
    """

    id = "content-blocked"
    title = "Content was blocked"
    severity = Severity.MEDIUM
    what_happened = "was blocked by a content policy"

    def spans(self, features: Features) -> pd.DataFrame:
        """Failures of the class, and model calls that a filter ended without an error."""
        failures = super().spans(features)
        models = features.model_calls
        codes, reasons = pd.factorize(models["finish_reason"].to_numpy(dtype=object))
        blocking = np.array(
            [str(each).lower() in _BLOCKING_REASONS for each in reasons], dtype=bool
        )
        stopped = models[blocking[codes] & features.ended[models.index]]
        quiet = stopped[~stopped.index.isin(failures.index)].frame
        # the finish reason is what shows it: it stands in no text that could be pointed into
        quiet = quiet.assign(
            error_message="finish reason " + quiet["finish_reason"].astype(str), error_offset=-1
        )
        return pd.concat([failures, quiet]) if len(quiet) else failures
