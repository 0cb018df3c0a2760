"""Ids, links and numbers that no tool returned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.sources import Answer, checked_answers
from mlflow_analysis.hypotheses.quality.wording import cut_out

_MOSTLY_UNTRACED = 0.8
_FEWEST = 20


class UnsupportedByTools(Hypothesis):
    """Answers give ids, links or numbers that no tool returned and nobody had mentioned.

    ## Why it matters
    A number or a link that looks right and leads nowhere is the most expensive kind of invention: the
    user acts on it.

    ## Test
    Eligible: ended traces that did not fail, with a call that did not fail, whose answer gives (outside fenced
    code, in the first 4,000 characters) a link, an id (one to six capital letters with at least three
    digits, or # with four) or a number (with decimals or of three digits or more; years apart). Affected:
    one of them occurs in no argument or output of the trace's calls, in no model input that was kept, in
    no request, and in nothing earlier in the session; a number neither as the sum, difference or product
    of two numbers there, nor as one of them rounded (to two digits or more). Confirmed if the lower bound
    of the share (Wilson) is above 5 %. Not decided where more than 80 % of 20 answers or more are affected.

    ## Not flagged
    What stands in answers of 3 sessions or more (the prompt gave it); names of standards; links of a
    form that 3 sessions or more use, if the ids in them are known; traces with outputs too long to be
    kept whole (8,000 characters); applications in which nearly all values come from somewhere that is
    not traced.

    ## Recommendation
    Let the model quote ids and links only from tool outputs, check each against them before answering,
    and leave it out if it is not there.

    ## Sources
    Ji et al. 2023, Survey of Hallucination in Natural Language Generation, ACM Computing Surveys 55
    (extrinsic hallucination). Maynez et al. 2020, On Faithfulness and Factuality in Abstractive
    Summarization, ACL. Gao et al. 2023, ALCE: Enabling LLMs to Generate Text with Citations, EMNLP.
    """

    id: ClassVar[str] = "unsupported-by-tools"
    title: ClassVar[str] = "Ids, links and numbers from nowhere"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.HIGH
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset({Field.TOOL_SPANS, Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Traces whose answer gives something to check."""
        return pd.Index([answer.place for answer in checked_answers(features)], dtype=np.int64)

    def affected(self, features: Features) -> pd.DataFrame:
        """Those with a value from nowhere."""
        return _rows([each for each in checked_answers(features) if each.unsupported], features)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all answers."""
        answers = checked_answers(features)
        invented = sum(bool(answer.unsupported) for answer in answers)
        untraced = len(answers) >= _FEWEST and invented > _MOSTLY_UNTRACED * len(answers)
        yield Case(
            self.eligible(features),
            self.affected(features),
            statement="Answers give ids, links or numbers that occur in no tool output, request or earlier turn.",
            test_without_effect=(
                "nearly all ids, links and numbers in answers come from somewhere that is not traced"
                if untraced
                else ""
            ),
        )


def _rows(invented: list[Answer], features: Features) -> pd.DataFrame:
    traces = features.traces.iloc[[answer.place for answer in invented]]
    cuts = []
    for answer, text in zip(invented, traces["response"], strict=True):
        at = max(text.find(answer.unsupported[0]), 0)
        cuts.append(cut_out(text, at, at + len(answer.unsupported[0])))
    return affected_rows(
        traces["place"],
        traces.index,
        traces["root_span_id"],
        pd.Series([excerpt for excerpt, _ in cuts], dtype=object),
        pd.Series(
            [
                f"{len(answer.unsupported)} of {len(answer.named) + len(answer.numbers)} ids, links and "
                "numbers have no source: " + ", ".join(answer.unsupported[:3])[:200] + "."
                for answer in invented
            ],
            dtype=object,
        ),
        pd.Series([offset for _, offset in cuts], dtype=int),
    )
