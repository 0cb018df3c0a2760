"""What an experiment holds, before it is opened."""

from __future__ import annotations

from pathlib import Path

import stores
from mlflow_analysis.tracking.connection import (
    connect,
)
from mlflow_analysis.tracking.reader import StoreTraces


def test_a_summary_says_what_an_experiment_holds(source: StoreTraces) -> None:
    from mlflow_analysis.tracking.survey import summary, survey

    found = summary(survey(source))

    records = stores.small_traces()
    assert (found.traces, found.exact) == (len(records), True)
    assert found.states == {"OK": 10, "ERROR": 3, "IN_PROGRESS": 1}
    assert (found.first_ms, found.last_ms) == (records[0].info.start_ms, records[-1].info.start_ms)
    assert sum(found.per_hour) == len(records)
    checks = {check.name: (check.traces, check.examined) for check in found.fields}
    assert checks["users"] == (9, 14)
    assert checks["sessions"] == (13, 14)
    assert checks["assessments"] == (3, 14)
    assert checks["tool spans"] == (4, 14)
    assert checks["retriever spans"] == (9, 14)
    assert found.span_kinds["RETRIEVER"] == 9


def test_an_empty_experiment_has_a_summary_too(small_store: Path) -> None:
    found = connect(str(small_store)).summarise("Default")

    assert (found.traces, found.exact, found.per_hour, found.first_ms) == (0, True, (), None)
