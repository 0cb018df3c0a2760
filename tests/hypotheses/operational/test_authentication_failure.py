"""What the hypothesis authentication-failure finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.findings.kinds import Unit
from mlflow_analysis.hypotheses.operational.authentication_failure import AuthenticationFailure
from trace_factory import EPOCH_MS, affected_traces, features_of, model, tool, trace


def refused(**details):
    return trace(
        model(),
        tool("crm_lookup", ms=200, status="ERROR", message="401 Unauthorized: token expired"),
        **details,
    )


def test_a_refused_credential_is_counted_once_for_each_session():
    features = features_of(
        refused(session="s1", state="ERROR", root_message="401 Unauthorized: token expired"),
        refused(session="s1"),
        trace(tool("crm_lookup"), session="s2"),
    )
    (case,) = AuthenticationFailure().cases(features)

    assert AuthenticationFailure.unit is Unit.SESSION
    assert set(case.eligible) == {"s1", "s2"}
    assert set(case.affected["unit"]) == {"s1"}
    assert len(case.affected) == 2  # the root that passed the failure on is not a case of its own
    assert case.affected["excerpt"].str.contains("token expired").all()
    assert (
        case.affected["rationale"].iloc[0]
        == "crm_lookup was refused for its credentials (status 401) after 0.2 s; it made the trace fail."
    )
    assert "all in crm_lookup" in case.statement


def test_403_in_an_output_with_status_ok_counts():
    features = features_of(
        trace(tool("crm", outputs={"error": "Permission denied", "status_code": 403}))
    )

    assert affected_traces(AuthenticationFailure(), features) == set(features.traces.index)


def test_refusals_within_an_hour_hint_at_an_expiry():
    crowded = [refused(start_ms=EPOCH_MS + minute * 60_000) for minute in range(8)]
    spread = [refused(start_ms=EPOCH_MS + hour * 5 * 3_600_000) for hour in range(8)]

    (case,) = AuthenticationFailure().cases(features_of(*crowded))
    assert "8 of 8 fall in the hour after 2026-06-01 00:00 UTC" in case.statement
    (case,) = AuthenticationFailure().cases(features_of(*spread))
    assert "expiry" not in case.statement


def test_a_page_that_mentions_a_login_is_not_flagged():
    features = features_of(
        trace(
            tool(
                "fetch_page",
                outputs="Please log in with your account. Forgotten password? 401 steps to fame.",
            )
        ),
        trace(tool("fetch_page", outputs={"text": "Unauthorized biography, 403 pages"})),
    )

    assert affected_traces(AuthenticationFailure(), features) == set()
