"""How long affected traces took beside the rest: counts over the same bins."""

from __future__ import annotations

from mlflow_analysis.evidence.durations import BINS
from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.hypotheses.catalogue import by_id
from trace_factory import features_of, tool, trace


def found(affected: int, rest: int) -> Finding:
    """``affected`` traces of four seconds meet a rate limit, ``rest`` of half a second do not."""
    refused = [
        trace(tool("search", outputs="429 Too Many Requests"), ms=4000.0) for _ in range(affected)
    ]
    others = [trace(tool("search", outputs="done"), ms=500.0) for _ in range(rest)]
    findings, _ = conclude([by_id("rate-limited")], features_of(*refused, *others))
    return findings[0]


def test_slow_and_fast_stand_in_different_bins_and_every_trace_in_one() -> None:
    durations = found(12, 30).durations
    assert durations is not None
    assert len(durations.edges_ms) == BINS + 1
    assert (sum(durations.affected), sum(durations.rest)) == (12, 30)
    longest_of_rest = max(at for at, count in enumerate(durations.rest) if count)
    shortest_affected = min(at for at, count in enumerate(durations.affected) if count)
    assert longest_of_rest < shortest_affected
    assert durations.affected_quantiles_ms[1] > 4 * durations.rest_quantiles_ms[1]


def test_a_handful_makes_no_distribution() -> None:
    assert found(4, 30).durations is None
    assert found(12, 4).durations is None
