"""The user asked for a format and got another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.requested_format import asked_and_given


class FormatMismatch(Hypothesis):
    """Answers are not in the format that the user asked for.

    ## Why it matters
    Whoever asks for JSON, a table or one word is going to put it somewhere; an answer in another form
    must be redone by hand or breaks the program that reads it.

    ## Test
    Eligible: answered requests that ask for JSON, a table, a list, one word, yes or no, or a language;
    and, where the request asks for none, answers whose model call had a system prompt that demands JSON,
    one word or yes or no of every answer (without a condition). The answer is parsed. Affected: neither
    all of it nor a fenced block is a JSON object or array, or other text stands around it although only
    JSON was wanted; no rows of cells; fewer than two list items; more than two words (one for yes or no);
    or plainly another language (stop words, script). Confirmed if the lower bound of the share (Wilson)
    is above 5 %.

    ## Not flagged
    JSON inside a code fence; a sentence around a fenced block where not "only JSON" was asked for; what
    the program took out of a reply that has the format the system prompt demands; requests *about* JSON,
    a table or a list that the user has; answers that decline, ask back or say that something did not
    work; failed traces; texts too long to be kept whole.

    ## Recommendation
    Use the provider's structured output (a JSON schema, a grammar) where the format is for a machine,
    and validate and retry once before answering; for people, put one example of each format in the
    prompt.

    ## Sources
    Zhou et al. 2023, Instruction-Following Evaluation for Large Language Models (IFEval),
    arXiv:2311.07911. Xia et al. 2024, FOFO: A Benchmark to Evaluate LLMs' Format-Following Capability,
    arXiv:2402.18667. RFC 8259 (JSON). GitHub Flavored Markdown, section 4.10 (tables).
    """

    id: ClassVar[str] = "format-mismatch"
    title: ClassVar[str] = "Answers not in the format asked for"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS, Field.RESPONSES})

    def eligible(self, features: Features) -> pd.Index:
        """Answered requests that ask for a format."""
        return asked_and_given(features).index

    def affected(self, features: Features) -> pd.DataFrame:
        """Those whose answer is not in it."""
        return _wrong(asked_and_given(features))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, naming the formats that were missed."""
        asked = asked_and_given(features)
        wrong = asked[asked["mismatch"] != ""]
        told = ", ".join(
            f"{wanted} {count} of {(asked['wanted'] == wanted).sum()} times"
            for wanted, count in wrong["wanted"].value_counts().sort_index().items()
        )
        yield Case(
            asked.index,
            _wrong(asked),
            statement=f"Answers are not in the format asked for: missed {told}." if told else "",
        )


def _wrong(asked: pd.DataFrame) -> pd.DataFrame:
    wrong = asked[asked["mismatch"] != ""]
    return affected_rows(
        wrong.index,
        wrong.index,
        wrong["root_span_id"],
        wrong["response"].str.slice(0, 240),
        wrong["by"] + " for " + wrong["wanted"] + ", but of the answer: " + wrong["mismatch"] + ".",
        offset=0,
    )
