"""Answers that refuse or send the user to somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.failing_assessment import verdicts
from mlflow_analysis.hypotheses.quality.wording import cut_out, declined, handed_off

_WHOLE_ANSWER_WORDS = 80


class Refusal(Hypothesis):
    """The application refuses requests or hands them off.

    ## Why it matters
    Where a refused kind of request belongs to the application's job, the user leaves without an answer;
    where it does not, users do not know what the application is for.

    ## Test
    Eligible: answered requests without a failed call. Affected: short answers (at most 80 words) whose
    beginning says that the application cannot or will not do it (declined), or that send the user to a
    person or another office (handed off). Confirmed if the lower bound of the share (Wilson) is above
    5 %: this says that the pattern is present. Whether it does harm is told only by a contrast with this
    experiment's own assessments, given in the statement where there are any.

    ## Not flagged
    Provider filters (content-blocked); apologies followed by an answer; "not found" and "not available"
    after a lookup; answers after a failed call, which tell of the failure; long answers with a closing
    "contact support".

    ## Recommendation
    Look at the topics that are refused most: give the application the tool or the text for what is in
    scope, say early and with an alternative what is not, and route the rest with the details filled in.

    ## Sources
    Röttger et al. 2024, XSTest: identifying exaggerated safety behaviours, arXiv:2308.01263. Cui et al.
    2024, OR-Bench: An Over-Refusal Benchmark, arXiv:2405.20947.
    """

    id: ClassVar[str] = "refusal"
    title: ClassVar[str] = "Refusals and hand-offs"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset({Field.REQUESTS, Field.RESPONSES})

    def eligible(self, features: Features) -> pd.Index:
        """Answered requests without a failed call."""
        return _answered(features).index

    def affected(self, features: Features) -> pd.DataFrame:
        """Those refused or handed off."""
        rows: list[tuple[str, str, str, int, str]] = []
        answered = _answered(features)
        short = answered[answered["response_words"] <= _WHOLE_ANSWER_WORDS]
        for trace_id, text, root in zip(
            short.index, short["response"], short["root_span_id"], strict=True
        ):
            said, how = declined(text), "declines"
            if said is None:
                said, how = handed_off(text), "hands the user off"
            if said is not None:
                excerpt, offset = cut_out(text, *said.span())
                rationale = f"The answer ({len(text.split())} words) {how}: “{said.group()[:100]}”."
                rows.append((str(trace_id), str(root), excerpt, offset, rationale))
        columns = list(zip(*rows, strict=True)) or [()] * 5
        trace_ids, roots, excerpts, offsets, rationales = (list(column) for column in columns)
        return affected_rows(
            pd.Series(trace_ids, dtype=object),
            pd.Series(trace_ids, dtype=object),
            pd.Series(roots, dtype=object),
            pd.Series(excerpts, dtype=object),
            pd.Series(rationales, dtype=object),
            pd.Series(offsets, dtype=int),
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case; the statement holds the contrast with assessments, if there are any."""
        eligible, affected = self.eligible(features), self.affected(features)
        judged = verdicts(features).groupby("trace_id")["good"].all()
        judged = judged[judged.index.isin(eligible)]
        inside = judged.index.isin(affected["trace_id"])
        told = "Pattern present; no assessments tell whether it does harm."
        if inside.any() and not inside.all():
            told = (
                f"Of those that were assessed, {1 - judged[inside].mean():.0%} of {inside.sum()} refusals fail "
                f"an assessment, against {1 - judged[~inside].mean():.0%} of {(~inside).sum()} other answers."
            )
        yield Case(
            eligible, affected, statement=f"Answers refuse the request or hand it off. {told}"
        )


def _answered(features: Features) -> pd.DataFrame:
    traces = features.complete
    traces = traces[~traces["failed"] & (traces["request"] != "") & (traces["response"] != "")]
    with_failed_call = features.spans.loc[features.spans["failed"], "trace_id"]
    return traces[~traces.index.isin(with_failed_call)]
