"""Hypothesis ``rate-limited``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.hypotheses.base import Case
from mlflow_analysis.hypotheses.failure_class import (
    FailureClass,
    leading_cause,
    names_of_operations,
    operation_names,
    seconds_in,
)

_WINDOW_MS = 60_000.0


class RateLimited(FailureClass):
    """Calls are refused because a rate limit or a quota is reached.

    ## Why it matters
    Refused calls fail in bunches, exactly when the application is used most, and every retry
    without a pause uses up the allowance that the next call needs.

    ## Test
    Unit: calls. Eligible: calls of tools and models, spans without children, and spans in which a
    failure began, in complete traces. A failure that is passed up the tree counts once, where it began.
    Affected: the failure has status 429 (gRPC 8), a rate-limit, throttling or quota exception, or a
    message that says so or names a Retry-After. Confirmed with 3 calls or 1 %, refuted if the upper
    bound of the share is below 1 %. The statement compares how many calls the same operation got in the
    60 seconds before a refused call and before an answered one: if the first is not larger, the limit
    is shared with somebody else.

    ## Not flagged
    A quota that the product itself sells to its users and tells them about in an answer; a limit
    that is only mentioned in text.

    ## Recommendation
    Back off exponentially with jitter and obey Retry-After; put a token bucket in front of the
    operation that is refused, sized below the limit; batch or cache what is asked repeatedly; ask for
    a higher limit only after that.

    ## Sources
    RFC 6585, section 4 (429); RFC 9110, section 10.2.3 (Retry-After); M. Brooker, "Timeouts, retries,
    and backoff with jitter", Amazon Builders' Library; Beyer et al., Site Reliability Engineering
    (2016), chapter 21, "Handling Overload".
    """

    id = "rate-limited"
    title = "Rate limit reached"
    severity = Severity.HIGH
    what_happened = "was refused by a rate limit or quota"

    def cases(self, features: Features) -> Iterable[Case]:
        """One case; the time lost is that of the refused calls and of the waits after them."""
        spans = self.spans(features)
        seconds = seconds_in(spans)
        yield Case(
            self.eligible(features),
            self.rows(features, spans),
            statement=self.statement(features, spans) + _traffic(features, spans),
            seconds_lost=None if seconds is None else seconds + _waited(features, spans),
        )

    def recommend(self, finding: Finding) -> str:
        """Names the tool or model to slow down."""
        target = leading_cause(finding) or leading_cause(finding, "model")
        advice = self.documentation().recommendation
        return f"Begin with {target}. {advice}" if target else advice


def _traffic(features: Features, refused: pd.DataFrame) -> str:
    """Calls of the same operation in the minute before a refused and before an answered call."""
    operations = features.shared(names_of_operations)
    asked = operations.among(*operation_names(refused).unique())
    if not asked.any():
        return ""
    started = features.operations[asked]["start_ms"]
    before = started.groupby(operations.codes[asked]).transform(_in_preceding_minute)
    is_refused = started.index.isin(refused.index)
    if is_refused.all():
        return ""
    busy, calm = before[is_refused].median(), before[~is_refused].median()
    return (
        " In the 60 s before a refused call the same operation was called "
        f"{_times(busy)} at the median, before an answered one {_times(calm)}."
    )


def _times(count: float) -> str:
    return "once" if round(count) == 1 else f"{count:.0f} times"


def _in_preceding_minute(start_ms: pd.Series) -> np.ndarray:
    ordered = np.sort(start_ms.to_numpy(dtype=float))
    starts = start_ms.to_numpy(dtype=float)
    since = np.searchsorted(ordered, starts - _WINDOW_MS, side="left")
    return (np.searchsorted(ordered, starts, side="left") - since).astype(float)


def _waited(features: Features, refused: pd.DataFrame) -> float:
    """Seconds from the end of each refused call to the next of the same operation in its trace."""
    operations = features.operations
    of_traces = operations[operations["trace"].isin(refused["trace"])][
        ["trace", "tool", "name", "start_ms"]
    ]
    following = of_traces.groupby(["trace", operation_names(of_traces)])["start_ms"].shift(-1)
    wait = following.reindex(refused.index) - refused["end_ms"]
    return float(wait.clip(lower=0).sum()) / 1000.0
