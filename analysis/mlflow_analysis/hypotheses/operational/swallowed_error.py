"""Hypothesis ``swallowed-error``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.admissions import admits_failure
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Outcome, affected_rows
from mlflow_analysis.hypotheses.failure_class import (
    EXCERPT_LENGTH,
    after_seconds,
    leading_cause,
    most_frequent,
    operation_names,
    with_status,
)
from mlflow_analysis.hypotheses.recovery import mended


class SwallowedError(Hypothesis):
    """A call fails, yet the trace ends well and the answer does not say that anything is missing.

    ## Why it matters
    Nobody is told. The dashboard is green, and the user takes an answer for complete that was made
    without what the tool should have given, or takes an action for done that was not.

    ## Test
    A trace counts if it ended without an error, a call below its root failed for good, and the answer holds
    no word of admission (a lexicon of version 1: "couldn't", "unable", "error", "unavailable", "sorry" …).
    Eligible are complete traces that ended well, have an answer and call something. Confirmed if
    the lower bound of their share is above 1 %. The pattern alone says nothing of harm:
    whether it goes with worse outcomes is contrasted as for every finding.

    ## Not flagged
    Answers that mention the failure. Failures that were mended: the same tool succeeded later in the
    trace with the same arguments, or with any after a failure that better arguments mend (not found, invalid
    arguments, a bug in generated code). Calls cancelled on purpose.

    ## Recommendation
    Let the failing call's error reach the model as an error, tell it in the system prompt to say what
    could not be done, and end the trace with an error where the answer depends on the call. Then look
    at what the affected answers told their users.

    ## Sources
    Yuan et al., "Simple Testing Can Prevent Most Critical Failures", OSDI 2014 (ignored errors behind
    catastrophic failures); Cemri et al., "Why Do Multi-Agent LLM Systems Fail?" (2025), arXiv:2503.13657.
    """

    id = "swallowed-error"
    title = "Errors are swallowed"
    category = Category.OPERATIONAL
    is_outcome = frozenset({Outcome.STATE})
    text_cue = True
    severity = Severity.HIGH
    needs = frozenset({Field.SPANS, Field.RESPONSES})
    not_causes = frozenset({"first_failed_span"})

    def eligible(self, features: Features) -> pd.Index:
        """Complete traces that ended well, with an answer and with a call below the root."""
        return pd.Index(np.flatnonzero(features.shared(_told)))

    def affected(self, features: Features) -> pd.DataFrame:
        """One row for each failed call that nothing mended and nobody mentioned."""
        return self._rows(features, self._swallowed(features))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case; the statement names the operations that fail most."""
        spans = self._swallowed(features)
        text = self.documentation().claim
        if len(spans):
            text = f"{text.rstrip('.')}: {most_frequent(operation_names(spans))}."
        yield Case(
            self.eligible(features),
            self._rows(features, spans),
            statement=text,
        )

    def recommend(self, finding: Finding) -> str:
        """Names the tool whose failures go unmentioned."""
        tool = leading_cause(finding)
        advice = self.documentation().recommendation
        return f"Begin with {tool}. {advice}" if tool else advice

    def _swallowed(self, features: Features) -> pd.DataFrame:
        spans = features.failures
        spans = spans[
            (spans["depth"] > 0)
            & (spans["error_class"] != "cancelled")
            & features.shared(_told)[spans["trace"]]
        ]
        # the lexicon is only held against answers that have something to admit
        places = spans["trace"].unique()
        answers = features.traces["response"].iloc[places]
        admitting = {text for text in answers.unique() if admits_failure(text)}
        spans = spans[spans["trace"].isin(places[~answers.isin(admitting)])]
        return spans[~mended(features, spans)]

    def _rows(self, features: Features, spans: pd.DataFrame) -> pd.DataFrame:
        words = features.traces["response_words"].iloc[spans["trace"]]
        said = "none of the answer's " + words.astype(str) + " words says so."
        said[words == 1] = "the answer's one word does not say so."
        return affected_rows(
            spans["trace"],
            spans["trace_id"],
            spans["span_id"],
            spans["error_message"].str[:EXCERPT_LENGTH],
            operation_names(spans)
            + " failed"
            + with_status(spans)
            + after_seconds(spans)
            + " and did not succeed later; the trace ended well, and "
            + said.set_axis(spans.index),
            spans["error_offset"],
        )


def _told(features: Features) -> npt.NDArray[np.bool_]:
    """Which traces are complete and ended well, with an answer and with a call below the root."""
    traces, operations = features.traces, features.operations
    well = traces["complete"] & ~traces["failed"].astype(bool) & (traces["response"] != "")
    return features.traces_with(operations[operations["depth"] > 0]) & well.to_numpy(dtype=bool)
