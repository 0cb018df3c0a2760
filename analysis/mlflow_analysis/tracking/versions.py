"""What the versions of client and server mean for reading: what is missing, and whether they get along."""

from __future__ import annotations

import re

from mlflow_analysis.tracking.address import Address, StoreKind
from mlflow_analysis.tracking.problems import ConnectionProblem

OLDEST = (3, 4)
"""Older servers have no ``traces`` of the form that is read here."""
_SPANS_IN_STORE = (3, 6)
_SINCE = (
    (_SPANS_IN_STORE, "spans in the store itself, which read faster"),
    ((3, 9), "counts by the store"),
    ((3, 10), "sessions"),
    ((3, 11), "issues"),
)
_FILTERS_KNOWN = (3, 17)
_NEVER = {
    StoreKind.FILES: ("counts by the store", "filters on spans", "issues"),
    StoreKind.DATABRICKS: ("counts by the store", "issues"),
}


def missing(address: Address, client: str, server: str) -> tuple[str, ...]:
    """What this store cannot give, with the MLflow that could: "issues (MLflow 3.11)".

    ``client`` and ``server`` are versions; ``server`` is "" where there is none, or it won't say.
    """
    version = min(_parts(client), _parts(server) if server else _parts(client))
    never = _NEVER.get(address.kind, ())
    return never + tuple(
        f"{feature} (MLflow {since[0]}.{since[1]})"
        for since, feature in _SINCE
        if version < since and feature not in never
    )


def refuses_as_known(address: Address, client: str, server: str) -> bool:
    """Whether the store refuses those filters that stores up to MLflow 3.17 refuse though its parser takes them.

    A newer one, or a server that does not say its version, may take more: then it decides.
    """
    version = server if address.kind is StoreKind.SERVER else client
    return bool(version) and _parts(version) <= _FILTERS_KNOWN


def compared(client: str, server: str) -> str:
    """Client and server in a few words. Raises ``ConnectionProblem`` if they do not get along."""
    if not server:
        return f"MLflow {client} here; the server does not say its version"
    here, there = _parts(client), _parts(server)
    if here < _SPANS_IN_STORE <= there:
        raise ConnectionProblem(
            f"The server runs MLflow {server}, whose spans the older {client} here cannot read.",
            "Install a newer MLflow here: pip install --upgrade mlflow",
        )
    if there < OLDEST:
        raise ConnectionProblem(
            f"The server runs MLflow {server}, which is too old: traces are read from 3.4 on.",
            "Update the server, or read its database with mlflow-tui directly.",
        )
    if here == there:
        return f"MLflow {client} here, {server} on the server"
    relation = "older" if there < here else "newer"
    return f"MLflow {client} here, the {relation} {server} on the server"


def _parts(version: str) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else OLDEST
