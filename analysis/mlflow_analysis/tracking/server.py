"""Ask a server one cheap question, and say what its answer means.

MLflow's own request function is used, so that its settings for certificates, plug-ins and proxies hold;
redirects are not followed, and nothing is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlflow_analysis.tracking.address import Address, StoreKind
from mlflow_analysis.tracking.credentials import host_credentials
from mlflow_analysis.tracking.databricks import signed_headers
from mlflow_analysis.tracking.environment import Variables, load_mlflow
from mlflow_analysis.tracking.http_problems import no_answer, unexpected_answer
from mlflow_analysis.untrusted import single_line

_SEARCH = "/api/2.0/mlflow/experiments/search"


def check_sign_in(address: Address, variables: Variables, timeout_seconds: float) -> str:
    """Whether an MLflow server answers there and lets us in, and as whom.

    Raises ``ConnectionProblem``.
    """
    if address.kind is StoreKind.DATABRICKS:
        said = address.mlflow_uri
        with variables.in_force():
            headers = signed_headers(address, timeout_seconds)
        answer = _ask_databricks(address, headers, timeout_seconds)
    else:
        said = _as_whom(host_credentials(address))
        answer = _ask(address, _SEARCH, "POST", timeout_seconds)
    problem = unexpected_answer(answer, address)
    if problem is not None:
        raise problem
    return said


def _as_whom(credentials: Mapping[str, str | bool | None]) -> str:
    if credentials["auth"] or credentials["aws_sigv4"]:
        return "with a plug-in of MLflow"
    if credentials["username"] and credentials["password"]:
        return f"as {single_line(str(credentials['username']))}"
    return "with a token" if credentials["token"] else "without, and that will do"


def server_version(address: Address, timeout_seconds: float) -> str:
    """The server's MLflow version, "" if it won't say. Raises ``ConnectionProblem``."""
    answer = _ask(address, "/version", "GET", timeout_seconds)
    text = single_line(answer.text)[:20] if answer.status_code == 200 else ""
    return text if text[:1].isdigit() else ""


def _ask(address: Address, endpoint: str, method: str, timeout_seconds: float) -> Any:
    load_mlflow()
    from mlflow.exceptions import MlflowException
    from mlflow.utils.rest_utils import MlflowHostCreds, http_request

    extra = {"json": {"max_results": 1}} if method == "POST" else {}
    try:
        return http_request(
            MlflowHostCreds(**host_credentials(address)),
            endpoint,
            method,
            max_retries=0,
            timeout=timeout_seconds,
            raise_on_status=False,
            allow_redirects=False,
            **extra,
        )
    except (MlflowException, OSError, ValueError) as error:
        raise no_answer(error, address, timeout_seconds) from error


def _ask_databricks(address: Address, headers: dict[str, str], timeout_seconds: float) -> Any:
    """The SDK would follow redirects and try for minutes."""
    import requests

    try:
        return requests.post(
            address.url + _SEARCH,
            json={"max_results": 1},
            headers=headers,
            auth=_signed_already,
            timeout=timeout_seconds,
            allow_redirects=False,
        )
    except (OSError, ValueError) as error:
        raise no_answer(error, address, timeout_seconds) from error


def _signed_already(request: Any) -> Any:
    """Keeps ``requests`` from signing in with what ``~/.netrc`` says."""
    return request
