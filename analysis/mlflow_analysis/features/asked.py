"""What was asked and answered in traces as they were read, and the topics that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class Asked:
    """All that topics follow from: for each trace, in order, what was asked and answered."""

    requests: Numbered
    answers: Numbered
    """-1 in place of what is no answer: where something failed there is none."""
    seed: int

    @cached_property
    def key(self) -> str:
        """Stands for all of it, the code that forms topics included."""
        made_by = [TOPICS, self.seed, *map(version, _LIBRARIES)]
        digest = blake2b(repr(made_by).encode(), digest_size=16)
        for codes, texts in (self.requests, self.answers):
            _, offsets, content = texts.buffers()
            digest.update(codes.tobytes())
            if len(texts):
                ends = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
                digest.update(ends.tobytes())
                digest.update(memoryview(content)[ends[0] : ends[-1]] if content else b"")
        return digest.hexdigest()

    def topics(self) -> npt.NDArray[np.object_]:
        """The topic of each trace."""
        return topics(self.requests, self.answers, self.seed)


def asked_in(read: Batch, order: npt.NDArray[np.int64], seed: int = 0) -> Asked:
    """What was asked and answered in the traces that were read, in this ``order`` of them."""
    traces, spans = read.traces, read.spans
    failing = spans["trace_id"].filter(spans["failed"]).cast(pa.string()).combine_chunks()
    failed = pc.is_in(traces["trace_id"], value_set=failing)
    is_answer = pc.and_not(traces["complete"], failed).to_numpy()[order]
    codes, texts = _in_order(traces["response"], order)
    answers = np.where(is_answer, codes, np.int32(-1)), texts
    return Asked(_in_order(traces["request"], order), answers, seed)


def _in_order(column: pa.ChunkedArray, order: npt.NDArray[np.int64]) -> Numbered:
    """Texts in this order, numbered as they are met: the same texts have the same numbers, however they were read."""
    codes, texts = numbered(column)
    places, met = pd.factorize(codes[order])
    return places.astype(np.int32), texts.take(met)
