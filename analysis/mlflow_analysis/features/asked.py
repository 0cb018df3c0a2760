"""What was asked and answered in traces as they were read, and the topics that follow from it."""

from __future__ import annotations

from hashlib import blake2b
from importlib.metadata import version
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_analysis.features.batch import Batch
from mlflow_analysis.features.numbered import Numbered, numbered
from mlflow_analysis.features.topics import TOPICS, topics

_LIBRARIES = ("numpy", "scipy", "scikit-learn")
"""Another version of these may draw the line between two groups elsewhere."""


class KeptTopics(Protocol):
    """Where topics are kept for as long as the same is asked and answered."""

    def topics(self, key: str) -> npt.NDArray[np.object_] | None:
        """Those that were kept last, if it was under this key."""

    def keep_topics(self, key: str, labels: npt.NDArray[np.object_]) -> None:
        """Keep these in the place of others."""


def asked_in(read: Batch) -> pa.Table:
    """Of each trace all that its topic may depend on: ``request``, ``response``, and whether that is an answer.

    Where something failed it is none. No text is copied.
    """
    traces, spans = read.traces, read.spans
    failing = spans["trace_id"].filter(spans["failed"]).cast(pa.string()).combine_chunks()
    failed = pc.is_in(traces["trace_id"], value_set=failing)
    is_answer = pc.and_not(traces["complete"], failed)
    return traces.select(["request", "response"]).append_column("is_answer", is_answer)


def topics_of(
    asked: pa.Table, order: npt.NDArray[np.int64], seed: int, kept: KeptTopics | None = None
) -> npt.NDArray[np.object_]:
    """The topic of each trace, in this ``order`` of the rows of ``asked``. Those that are ``kept`` are looked up."""
    requests = _in_order(asked["request"], order)
    codes, texts = _in_order(asked["response"], order)
    answers = np.where(asked["is_answer"].to_numpy()[order], codes, np.int32(-1)), texts
    if kept is None:
        return topics(requests, answers, seed)
    key = _key(requests, answers, seed)
    labels = kept.topics(key)
    if labels is None:
        labels = topics(requests, answers, seed)
        kept.keep_topics(key, labels)
    return labels


def _in_order(column: pa.ChunkedArray, order: npt.NDArray[np.int64]) -> Numbered:
    """Texts in this order, numbered as they are met: the same texts have the same numbers, however they were read."""
    codes, texts = numbered(column)
    places, met = pd.factorize(codes[order])
    return places.astype(np.int32), texts.take(met)


def _key(requests: Numbered, answers: Numbered, seed: int) -> str:
    """Stands for all that topics follow from, the code that forms them included."""
    made_by = [TOPICS, seed, *map(version, _LIBRARIES)]
    digest = blake2b(repr(made_by).encode(), digest_size=16)
    for codes, texts in (requests, answers):
        _, offsets, content = texts.buffers()
        digest.update(codes.tobytes())
        if len(texts):
            ends = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
            digest.update(ends.tobytes())
            digest.update(memoryview(content)[ends[0] : ends[-1]] if content else b"")
    return digest.hexdigest()
