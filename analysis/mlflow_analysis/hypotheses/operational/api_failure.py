"""Hypothesis ``api-failure``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.hypotheses.failure_class import (
    FailureClass,
    leading_cause,
    names_of_operations,
    operation_names,
)

_FEWEST_CALLS = 10


class ApiFailure(FailureClass):
    """A service that the application calls fails or cannot be reached.

    ## Why it matters
    The fault lies behind the application, yet its users see it. Without a fallback each such failure
    is a failed request, and a service that is down takes everything down that waits for it.

    ## Test
    Unit: calls. Eligible: calls of tools and models, spans without children, and spans in which a
    failure began, in complete traces. A failure that is passed up the tree counts once, where it began.
    Affected: the failure has a 5xx status other than 504 (gRPC 13, 14 or 15, JSON-RPC -32603 or
    -32000), a connection, DNS or TLS error, or a provider's overload message. Confirmed with 3 calls or
    1 %, refuted if the upper bound of the share is below 1 %. The statement names the operation with
    the highest rate among those called at least 10 times, beside the rate of all the others.

    ## Not flagged
    4xx answers, which are the caller's own fault or a refusal; time limits (see timeout) and rate limits
    (see rate-limited).

    ## Recommendation
    Retry idempotent calls once or twice with jittered back-off, put a circuit breaker around the
    failing service so that it is left alone while it is down, and give a fallback: a second provider,
    a cached answer, or an honest message.

    ## Sources
    RFC 9110, section 15.6 (5xx); M. Nygard, Release It!, 2nd ed. (2018), chapter 5, "Circuit Breaker";
    Beyer et al., Site Reliability Engineering (2016), chapter 22, "Addressing Cascading Failures".
    """

    id = "api-failure"
    title = "A service fails"
    severity = Severity.HIGH
    what_happened = "met a failing or unreachable service"

    def statement(self, features: Features, spans: pd.DataFrame) -> str:
        """Adds the operation with the highest rate against the others."""
        return super().statement(features, spans) + _worst_operation(features, spans)

    def recommend(self, finding: Finding) -> str:
        """Names the service to guard first."""
        target = leading_cause(finding) or leading_cause(finding, "model")
        advice = self.documentation().recommendation
        return f"Guard {target} first. {advice}" if target else advice


def _worst_operation(features: Features, failing: pd.DataFrame) -> str:
    # only calls are there whether they fail or not: a root is an operation just when it failed
    is_call = features.is_call | features.is_model_call
    operations = features.shared(names_of_operations)
    calls = np.bincount(operations.codes[is_call[features.operations.index]])
    names = operations.values[: len(calls)]
    failures = operation_names(failing[is_call[failing.index]]).value_counts()
    counts = pd.DataFrame({"calls": calls, "failures": failures.reindex(names, fill_value=0)})
    counts = counts[calls >= _FEWEST_CALLS]
    if len(counts) < 2 or counts["failures"].sum() == 0:
        return ""
    worst = (counts["failures"] / counts["calls"]).idxmax()
    others = counts.drop(index=worst).sum()
    rate = counts.loc[worst, "failures"] / counts.loc[worst, "calls"]
    return (
        f" {worst} fails so in {rate:.1%} of its {int(counts.loc[worst, 'calls']):,} calls, the other "
        f"operations in {others['failures'] / others['calls']:.1%}."
    )
