"""From all that was read to the tables that are tested."""

from __future__ import annotations

from functools import partial

from mlflow_analysis.features.asked import asked_in, topics_of
from mlflow_analysis.features.batch import Batch, joined
from mlflow_analysis.features.build import features_of
from mlflow_analysis.features.frames import frames
from mlflow_analysis.features.tables import Features
from mlflow_analysis.process.allocator import give_back


def tables_of(batches: list[Batch], seed: int) -> Features:
    """The tables of ``batches``, which is emptied."""
    topics = partial(topics_of, asked_in(joined(batches)), seed)
    tables = frames(batches)
    give_back()  # before more memory is needed
    features = features_of(tables, seed=seed, topics=topics)
    give_back()
    return features
