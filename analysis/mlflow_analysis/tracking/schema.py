"""Whether a store's tables are those of the MLflow at hand: it would migrate older ones without asking."""

from __future__ import annotations

from mlflow_analysis.tracking.database import Look
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import printable

MADE_BY = {
    "1bd49d398cd23": "3.8",
    "1b5f0d9ad7c1": "3.10",
    "c3d6457b6d8a": "3.11",
    "7d34483879f0": "3.12",
    "da6fb0208061": "3.13",
    "b7e4c1a90f23": "3.14",
    "6f8d9c3b2a1e": "3.15",
    "b7e2c1a4d9f3": "3.16",
    "dc11669786a5": "3.17",
}
"""The MLflow that leaves a schema of this revision (measured); others have no name here."""


def check_schema(look: Look) -> str:
    """What is to be said of the schema. Raises ``ConnectionProblem`` unless it is this MLflow's own."""
    version = load_mlflow().__version__
    head, known = _revisions()
    revision = look.revision
    made_by = MADE_BY.get(revision, "")
    schema = printable(f"schema {revision}" + (f" of {made_by}" if made_by else ""))
    details = f"alembic_version {printable(revision)}, MLflow {version} expects {head}"
    if revision == head:
        if look.has_default_experiment:
            return f"MLflow {version}, and the store is of that version"
        raise ConnectionProblem(
            "The store lacks MLflow's default experiment, which MLflow would make on opening it.",
            "Open the store once with MLflow itself: mlflow experiments search",
        )
    if revision in known:
        raise ConnectionProblem(
            f"The store was made by an older MLflow ({schema}) than this one ({version}).",
            "Back it up, then run: mlflow db upgrade <address>. An older MLflow can then not open it any "
            "more. Or use mlflow-tui where that MLflow is installed.",
            details,
        )
    raise ConnectionProblem(
        f"The store was made by a newer MLflow ({schema}) than this one ({version}).",
        "Install that MLflow here: pip install --upgrade mlflow",
        details,
    )


def _revisions() -> tuple[str, frozenset[str]]:
    """The schema revision of the MLflow at hand, and all it knows of."""
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    script = ScriptDirectory.from_config(_get_alembic_config(db_url=""))
    known = frozenset(revision.revision for revision in script.walk_revisions())
    return str(script.get_current_head()), known
