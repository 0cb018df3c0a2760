"""``python -m benchmarks.reading WAY ADDRESS``: read every trace of a large store one way, in a process of its own.

Prints ``{"traces": n, "seconds": s, "peak_bytes": b}``: from the first question to the last trace, imports and
connecting left out; and the most memory that the process held. Ways: ``floor`` (the same rows of an SQLite file,
nothing made of them), ``mlflow`` (``mlflow.search_traces()``), ``public`` (our reader through MLflow's client),
``ours`` (the reader that the program itself takes).

The floor reads the tables that our reader reads, each from its beginning to its end, and parses the JSON of each
span. What inputs, outputs and attributes hold are texts within that JSON; neither the floor nor our reader
decodes these, since whoever looks at a record does. Our reader also finds the rows of each trace by its id,
newest trace first, and checks the form of each span; records are made of those that somebody looks at.
"""

from __future__ import annotations

import gc
import json
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from benchmarks.large_store import EXPERIMENT
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.tracking.address import parse
from mlflow_analysis.tracking.connection import connect
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.reader import StoreTraces

_OF_INFOS = ("trace_info", "trace_tags", "trace_request_metadata", "assessments")


def floor(address: str) -> Callable[[], int]:
    """No reader of whole traces can be quicker than this."""
    path = address.removeprefix("sqlite:///")

    def read() -> int:
        traces: set[str] = set()
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            for table in _OF_INFOS:
                for _ in connection.execute(f"SELECT * FROM {table}"):
                    pass
            for trace_id, content in connection.execute("SELECT trace_id, content FROM spans"):
                orjson.loads(content)
                traces.add(trace_id)
        return len(traces)

    return read


def with_mlflow(address: str) -> Callable[[], int]:
    """What anyone would write."""
    mlflow = load_mlflow()
    mlflow.set_tracking_uri(address)
    experiment = mlflow.get_experiment_by_name(EXPERIMENT).experiment_id
    return lambda: len(mlflow.search_traces(locations=[experiment]))


def public(address: str) -> Callable[[], int]:
    """Our reader through MLflow's public client, which every store has."""
    client = load_mlflow().MlflowClient(tracking_uri=address)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    return _all_of(StoreTraces(client, parse(address), experiment.experiment_id, EXPERIMENT))


def ours(address: str) -> Callable[[], int]:
    """The reader that suits the store best: the SQL reader where its tables are known."""
    return _all_of(connect(address).experiment(EXPERIMENT))


WAYS = {"floor": floor, "mlflow": with_mlflow, "public": public, "ours": ours}


def _all_of(source: StoreTraces) -> Callable[[], int]:
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)  # as the program does

    def read() -> int:
        return sum(
            isinstance(each, TraceRecord) for page in source.infos() for each in source.traces(page)
        )

    return read


def _peak_bytes() -> int:
    """Of this program alone: ``getrusage`` would count whoever started it, too."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """Read and print."""
    way, address = sys.argv[1:]
    read = WAYS[way](address)
    began = time.perf_counter()
    traces = read()
    seconds = time.perf_counter() - began
    print(json.dumps({"traces": traces, "seconds": seconds, "peak_bytes": _peak_bytes()}))


if __name__ == "__main__":
    main()
