"""Planted faults found with their cause first, and nothing found where nothing was planted."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence

from benchmarks.figures import Figure
from mlflow_analysis.demo.faults import ALL_FAULTS, Fault
from mlflow_analysis.demo.manifest import Manifest
from mlflow_analysis.demo.scenario import make_scenario
from mlflow_analysis.demo.scoring import (
    cause_ranked_first,
    finding_of,
    unexplained,
)
from mlflow_analysis.engine import AnalysisOptions, analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings import Analysis
from mlflow_analysis.source import RecordedTraces

_LOWEST_FIRST = 0.9
_HIGHEST_FALSE = 0.1


def measure(planted_seeds: int, null_seeds: int, traces: int) -> list[Figure]:
    """Scenarios with every fault, then scenarios with none."""
    found, first, strays = Counter[str](), Counter[str](), Counter[str]()
    for seed in range(planted_seeds):
        analysis, manifest = analyse(seed, traces, ALL_FAULTS)
        for planted in manifest.planted:
            finding = finding_of(analysis, planted)
            found[planted.fault.id] += finding is not None
            first[planted.fault.id] += finding is not None and cause_ranked_first(finding, planted)
        strays.update(each.hypothesis for each in unexplained(analysis, manifest))
        _tell(f"planted {seed + 1}/{planted_seeds}", strays)
    false = Counter[str]()
    for seed in range(null_seeds):
        analysis, manifest = analyse(1_000 + seed, traces, ())
        false.update(each.hypothesis for each in unexplained(analysis, manifest))
        _tell(f"empty {seed + 1}/{null_seeds}", false)
    return _figures(planted_seeds, null_seeds, found, first, strays, false)


def analyse(seed: int, traces: int, faults: Sequence[Fault]) -> tuple[Analysis, Manifest]:
    """One scenario, analysed, and what was planted in it."""
    scenario = make_scenario(seed, traces, faults)
    *_, last = analyze(RecordedTraces(scenario.records), AnalysisOptions(seed=seed))
    assert isinstance(last, AnalysisReady)
    return last.analysis, scenario.manifest


def _figures(
    planted_seeds: int,
    null_seeds: int,
    found: Counter[str],
    first: Counter[str],
    strays: Counter[str],
    false: Counter[str],
) -> list[Figure]:
    figures = []
    if planted_seeds:
        figures = [
            Figure(
                f"{fault.id} ({fault.hypothesis})",
                f"{found[fault.id]}/{planted_seeds} found, {first[fault.id]}/{planted_seeds} cause first",
            )
            for fault in ALL_FAULTS
        ]
        share = sum(first.values()) / (planted_seeds * len(ALL_FAULTS))
        figures += [
            Figure(
                "planted causes ranked first",
                f"{share:.0%}",
                f"≥ {_LOWEST_FIRST:.0%}",
                share >= _LOWEST_FIRST,
            ),
            Figure("confirmed though neither planted nor a consequence", _listed(strays)),
        ]
    if null_seeds:
        rate = sum(false.values()) / null_seeds
        figures += [
            Figure(
                f"confirmed issues per report, nothing planted ({null_seeds} reports)",
                f"{rate:.2f}",
                f"≤ {_HIGHEST_FALSE}",
                rate <= _HIGHEST_FALSE,
            ),
            Figure("which", _listed(false)),
        ]
    return figures


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def _tell(stage: str, counts: Counter[str]) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {stage}; so far: {_listed(counts)}", file=sys.stderr)
