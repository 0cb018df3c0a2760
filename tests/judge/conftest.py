"""How a judge is tested."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _prices_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """What models cost, as MLflow itself brings it: not today's from the network."""
    monkeypatch.setenv("MLFLOW_MODEL_CATALOG_URI", "")
