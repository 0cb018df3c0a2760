"""Hypothesis ``retry-storm``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.failure_class import (
    EXCERPT_LENGTH,
    leading_cause,
    most_frequent,
    operation_names,
)
from mlflow_analysis.timing.replay import Mend

_FEWEST_RETRIES = 2
_NO_BACK_OFF_MS = 1_000.0
_COLUMNS = [
    "trace", "trace_id", "span_id", "tool", "name", "arguments_key", "failed", "start_ms", "end_ms",
    "duration_ms", "error_template", "error_message", "error_offset",
]  # fmt: skip
_SAME = ["trace", "operation", "arguments_key"]


class RetryStorm(Hypothesis):
    """A call that failed is made again and again with the same arguments.

    ## Why it matters
    Retries multiply the load on what is failing already, and spend the user's time on an answer that
    is known. Without a pause between them they cannot help at all.

    ## Test
    A retry is a call of the same tool or model with the same canonical arguments, begun after the call
    before it ended in failure. A trace counts from 2 retries of one call on. Eligible are complete
    traces with a call whose arguments were recorded; confirmed if the lower bound of the share is above
    1 %. The statement gives the pauses (under 1 s is no back-off) and how many of the calls were rescued.
    Impact: a replay without the retries that failed and the pauses before them.

    ## Not flagged
    A single retry; polling, where each attempt fails in other words than the one before; calls that
    run side by side.

    ## Recommendation
    Retry only what can heal (429, 5xx, connection errors), at most twice, with exponential back-off and
    jitter, under one budget for the whole trace; tell the model not to repeat a call that failed.

    ## Sources
    M. Brooker, "Timeouts, retries, and backoff with jitter", Amazon Builders' Library; Beyer et al.,
    Site Reliability Engineering (2016), chapter 22 (retry amplification); Bronson et al., "Metastable
    Failures in Distributed Systems", HotOS 2021.
    """

    id = "retry-storm"
    title = "Failed calls are repeated"
    category = Category.OPERATIONAL
    mends = "repeated calls"
    severity = Severity.MEDIUM
    needs = frozenset({Field.SPANS})

    def eligible(self, features: Features) -> pd.Index:
        """Complete traces with a call whose arguments are known."""
        return pd.Index(np.flatnonzero(features.traces_with(features.shared(_known))))

    def affected(self, features: Features) -> pd.DataFrame:
        """One row for each call that was retried twice or more, at its last attempt."""
        return _rows(_storms(_attempts(features)))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with pauses and rescues."""
        attempts = _attempts(features)
        storms = _storms(attempts)
        yield Case(
            self.eligible(features),
            _rows(storms),
            statement=self._told(storms),
            mended=_mend(attempts, storms) if len(storms) else None,
        )

    def recommend(self, finding: Finding) -> str:
        """Names the tool whose retries to limit."""
        tool = leading_cause(finding)
        advice = self.documentation().recommendation
        return f"Begin with {tool}. {advice}" if tool else advice

    def _told(self, storms: pd.DataFrame) -> str:
        claim = self.documentation().claim.rstrip(".")
        if storms.empty:
            return f"{claim}."
        return (
            f"{claim}: {most_frequent(storms['operation'])}, {int(storms['retries'].sum()):,} retries of "
            f"{len(storms):,} calls; {storms['hasty'].sum() / storms['retries'].sum():.0%} of them came within "
            f"1 s, and {storms['rescued'].mean():.0%} of the calls succeeded in the end."
        )


def _known(features: Features) -> npt.NDArray[np.bool_]:
    """Which spans are calls in complete traces whose arguments are known."""
    known = ~features.spans.texts("arguments_key").among("")
    return known & (features.is_call | features.is_model_call) & features.ended


def _attempts(features: Features) -> pd.DataFrame:
    """The calls that retry a failed one, with the pause before them."""
    spans, known = features.spans, features.shared(_known)
    # most calls are made once and work: only what failed and is there twice in a trace can hold a retry
    failing = features.traces_with(known & spans["failed"].to_numpy(dtype=bool))
    calls = spans[known & failing[features.trace_at]][_COLUMNS]
    calls = calls.assign(operation=operation_names(calls), failed=calls["failed"].astype(bool))
    failed = pd.MultiIndex.from_frame(calls.loc[calls["failed"], _SAME])
    calls = calls[pd.MultiIndex.from_frame(calls[_SAME]).isin(failed)]
    calls = calls[calls.duplicated(_SAME, keep=False)].sort_values("start_ms", kind="stable")
    before = calls.groupby(_SAME)[["failed", "end_ms", "error_template"]].shift(1)
    pause = calls["start_ms"] - before["end_ms"]
    other_words = calls["failed"] & (calls["error_template"] != before["error_template"])
    is_retry = before["failed"].eq(True) & (pause >= 0) & ~other_words
    return calls.assign(pause_ms=pause)[is_retry]


def _storms(attempts: pd.DataFrame) -> pd.DataFrame:
    """One row for each call with enough retries, indexed by the last attempt."""
    attempts = attempts.assign(
        hasty=attempts["pause_ms"] < _NO_BACK_OFF_MS,
        wasted_ms=attempts["pause_ms"] + attempts["duration_ms"].where(attempts["failed"], 0.0),
        span=attempts.index,
    )
    # each row is the last attempt; a success at the end has no message, so the last failure's is kept
    message = attempts["error_message"].where(attempts["failed"], None)
    offset = attempts["error_offset"].where(attempts["failed"], None)
    grouped = attempts.assign(message=message, offset=offset).groupby(_SAME, sort=False)
    storms = grouped.agg(
        trace_id=("trace_id", "first"),
        span=("span", "last"),
        span_id=("span_id", "last"),
        retries=("span", "size"),
        hasty=("hasty", "sum"),
        wasted_ms=("wasted_ms", "sum"),
        pause_ms=("pause_ms", "median"),
        last_failed=("failed", "last"),
        message=("message", "last"),
        offset=("offset", "last"),
    ).reset_index()
    storms["rescued"] = ~storms["last_failed"].astype(bool)
    return storms[storms["retries"] >= _FEWEST_RETRIES].set_index("span")


def _mend(attempts: pd.DataFrame, storms: pd.DataFrame) -> Mend:
    """Without the retries that failed; the first attempt stays, and so does a last one that succeeds."""
    stormy = pd.MultiIndex.from_frame(storms[_SAME])
    repeated = pd.MultiIndex.from_frame(attempts[_SAME]).isin(stormy)
    in_vain = repeated & attempts["failed"].to_numpy(dtype=bool)
    return Mend("the retries that failed left out", removed=attempts.index[in_vain])


def _rows(storms: pd.DataFrame) -> pd.DataFrame:
    end = pd.Series("and succeeded in the end.", index=storms.index)
    end = end.mask(~storms["rescued"].astype(bool), "and never succeeded.")
    retries = storms["retries"].astype(int).astype(str)
    pause = (storms["pause_ms"] / 1000).map("{:.1f}".format).astype(str)
    wasted = (storms["wasted_ms"] / 1000).map("{:.1f}".format).astype(str)
    return affected_rows(
        storms["trace_id"],
        storms["trace_id"],
        storms["span_id"],
        storms["message"].fillna("").astype(str).str[:EXCERPT_LENGTH],
        storms["operation"]
        + " was called "
        + retries
        + " more times with the same arguments after it failed, "
        + pause
        + " s apart at the median, which took "
        + wasted
        + " s, "
        + end,
        storms["offset"].fillna(-1).astype(int),
    )
