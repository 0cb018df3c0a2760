"""Feedback, checks and judges that say "fail"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.remembered import remembered

_BAD_IF_TRUE = re.compile(
    r"(?i)(?:^|[_\W])(?:is_|has_|contains_)?(?:toxic\w*|hallucinat\w*|harmful\w*|unsafe|pii|bias(?:ed)?|violat\w*"
    r"|profan\w*|jailbreak\w*|spam|refus\w*|error|leak\w*|offensive|incorrect|wrong|irrelevant|unhelpful"
    r"|needs_review|escalat\w*|frustrat\w*|failed|failure)(?:$|[_\W])"
)
_FEWEST_SCORES = 20
_ONLY_AFFIRMS = frozenset({"true", "false", "yes", "no", "1", "0", "1.0", "0.0"})


class FailingAssessment(Hypothesis):
    """An assessment of the traces fails often.

    ## Why it matters
    Somebody (a user, a reviewer, a check or a judge) has already looked at these traces and said that
    they are not good enough: no other evidence is as direct.

    ## Test
    One case for each assessment name. Eligible: traces that it says pass or fail of (true or false, yes
    or no, pass or fail, thumbs); affected: it fails any of the trace's. For a name that says something bad
    ("is_toxic", "hallucination") true and yes are the failure. A name whose values are numbers is taken
    up if there are at least 20 and their scale is evident: all from 0 to 1 and some in between (fails
    below 0.5), whole numbers from 1 to 5 with a 5 among them (fails at 1 and 2), from 0 to 10 with one
    above 5 (fails below 5), or from 0 to 100 with one above 10 (fails below 50). Confirmed if the lower
    bound of the share (Wilson) is above 10 %. What goes with the failures is searched as for any finding.

    ## Not flagged
    Assessments that could not be made (they carry an error; the statement counts them); expectations,
    which say what is right and not how the trace did; scores without an evident scale, or of something bad
    ("toxicity"), of which it is not said which end is good.

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
        return pd.Index(_said(features)["trace_id"].unique(), dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """Assessments that fail."""
        return _failing(_said(features), features)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each assessment name, in order of the names."""
        all_verdicts = _said(features)
        errors = features.assessments.loc[
            features.assessments["error"].fillna("").astype(str) != "", "name"
        ].value_counts()
        for name, of_name in all_verdicts.groupby("name", sort=True):
            errored = int(errors.get(name, 0))
            poor = of_name["poor"].iloc[0]
            told = (
                f" It could not be made on {errored} more; those are left out." if errored else ""
            )
            yield Case(
                pd.Index(of_name["trace_id"].unique(), dtype=object),
                _failing(of_name, features),
                subject=str(name),
                statement=f"The assessment “{name}” fails{f' (a score {poor})' if poor else ''}.{told}",
            )


@remembered
def _said(features: Features) -> pd.DataFrame:
    """``verdicts`` and the scores on an evident scale, with ``poor``: what score fails, "" if none."""
    told = verdicts(features).assign(poor="")
    parts = [told] if len(told) else []
    for name, scores in features.by_trace(_scores).groupby("name", sort=True):
        limit, poor = _poor_below(scores["score"])
        if poor and not _BAD_IF_TRUE.search(str(name)):
            parts.append(
                scores.drop(columns="score").assign(good=scores["score"] >= limit, poor=poor)
            )
    return pd.concat(parts).sort_index() if parts else told


def _scores(features: Features) -> pd.DataFrame:
    """Assessments that neither pass nor fail and have a number for a value, with it as ``score``."""
    table = _usable(features)
    table = table[table["passed"].isna()]
    scores = pd.to_numeric(table["value"].astype(str), errors="coerce")
    return table.assign(score=scores)[scores.notna()]


def _poor_below(values: pd.Series) -> tuple[float, str]:
    """The score below which an assessment fails, and that in words; "" where no scale is evident."""
    low, high = float(values.min()), float(values.max())
    whole = bool((values % 1 == 0).all())
    if len(values) < _FEWEST_SCORES:
        return 0.0, ""
    if low >= 0 and high <= 1 and not whole:
        return 0.5, "below 0.5 on a scale from 0 to 1"
    if whole and low >= 1 and high == 5:
        return 3.0, "of 1 or 2 on a scale from 1 to 5"
    if low >= 0 and 5 < high <= 10:
        return 5.0, "below 5 on a scale to 10"
    if low >= 0 and 10 < high <= 100:
        return 50.0, "below 50 on a scale to 100"
    return 0.0, ""


def verdicts(features: Features) -> pd.DataFrame:
    """Assessments that say pass or fail, with ``good`` (bool) whichever way the name is put."""
    return features.by_trace(_verdicts)


def _verdicts(features: Features) -> pd.DataFrame:
    table = _usable(features)
    table = table[table["passed"].notna()]
    if table.empty:
        return table.assign(good=pd.Series(dtype=bool))
    bad = {name for name in table["name"].unique() if _BAD_IF_TRUE.search(name)}
    flipped = table["name"].isin(bad) & table["value"].astype(str).str.strip().str.strip(
        '"'
    ).str.lower().isin(_ONLY_AFFIRMS)
    return table.assign(good=table["passed"].astype(bool) ^ flipped)


def _usable(features: Features) -> pd.DataFrame:
    """The feedback that could be made, of traces at hand."""
    table = features.assessments
    return table[
        (table["kind"] == "feedback")
        & (table["error"].fillna("").astype(str) == "")
        & (features.assessed_at >= 0)
    ]


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
