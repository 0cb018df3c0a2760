"""How long the whole catalogue takes on the tables of 10,000 traces: from features to findings."""

from __future__ import annotations

import time

from benchmarks.figures import Figure
from mlflow_analysis.demo.faults import ALL_FAULTS
from mlflow_analysis.demo.scenario import make_scenario
from mlflow_analysis.evidence.weighing import Weighing
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract
from mlflow_analysis.hypotheses.catalogue import catalogue

_TRACES = 10_000
_LONGEST_S = 5.0
_SHOWN = 10


def measure(traces: int = _TRACES) -> list[Figure]:
    """Seconds for all hypotheses, weighed and concluded, and the slowest ten of them."""
    records = make_scenario(0, traces, ALL_FAULTS).records
    began = time.perf_counter()
    extracted = [extract(record) for record in records]
    extracting = time.perf_counter() - began
    began = time.perf_counter()
    features = build_features(extracted)
    building = time.perf_counter() - began
    began = time.perf_counter()
    weighing = Weighing(features)
    seconds = {"what all share": time.perf_counter() - began}
    for hypothesis in catalogue():
        began = time.perf_counter()
        weighing.add(hypothesis)
        seconds[hypothesis.id] = time.perf_counter() - began
    began = time.perf_counter()
    weighing.conclude()
    seconds["concluding"] = time.perf_counter() - began
    total = sum(seconds.values())
    slowest = sorted(seconds, key=lambda name: (-seconds[name], name))[:_SHOWN]
    return [
        Figure(f"extracting {traces} traces, {len(features.spans)} spans", f"{extracting:.2f} s"),
        Figure("building the tables, requests grouped", f"{building:.2f} s"),
        Figure(
            f"the whole catalogue, {len(catalogue())} hypotheses",
            f"{total:.2f} s",
            f"< {_LONGEST_S:.0f} s",
            total < _LONGEST_S,
        ),
        *(Figure(f"  {name}", f"{seconds[name]:.2f} s") for name in slowest),
    ]
