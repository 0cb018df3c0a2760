"""Into an SQL store whose tables are known: experiments directly, MLflow's client only if need be."""

from __future__ import annotations

from contextlib import closing
from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sql

from mlflow_analysis.tracking import tables
from mlflow_analysis.tracking.address import Address
from mlflow_analysis.tracking.client import open_client
from mlflow_analysis.tracking.database import Look
from mlflow_analysis.tracking.environment import Variables
from mlflow_analysis.tracking.schema import check_schema

_CACHE_KIB = 8_192


@lru_cache(maxsize=8)
def engine_of(mlflow_uri: str) -> Any:
    """The SQLAlchemy engine of ``Address.mlflow_uri``, read-only as that is: one in each process."""
    engine = sql.create_engine(mlflow_uri, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        sql.event.listen(engine, "connect", _with_larger_cache)
    elif engine.dialect.name == "mysql":
        sql.event.listen(engine, "connect", _with_long_texts)
    return engine


def _with_larger_cache(connection: Any, _: Any) -> None:
    """Room for the upper pages of all indexes: with SQLite's 2 MB they are read from the file again and again."""
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")


def _with_long_texts(connection: Any, _: Any) -> None:
    """Room for the spans of a trace in one text (``tables.spans_of_ids``); MySQL's own 1 KB cuts it off."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("SET SESSION group_concat_max_len = 4294967295")


class _Page(list[Any]):
    """All there is: MLflow's paged lists have a token for more."""

    token = None


class SqlClient:
    """What an ``MlflowClient`` does. All but finding experiments imports MLflow first and is left to it."""

    def __init__(self, address: Address, look: Look) -> None:
        self._address, self._look = address, look

    @classmethod
    def of(cls, address: Address, look: Look) -> SqlClient | None:
        """The client of ``address`` if its tables, as ``look`` saw them, are known."""
        known = look.has_default_experiment and look.revision in tables.KNOWN_REVISIONS
        return cls(address, look) if known and not _has_workspaces(address) else None

    def search_experiments(self, **_: Any) -> _Page:
        """Rows of the active experiments, in one page, with ``tags`` as MLflow's entities have them."""
        return _Page(self._experiments(tables.EXPERIMENTS.c.lifecycle_stage == "active"))

    def get_experiment(self, experiment_id: str) -> _Experiment | None:
        """The experiment of that id, deleted or not; ``None`` if there is none."""
        found = self._experiments(tables.EXPERIMENTS.c.experiment_id == int(experiment_id))
        return found[0] if found else None

    def get_experiment_by_name(self, name: str) -> _Experiment | None:
        """The experiment of that name, deleted or not; ``None`` if there is none."""
        found = self._experiments(tables.EXPERIMENTS.c.name == name)
        return next((each for each in found if each.name == name), None)

    def _experiments(self, which: Any) -> list[_Experiment]:
        chosen = sql.select(tables.EXPERIMENTS.c.experiment_id).where(which)
        tags: dict[int, dict[str, str]] = {}
        with engine_of(self._address.mlflow_uri).connect() as connection:
            for row in connection.execute(
                sql.select(tables.EXPERIMENT_TAGS).where(
                    tables.EXPERIMENT_TAGS.c.experiment_id.in_(chosen)
                )
            ):
                tags.setdefault(row.experiment_id, {})[row.key] = row.value
            return [
                _Experiment(row, tags.get(row.experiment_id, {}))
                for row in connection.execute(sql.select(tables.EXPERIMENTS).where(which))
            ]

    def check(self) -> None:
        """The tables may be known here and yet not be those of the MLflow at hand, which would migrate them.

        Raises ``ConnectionProblem`` then.
        """
        check_schema(self._look)

    @cached_property
    def _mlflow_client(self) -> Any:
        self.check()
        return open_client(self._address, Variables(self._address.variables))

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
        self.lifecycle_stage: str = row.lifecycle_stage
        self.tags = tags
