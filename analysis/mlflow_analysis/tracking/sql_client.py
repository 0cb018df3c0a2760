"""Into an SQL store whose tables are known: experiments directly, MLflow's client only if need be."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sql

from mlflow_analysis.tracking import checks, tables
from mlflow_analysis.tracking.address import SQL_KINDS, Address


@lru_cache(maxsize=8)
def engine_of(mlflow_uri: str) -> Any:
    """The SQLAlchemy engine of ``Address.mlflow_uri``, read-only as that is: one in each process."""
    return sql.create_engine(mlflow_uri, pool_pre_ping=True)


class _Page(list[Any]):
    """All there is: MLflow's paged lists have a token for more."""

    token = None


class SqlClient:
    """What an ``MlflowClient`` does. All but listing experiments imports MLflow first and is left to it."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @classmethod
    def of(cls, address: Address, timeout_seconds: float) -> SqlClient | None:
        """The client of ``address`` if its tables are known (``tables.KNOWN_REVISIONS``).

        Raises ``ConnectionProblem`` if the database cannot be read.
        """
        if address.kind not in SQL_KINDS:
            return None
        checks.glance(address, timeout_seconds)
        revision, has_default = checks._read_revision(address)
        if not has_default or revision not in tables.KNOWN_REVISIONS or _has_workspaces(address):
            return None
        return cls(address)

    def search_experiments(self, **_: Any) -> _Page:
        """Rows of the active experiments, in one page, with ``tags`` as MLflow's entities have them."""
        with engine_of(self._address.mlflow_uri).connect() as connection:
            tags: dict[int, dict[str, str]] = {}
            for row in connection.execute(sql.select(tables.EXPERIMENT_TAGS)):
                tags.setdefault(row.experiment_id, {})[row.key] = row.value
            active = sql.select(tables.EXPERIMENTS).where(
                tables.EXPERIMENTS.c.lifecycle_stage == "active"
            )
            return _Page(
                _Experiment(row, tags.get(row.experiment_id, {}))
                for row in connection.execute(active)
            )

    @cached_property
    def _mlflow_client(self) -> Any:
        from mlflow_analysis.tracking.environment import load_mlflow

        # The tables may be known here and yet not be those of the MLflow at hand, which would migrate them.
        checks.check_schema(self._address)
        return load_mlflow().MlflowClient(tracking_uri=self._address.mlflow_uri)

    def __getattr__(self, name: str) -> Any:
        if name == "_mlflow_client":  # it failed with an AttributeError of its own
            raise AttributeError(name)
        return getattr(self._mlflow_client, name)


def _has_workspaces(address: Address) -> bool:
    """Whether experiments are kept apart by workspace: which of them may be seen is MLflow's to say."""
    elsewhere = sql.select(tables.EXPERIMENTS.c.experiment_id).where(
        tables.EXPERIMENTS.c.workspace != "default"
    )
    with engine_of(address.mlflow_uri).connect() as connection:
        return connection.execute(elsewhere.limit(1)).first() is not None


class _Experiment:
    """As much of an ``mlflow.entities.Experiment`` as is read of it."""

    def __init__(self, row: Any, tags: dict[str, str]) -> None:
        self.experiment_id = str(row.experiment_id)
        self.name: str = row.name
        self.last_update_time: int | None = row.last_update_time
        self.tags = tags
