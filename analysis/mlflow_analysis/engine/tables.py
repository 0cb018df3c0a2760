"""From all that was read to the tables that are tested."""

from __future__ import annotations

from functools import partial

from mlflow_analysis.features.asked import asked_in, topics_of
from mlflow_analysis.features.batch import Batch, joined
from mlflow_analysis.features.build import features_of
from mlflow_analysis.features.frames import frames
from mlflow_analysis.features.tables import Features
from mlflow_analysis.process.allocator import give_back
from mlflow_analysis.process.aside import Aside


def tables_of(batches: list[Batch], seed: int, aside: Aside | None) -> Features:
    """The tables of ``batches``, which is emptied; their topics are worked out ``aside``, which is let go."""
    work = partial(topics_of, asked_in(joined(batches)), seed)
    topics = work if aside is None else aside.begin(work)
    tables = frames(batches)
    give_back()  # before more memory is needed
    import scipy.stats  # noqa: F401 - tests need it: loaded once, before there are two that test

    features = features_of(tables, seed=seed, topics=topics)
    if aside is not None:
        aside.close()
    give_back()
    return features
