"""Feedback, checks and judges that say "fail"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows

_BAD_IF_TRUE = re.compile(
    r"(?i)(?:^|[_\W])(?:is_|has_|contains_)?(?:toxic\w*|hallucinat\w*|harmful\w*|unsafe|pii|bias(?:ed)?|violat\w*"
    r"|profan\w*|jailbreak\w*|spam|refus\w*|error|leak\w*|offensive|incorrect|wrong|irrelevant|unhelpful"
    r"|needs_review|escalat\w*|frustrat\w*|failed|failure)(?:$|[_\W])"
)
_ONLY_AFFIRMS = frozenset({"true", "false", "yes", "no", "1", "0", "1.0", "0.0"})


class FailingAssessment(Hypothesis):
    """An assessment of the traces fails often.

    ## Why it matters
    Somebody (a user, a reviewer, a check or a judge) has already looked at these traces and said that
    they are not good enough: no other evidence is as direct.

    ## Test
    One case for each assessment name. Eligible: traces that it says pass or fail of (true or false, yes
    or no, pass or fail, thumbs); affected: it fails. For a name that says something bad ("is_toxic",
    "hallucination") true and yes are the failure. Confirmed if the lower bound of the share (Wilson) is
    above 10 %. What goes with the failures is contrasted like for any finding.

    ## Not flagged
    Assessments that could not be made (they carry an error); expectations, which say what is right and
    not how the trace did; scores without an evident threshold.

    ## Recommendation
    Read the examples by the root causes shown, agree with the assessment or correct it, and make the
    failing requests a regression set.

    ## Sources
    MLflow documentation, "Feedback" and "Expectations". Zheng et al. 2023, Judging LLM-as-a-Judge with
    MT-Bench and Chatbot Arena, arXiv:2306.05685 (how far judges agree with people).
    """

    id: ClassVar[str] = "failing-assessment"
    title: ClassVar[str] = "Failing assessments"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.10
    needs: ClassVar[frozenset[Field]] = frozenset({Field.ASSESSMENTS})

    def eligible(self, features: Features) -> pd.Index:
        """Traces that any assessment passes or fails."""
        return pd.Index(verdicts(features)["trace_id"].unique(), dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """Assessments that fail."""
        return _failing(verdicts(features), features)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each assessment name, in order of the names."""
        all_verdicts = verdicts(features)
        errors = features.assessments.loc[
            features.assessments["error"].fillna("").astype(str) != "", "name"
        ].value_counts()
        for name, of_name in all_verdicts.groupby("name", sort=True):
            errored = int(errors.get(name, 0))
            told = (
                f" It could not be made on {errored} more; those are left out." if errored else ""
            )
            yield Case(
                pd.Index(of_name["trace_id"].unique(), dtype=object),
                _failing(of_name, features),
                subject=str(name),
                statement=f"The assessment “{name}” fails.{told}",
            )


def verdicts(features: Features) -> pd.DataFrame:
    """Assessments that say pass or fail, with ``good`` (bool) whichever way the name is put."""
    table = features.assessments
    if table.empty:
        return table.assign(good=pd.Series(dtype=bool))
    usable = (
        table["passed"].notna()
        & (table["kind"] == "feedback")
        & (table["error"].fillna("").astype(str) == "")
        & table["trace_id"].isin(features.traces.index)
    )
    table = table[usable]
    flipped = table["name"].map(lambda name: _BAD_IF_TRUE.search(name) is not None).astype(
        bool
    ) & table["value"].astype(str).str.strip().str.strip('"').str.lower().isin(_ONLY_AFFIRMS)
    return table.assign(good=table["passed"].astype(bool) ^ flipped)


def _failing(of_name: pd.DataFrame, features: Features) -> pd.DataFrame:
    failing = of_name[~of_name["good"]]
    span = failing["span_id"].fillna("").astype(str)
    root = features.traces["root_span_id"].reindex(failing["trace_id"]).fillna("").tolist()
    said = failing["rationale"].fillna("").astype(str)
    value = failing["value"].astype(str)
    reason = (": " + said.str.slice(0, 200)).where(said != "", "")
    return affected_rows(
        failing["trace_id"],
        failing["trace_id"],
        pd.Series(
            [own or of_trace for own, of_trace in zip(span, root, strict=True)], dtype=object
        ),
        said.where(said != "", "value " + value).str.slice(0, 300),
        failing["source"].astype(str)
        + " gave “"
        + failing["name"]
        + "” the value "
        + value
        + reason
        + ".",
    )
