"""A small store, and an engine process that has it open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from engine_process import Engine

import stores
from mlflow_analysis import protocol


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return stores.write_small_store(tmp_path_factory.mktemp("store") / "mlflow.db")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One process for all tests that leave it as it is: it takes seconds to start."""
    place = tmp_path_factory.mktemp("engine")
    engine = Engine(place / "engine.log", place)
    yield engine
    engine.close()


@pytest.fixture
def opened(engine: Engine, store: str) -> Engine:
    engine.ask(protocol.CheckConnection(store))
    experiments = engine.ask(protocol.ListExperiments()).experiments
    chosen = next(each for each in experiments if each.name == stores.EXPERIMENT)
    assert engine.ask(protocol.OpenExperiment(chosen.experiment_id)).complete
    return engine
