"""Hypothesis ``authentication-failure``."""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity, Unit
from mlflow_analysis.hypotheses.failure_class import FailureClass, leading_cause

_BURST_SHARE = 0.8
_BURST_MINUTES = 60


class AuthenticationFailure(FailureClass):
    """Calls are refused because a credential is missing, wrong, expired or not permitted.

    ## Why it matters
    A refused credential does not heal by itself: every call to that service fails until somebody
    renews it or grants the right, and retries only lock the account or fill the log.

    ## Test
    Unit: sessions (a trace without a session is one) with a complete trace. Affected: a call in it
    began to fail with status 401, 403, 407, 419 or 498 (gRPC 16 or 7), an authentication or permission
    exception, or a message that says that the token, key or permission was refused. Confirmed with 3
    sessions or 1 %, refuted if the upper bound of the share is below 1 %. The statement says if most of
    the refusals fall within an hour, as they do when a credential expires.

    ## Not flagged
    Text that merely mentions a login, a password or an account; a failure that was passed on from
    a child is counted once, at the child.

    ## Recommendation
    Check the credential of the refusing service now: its expiry, its scope, and where it is
    deployed. Then refresh it before it expires, call the service once at start-up to see that it
    is accepted, and stop after the first 401 or 403 instead of retrying.

    ## Sources
    RFC 9110, HTTP Semantics, sections 15.5.2 (401) and 15.5.4 (403); RFC 6750, Bearer Token Usage,
    section 3.1; gRPC status codes, https://grpc.io/docs/guides/status-codes/
    """

    id = "authentication-failure"
    title = "Authentication fails"
    unit = Unit.SESSION
    severity = Severity.HIGH
    what_happened = "was refused for its credentials"

    def statement(self, features: Features, spans: pd.DataFrame) -> str:
        """Adds the hour into which most refusals fall, if there is one."""
        text = super().statement(features, spans)
        return text + _crowded_hour(spans["start_ms"])

    def recommend(self, finding: Finding) -> str:
        """Names the tool that is refused."""
        tool = leading_cause(finding)
        advice = self.documentation().recommendation
        return f"Begin with {tool}. {advice}" if tool else advice


def _crowded_hour(start_ms: pd.Series) -> str:
    """A sentence if at least 80 % of 5 or more refusals, spread over days or not, share one hour."""
    times = start_ms.sort_values().to_numpy()
    if len(times) < 5:
        return ""
    window = _BURST_MINUTES * 60_000
    inside = times.searchsorted(times + window, side="right") - pd.RangeIndex(len(times)).to_numpy()
    first = int(inside.argmax())
    if inside[first] < _BURST_SHARE * len(times):
        return ""
    when = pd.Timestamp(times[first], unit="ms").strftime("%Y-%m-%d %H:%M")
    return f" {int(inside[first])} of {len(times)} fall in the hour after {when} UTC: look for an expiry."
