"""Reading and analysing the demo store, as ratios: seconds depend on the machine."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from mlflow_analysis.demo.store import EXPERIMENT, TRACES, ensure_demo_store
from mlflow_analysis.engine import AnalysisOptions, analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.features.extract import extract
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.source import RecordedTraces
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.environment import load_mlflow

_REPEATS = 3
_SLOWEST_STORE_S = 15.0


def measure() -> list[Figure]:
    """Medians of three; the store is made once, in a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        began = time.perf_counter()
        store = ensure_demo_store(Path(directory))
        made_in = time.perf_counter() - began
        plain = _median(lambda: _plain_client(store.tracking_uri))
        source = connect(store.tracking_uri).experiment(EXPERIMENT)
        listing = _median(lambda: [info for page in source.infos() for info in page])
        infos = [info for page in source.infos() for info in page]
        reading = _median(lambda: list(source.traces(infos)))
        records = [each for each in source.traces(infos) if isinstance(each, TraceRecord)]
        extracting = _median(lambda: [extract(record) for record in records])
        began = time.perf_counter()
        _analyse(records)
        analysing = time.perf_counter() - began
    return [
        Figure(
            f"demo store of {TRACES} traces made in",
            f"{made_in:.1f} s",
            f"≤ {_SLOWEST_STORE_S:.0f} s",
            made_in <= _SLOWEST_STORE_S,
        ),
        Figure("MLflow's client, pages of 500 with spans", f"{plain:.2f} s"),
        Figure("our listing of infos, against that", f"{listing / plain:.2f}"),
        Figure(
            "our reading of spans, against that",
            f"{reading / plain:.2f}",
            "≤ 1.5",
            reading / plain <= 1.5,
        ),
        Figure("extracting features, against that", f"{extracting / plain:.2f}"),
        Figure("whole analysis in memory", f"{analysing:.1f} s"),
        Figure("traces analysed a second", f"{len(records) / analysing:.0f}"),
    ]


def _median(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[_REPEATS // 2]


def _plain_client(tracking_uri: str) -> int:
    """What anyone would write: all traces with spans, through MLflow's public client."""
    client: Any = load_mlflow().MlflowClient(tracking_uri=tracking_uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    token, read = None, 0
    while True:
        page = client.search_traces(
            locations=[experiment.experiment_id], max_results=500, page_token=token
        )
        read += sum(len(trace.data.spans) > 0 for trace in page)
        token = page.token
        if not token:
            return read


def _analyse(records: list[TraceRecord]) -> AnalysisReady:
    *_, last = analyze(RecordedTraces(records), AnalysisOptions())
    assert isinstance(last, AnalysisReady)
    return last
