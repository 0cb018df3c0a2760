"""Answers in the format asked for."""

from __future__ import annotations

from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.requested_format import asked_and_given


class WellStructuredAnswers(Hypothesis):
    """Answers have the format that the user asked for.

    ## Why it matters
    An answer that parses can be put to use at once, by a person or a program.

    ## Test
    Eligible: answers for which the request, or else the system prompt, asks for JSON, a table, a list, one
    word, yes or no, or a language (as for format-mismatch).
    Affected (in the good sense): the answer parses as that. Confirmed if the
    lower bound of the share (Wilson) is above 80 %.

    ## Not flagged
    Structure that nobody asked for; failed traces and answers that decline.

    ## Recommendation
    Keep the validator or schema that does it, and add the formats shown to the regression set.

    ## Sources
    Zhou et al. 2023, Instruction-Following Evaluation for Large Language Models (IFEval),
    arXiv:2311.07911.
    """

    id: ClassVar[str] = "well-structured-answers"
    title: ClassVar[str] = "Answers in the format asked for"
    category: ClassVar[Category] = Category.STRENGTH
    counterpart: ClassVar[str] = "format-mismatch"
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.80
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS, Field.RESPONSES})

    def eligible(self, features: Features) -> pd.Index:
        """Answered requests that ask for a format."""
        return asked_and_given(features).index

    def affected(self, features: Features) -> pd.DataFrame:
        """Those whose answer has it."""
        asked = asked_and_given(features)
        right = asked[asked["mismatch"] == ""]
        return affected_rows(
            right.index,
            right.index,
            right["root_span_id"],
            right["response"].str.slice(0, 240),
            right["by"] + " for " + right["wanted"] + ", and the answer parses as that.",
            offset=0,
        )
