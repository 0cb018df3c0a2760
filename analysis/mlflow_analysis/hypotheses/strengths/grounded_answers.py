"""Answers whose figures can be traced to what tools returned."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.sources import Answer, checked_answers

_FEWEST_VALUES = 50
_FROM_CALLS = 0.2


class GroundedAnswers(Hypothesis):
    """The ids, links and numbers in answers come from tools or from the request.

    ## Why it matters
    Users act on numbers and links. An application that only hands on what it looked up can be
    believed without looking again.

    ## Test
    Eligible: the answers that unsupported-by-tools checks (ended traces that did not fail, with a call
    that did not fail, and a link, id or number in the answer) that hold at least one value which a call of
    the trace returned. Affected (in the good sense): every link, id and number of the answer occurs in
    the trace's calls, its model inputs, its request or earlier in the session; numbers also as sum,
    difference or product of two numbers there, or rounded. Confirmed if the lower bound of the share
    (Wilson) is above 95 %. Not decided below 50 values in all, or where fewer than a fifth of the values
    stand in an output of a call of the same trace: then answers only repeat what the user said.

    ## Not flagged
    Answers without anything to check; values that were only echoed from the request; whether the right
    value was taken (an id of another order is grounded, too).

    ## Recommendation
    Keep what does it (quoting from tool outputs, a check before answering) and put answers with many
    figures into the regression set.

    ## Sources
    Gao et al. 2023, ALCE: Enabling LLMs to Generate Text with Citations, EMNLP. Rashkin et al. 2023,
    Measuring Attribution in Natural Language Generation Models, Computational Linguistics 49.
    """

    id: ClassVar[str] = "grounded-answers"
    title: ClassVar[str] = "Grounded answers"
    category: ClassVar[Category] = Category.STRENGTH
    counterpart: ClassVar[str] = "unsupported-by-tools"
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.95
    needs: ClassVar[frozenset[Field]] = frozenset({Field.TOOL_SPANS, Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Answers that hand on something a call returned."""
        return pd.Index([answer.place for answer in _informed(features)], dtype=np.int64)

    def affected(self, features: Features) -> pd.DataFrame:
        """Those in which everything has a source."""
        grounded = [answer for answer in _informed(features) if not answer.unsupported]
        traces = features.traces[["place", "root_span_id", "response"]]
        traces = traces.iloc[[answer.place for answer in grounded]]

        @cache  # many give as many
        def told(values: int, from_calls: int) -> str:
            return (
                f"All {values} ids, links and numbers of the answer have a source, {from_calls} of them "
                "in an output of a call."
            )

        return affected_rows(
            traces["place"],
            traces.index,
            traces["root_span_id"],
            [response[:240] for response in traces["response"]],
            [told(_values(answer), answer.from_calls) for answer in grounded],
            offset=0,
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all answers."""
        answers = checked_answers(features)
        values = sum(_values(answer) for answer in answers)
        from_calls = sum(answer.from_calls for answer in answers)
        few = ""
        if values < _FEWEST_VALUES:
            few = (
                f"answers give only {values:,} ids, links and numbers; {_FEWEST_VALUES} are needed"
            )
        elif from_calls < _FROM_CALLS * values:
            few = (
                f"only {from_calls:,} of {values:,} values in answers stand in an output of a call"
            )
        yield Case(
            self.eligible(features),
            self.affected(features),
            statement=f"Of {values:,} ids, links and numbers in answers {from_calls:,} stand in an output of a "
            f"call of the same trace, and {sum(len(answer.unsupported) for answer in answers):,} nowhere.",
            test_without_effect=few,
        )


def _informed(features: Features) -> list[Answer]:
    return [answer for answer in checked_answers(features) if answer.from_calls]


def _values(answer: Answer) -> int:
    return len(answer.named) + len(answer.numbers)
