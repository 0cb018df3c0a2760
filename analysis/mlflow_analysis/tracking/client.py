"""MLflow's client for one address, which signs in as that address says and no other way.

MLflow keeps one store for each address, and reads credentials from the environment at each request. Two
connections to one address would share them. So stores that speak HTTP are made here, one a connection.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from mlflow_analysis.tracking.address import Address, StoreKind
from mlflow_analysis.tracking.credentials import host_credentials
from mlflow_analysis.tracking.environment import Variables, load_mlflow

_opening = threading.Lock()


def open_client(address: Address, variables: Variables) -> Any:
    """An ``MlflowClient``. MLflow's own exceptions pass through."""
    mlflow = load_mlflow()
    with _no_directory_made():
        client = mlflow.MlflowClient(tracking_uri=address.mlflow_uri)
    if address.kind is StoreKind.SERVER:
        _give_store(client, _server_store(client, address))
        client._tracing_client._get_artifact_repo_for_trace = lambda info: _artifacts(address, info)
    elif address.kind is StoreKind.DATABRICKS:
        _give_store(client, _databricks_store(client, address, variables))
    _download_with(client._tracing_client, variables)
    return client


@contextmanager
def _no_directory_made() -> Iterator[None]:
    """MLflow before 3.6 makes ./mlruns for the artifacts of experiments that it might be asked to make."""
    from mlflow.tracking._tracking_service import utils

    with _opening:
        usual = utils.DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
        utils.DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH = "mlflow-artifacts:/"
        try:
            yield
        finally:
            utils.DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH = usual


def _give_store(client: Any, store: Any) -> None:
    """``store`` is a property without a setter, of a class that all clients share."""
    for part in (client._tracking_client, client._tracing_client):
        part.__class__ = type(type(part).__name__, (type(part),), {"store": store})


def _server_store(client: Any, address: Address) -> Any:
    from mlflow.utils.rest_utils import MlflowHostCreds

    credentials = MlflowHostCreds(**host_credentials(address))
    return type(client._tracking_client.store)(lambda: credentials)


def _databricks_store(client: Any, address: Address, variables: Variables) -> Any:
    """The SDK reads the environment at each request."""
    from mlflow.utils.databricks_utils import get_databricks_host_creds
    from mlflow.utils.rest_utils import get_workspace_client

    of_mlflow: Any = type(client._tracking_client.store)
    credentials = lru_cache(lambda: get_databricks_host_creds(address.mlflow_uri))

    class Store(of_mlflow):  # type: ignore[misc]
        def _call_endpoint(self, *arguments: Any, **named: Any) -> Any:
            with variables.in_force() as changed:
                if changed:  # clients are kept by profile, whatever the environment was
                    get_workspace_client.cache_clear()
                return super()._call_endpoint(*arguments, **named)

    return Store(credentials)  # tokens that expire are renewed by the SDK, not by these


def _artifacts(address: Address, info: Any) -> Any:
    """Where the spans of an older client's trace are. MLflow would ask the server of the environment."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
    from mlflow.tracing.utils.artifact_utils import get_artifact_uri_for_trace
    from mlflow.utils.rest_utils import MlflowHostCreds

    class Artifacts(MlflowArtifactsRepository):  # type: ignore[misc]
        @property
        def _host_creds(self) -> Any:
            return MlflowHostCreds(**{**host_credentials(address), "host": self.artifact_uri})

    uri = get_artifact_uri_for_trace(info)
    if uri.startswith("mlflow-artifacts:"):
        return Artifacts(uri, tracking_uri=address.mlflow_uri)
    return get_artifact_repository(uri)


def _download_with(tracing: Any, variables: Variables) -> None:
    """Stores of artifacts (S3, Azure, Databricks) find their credentials in the environment."""
    download = tracing._download_trace_data

    def signed(*arguments: Any, **named: Any) -> Any:
        with variables.in_force():
            return download(*arguments, **named)

    tracing._download_trace_data = signed
