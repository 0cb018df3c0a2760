"""What the hypothesis rate-limited finds, and what it leaves alone."""

from __future__ import annotations

from mlflow_analysis.hypotheses.operational.rate_limited import RateLimited
from trace_factory import EPOCH_MS, affected_traces, features_of, tool, trace


def test_429_is_found_with_its_waits_and_the_traffic_before_it():
    refused = {"status": "ERROR", "message": "429 Too Many Requests", "ms": 100}
    calm = [trace(tool("search"), start_ms=EPOCH_MS + n * 600_000) for n in range(10)]
    busy = [trace(tool("search"), start_ms=EPOCH_MS + 9_000_000 + n * 1_000) for n in range(20)]
    limited = trace(
        tool("search", **refused), tool("search", start=2_100), start_ms=EPOCH_MS + 9_021_000
    )
    (case,) = RateLimited().cases(features_of(*calm, *busy, limited))

    assert list(case.affected["trace_id"]) == [limited.info.trace_id]
    assert (
        case.affected["rationale"]
        .iloc[0]
        .startswith("search was refused by a rate limit or quota (status 429)")
    )
    assert case.seconds_lost == 0.1 + 2.0
    assert "before a refused call the same operation was called 20 times" in case.statement


def test_a_quota_that_the_product_sells_is_not_flagged():
    features = features_of(
        trace(
            tool("plan_details", outputs={"plan": "basic", "quota": "100 exports", "used": 100}),
            response="You have used your quota of 100 exports. Upgrade for a higher rate limit.",
        )
    )

    assert affected_traces(RateLimited(), features) == set()
