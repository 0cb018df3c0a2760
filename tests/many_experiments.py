"""A real SQLite store with thousands of experiments, written as rows: MLflow itself would take minutes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import stores

LAST_MS = 1_780_272_000_000
HOUR_MS = 3_600_000


def write_many_experiments(path: Path, count: int, *, traces_each: int = 12) -> str:
    """A store at ``path`` with ``count`` experiments besides MLflow's default one. Returns its URI.

    Experiment ``n`` is called ``team-<n % 40> service <n>``, and tagged with its team. Its traces, an hour
    apart up to ``LAST_MS`` less ``n`` minutes, take 100, 200, … ms; the first ``n % 5`` of them failed. Every
    hundredth experiment has no traces.
    """
    uri = f"sqlite:///{path}"
    stores.write([], uri, "made by MLflow", path.parent / "artifacts")
    with sqlite3.connect(path) as store:
        store.execute("DELETE FROM experiments WHERE experiment_id != 0")
        for number in range(1, count + 1):
            store.execute(
                "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage,"
                " creation_time, last_update_time) VALUES (?, ?, '/nowhere', 'active', ?, ?)",
                (
                    number,
                    f"team-{number % 40} service {number}",
                    LAST_MS - number,
                    LAST_MS - number,
                ),
            )
            store.execute(
                "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (?, 'team', ?)",
                (number, f"team {number % 40}"),
            )
            if number % 100 == 0:
                continue
            store.executemany(
                "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, execution_time_ms,"
                " status, request_preview, response_preview) VALUES (?, ?, ?, ?, ?, '\"ask\"', '\"say\"')",
                [
                    (
                        f"tr-{number}-{place}",
                        number,
                        LAST_MS - number * 60_000 - place * HOUR_MS,
                        (place + 1) * 100,
                        "ERROR" if place < number % 5 else "OK",
                    )
                    for place in range(traces_each)
                ],
            )
    return uri
