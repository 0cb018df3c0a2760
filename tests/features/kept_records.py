"""Twenty records to keep, and a process that keeps them: other processes import this by its plain name."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Barrier

from mlflow_analysis.features import cache as cache_module
from mlflow_analysis.features.batch import Batch, batch_of
from mlflow_analysis.features.cache import FeatureCache
from mlflow_analysis.features.extract import extract
from mlflow_analysis.records import TraceOutline, TraceRecord
from mlflow_analysis.source import outline_of
from trace_factory import feedback, model, tool, trace

_PATIENCE_SECONDS = 120.0

RECORDS = [
    trace(
        model("answer", outputs={"content": f"Answer {number}"}),
        tool("search", outputs="429 Too Many Requests" if number % 4 == 0 else {"rows": number}),
        request=f"Question {number}",
        assessments=[feedback("helpful", number % 2 == 0)] if number % 3 == 0 else [],
        tags={"region": "eu" if number % 2 else "us"},
        number=number,
    )
    for number in range(1, 21)
]
OUTLINES = [outline_of(record.info) for record in RECORDS]


def batch(*records: TraceRecord) -> Batch:
    marks = [outline_of(record.info).mark for record in records]
    return batch_of([extract(record) for record in records], marks)


def keep_one_by_one(
    cache: FeatureCache,
    records: Sequence[TraceRecord],
    outlines: Sequence[TraceOutline],
    most_parts: int,
    start: Barrier,
) -> None:
    """Keep one of ``records`` after the other, tidy up and look, once others are at ``start`` too."""
    cache_module.MOST_PARTS = most_parts
    start.wait(_PATIENCE_SECONDS)
    for record in records:
        cache.keep([batch(record)])
        cache.tidy(outlines, complete=False)
        cache.load(outlines)
