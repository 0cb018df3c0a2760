"""The claim "failures of one class happen": what the hypotheses about a kind of failure share.

``features.failures`` tells the class of each failure (a hypothesis' id) and counts a failure that
was passed up the tree once. A hypothesis adds words: what happened, why it matters, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.selection import Coded, Columns
from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule, affected_rows

EXCERPT_LENGTH = 300
_TELLING_SHARE = 0.1
"""Of the failures: a status that fewer of them came with says nothing of the rest."""


class FailureClass(Hypothesis):
    """A failure class that is plainly recorded: three cases, or 1 %, are a fact."""

    category = Category.OPERATIONAL
    mends = "failing calls"
    unit = Unit.SPAN
    rule = Rule.FACT
    needs = frozenset({Field.SPANS})
    not_causes = frozenset({"error_template", "first_failed_span"})
    what_happened: ClassVar[str]
    """The end of the sentence "search …", in the past tense."""

    def eligible(self, features: Features) -> pd.Index:
        """Operations, or the traces or sessions that are complete."""
        if self.unit is Unit.SPAN:
            return features.operations.index
        if self.unit is Unit.SESSION:
            return pd.Index(features.complete["session"].unique())
        return features.every_complete

    def spans(self, features: Features) -> pd.DataFrame:
        """The spans that show it; rows of ``features.failures``."""
        return features.failures[features.failures["error_class"] == self.id]

    def affected(self, features: Features) -> pd.DataFrame:
        """One row for each span that shows it."""
        return self.rows(features, self.spans(features))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about every call, with where it happens most."""
        spans = self.spans(features)
        yield Case(
            self.eligible(features),
            self.rows(features, spans),
            statement=self.statement(features, spans),
            seconds_lost=seconds_in(spans),
        )

    def rows(self, features: Features, spans: pd.DataFrame) -> pd.DataFrame:
        """The affected table of these spans, one row each."""
        unit: pd.Series | pd.Index = spans["trace"]
        if self.unit is Unit.SPAN:
            unit = spans.index
        elif self.unit is Unit.SESSION:
            unit = spans["session"]
        return affected_rows(
            unit,
            spans["trace_id"],
            spans["span_id"],
            spans["error_message"].str[:EXCERPT_LENGTH],
            self.rationale(features, spans),
            spans["error_offset"],
        )

    def rationale(self, features: Features, spans: pd.DataFrame) -> pd.Series:
        """What happened, after how long, and what became of the trace."""
        return (
            operation_names(spans)
            + f" {self.what_happened}"
            + with_status(spans)
            + after_seconds(spans)
            + outcomes(features, spans)
        )

    def statement(self, features: Features, spans: pd.DataFrame) -> str:
        """The claim with where it happens most and how many of the traces failed."""
        claim = self.documentation().claim.rstrip(".")
        if spans.empty:
            return f"{claim}."
        failed = features.traces["failed"].to_numpy(dtype=bool)[spans["trace"].unique()]
        return (
            f"{claim}: {most_frequent(operation_names(spans))}{statuses(spans)}; "
            f"{int(failed.sum()):,} of the {len(failed):,} traces with it failed."
        )


def leading_cause(finding: Finding, attribute: str = "tool") -> str:
    """The value of the strongest root cause that names ``attribute``, or "" if none does."""
    for cause in finding.root_causes:
        # a combination joins both its attributes and its values by " and "
        names, values = cause.attribute.split(" and "), cause.value.split(" and ")
        if attribute in names and len(names) == len(values):
            return values[names.index(attribute)]
    return ""


def operation_names(spans: Columns) -> pd.Series:
    """The tool's name, or the span's where it is no tool call."""
    return spans["tool"].where(spans["tool"] != "", spans["name"])


def names_of_operations(features: Features) -> Coded:
    """``operation_names`` of all of ``features.operations``; use it through ``features.shared``."""
    operations = features.operations
    return operations.coded("tool").otherwise(operations.coded("name"))


def seconds_in(spans: pd.DataFrame) -> float | None:
    """Time spent in these spans; ``None`` if no duration is known."""
    known = spans["duration_ms"].dropna()
    return float(known.sum()) / 1000.0 if len(known) else None


def with_status(spans: pd.DataFrame) -> pd.Series:
    """Text `` (status 401)`` where a number is known, else ""."""
    status = spans["error_status"].astype(int).tolist()
    return _told([f" (status {each})" if each >= 0 else "" for each in status], spans)


def after_seconds(spans: pd.DataFrame) -> pd.Series:
    """Text `` after 0.2 s`` where the duration is known, else ""."""
    seconds = (spans["duration_ms"].astype(float) / 1000.0).tolist()
    return _told(["" if isnan(each) else f" after {each:.1f} s" for each in seconds], spans)


def outcomes(features: Features, spans: pd.DataFrame) -> pd.Series:
    """How each span's trace ended, as the end of a sentence."""
    failed = features.traces["failed"].to_numpy(dtype=bool)[spans["trace"]]
    made_it_fail = spans["propagated"].to_numpy(dtype=bool) & failed
    endings = np.select(
        [made_it_fail, failed, spans["depth"].to_numpy() == 0],
        [
            "; it made the trace fail.",
            "; the trace failed later.",
            "; the trace is recorded as OK all the same.",
        ],
        "; the trace went on and ended without an error.",
    )
    return _told(endings.tolist(), spans)


def _told(texts: list[str], spans: pd.DataFrame) -> pd.Series:
    return pd.Series(texts, index=spans.index, dtype=object)


def most_frequent(names: pd.Series, preposition: str = "in ") -> str:
    """``mostly in crm_lookup (38 of 41)``, or ``all in crm_lookup`` where there is no other."""
    counts = names.value_counts()
    if counts.empty:
        return ""
    top = sorted(counts[counts == counts.iloc[0]].index)[0]
    if len(counts) == 1:
        return f"all {preposition}{top}"
    return f"mostly {preposition}{top} ({int(counts.iloc[0]):,} of {len(names):,})"


def statuses(spans: pd.DataFrame) -> str:
    """``, status 401 and 403``, the most frequent first, or "": only what tells of many of the spans."""
    counts = spans.loc[spans["error_status"] >= 0, "error_status"].astype(int).value_counts()
    counts = counts[counts >= _TELLING_SHARE * len(spans)]
    if counts.empty:
        return ""
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]
    *others, last = [str(status) for status, _ in order]
    return f", status {', '.join(others)} and {last}" if others else f", status {last}"
