"""What was asked and answered in traces as they were read, and the topics that follow from it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.features.batch import Batch
from mlflow_analysis.features.numbered import numbered
from mlflow_analysis.features.topics import topics


def asked_in(read: Batch) -> pa.Table:
    """Of each trace all that its topic may depend on: ``request``, ``response``, and whether that is an answer.

    Where something failed it is none. No text is copied.
    """
    traces, spans = read.traces, read.spans
    failing = spans["trace_id"].filter(spans["failed"]).cast(pa.string()).combine_chunks()
    failed = pc.is_in(traces["trace_id"], value_set=failing)
    is_answer = pc.and_not(traces["complete"], failed)
    return traces.select(["request", "response"]).append_column("is_answer", is_answer)


def topics_of(asked: pa.Table, seed: int) -> npt.NDArray[np.object_]:
    """The topic of each trace, in the order of ``asked``."""
    codes, texts = numbered(asked["response"])
    answers = np.where(asked["is_answer"].to_numpy(), codes, -1)
    return topics(numbered(asked["request"]), (answers, texts), seed)
