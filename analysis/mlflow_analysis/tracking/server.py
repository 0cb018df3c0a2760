"""Ask a tracking server one cheap question, and say what its answer means."""

from __future__ import annotations

import json
from typing import Any

from mlflow_analysis.tracking.address import Address, without_secrets
from mlflow_analysis.tracking.checks import details_of
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.untrusted import printable, single_line

_CREDENTIALS = (
    "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, "
    "before starting mlflow-tui."
)


def check_server(address: Address, timeout_seconds: float) -> str:
    """Whether an MLflow server answers and lets us in. Returns its version, "" if it won't say.

    MLflow's own request function is used, so that its settings for credentials, certificates and
    proxies hold. Raises ``ConnectionProblem``.
    """
    answer = _ask(address, "/api/2.0/mlflow/experiments/search", "POST", timeout_seconds)
    status = answer.status_code
    details = _details(address, answer)
    if status == 401:
        raise ConnectionProblem(
            "The server asks for a sign-in, or does not accept the one given.",
            _CREDENTIALS,
            details,
        )
    if status == 403:
        raise ConnectionProblem(
            "The server knows you but does not let you read experiments.",
            "Ask its administrator for the permission to read.",
            details,
        )
    if status >= 500:
        raise ConnectionProblem(
            f"The server answers with an error of its own ({status}).",
            "Look into the server's log, or try again later.",
            details,
        )
    if status != 200 or not _is_json_object(answer):
        raise ConnectionProblem(
            f"{address.shown} answers, but not as an MLflow server does ({status}).",
            "Check the address; leave out what follows the port unless MLflow runs under a path.",
            details,
        )
    version = _ask(address, "/version", "GET", timeout_seconds)
    text = single_line(version.text)[:20] if version.status_code == 200 else ""
    return text if text[:1].isdigit() else ""


def _ask(address: Address, endpoint: str, method: str, timeout_seconds: float) -> Any:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    extra = {"json": {"max_results": 1}} if method == "POST" else {}
    try:
        return http_request(
            get_default_host_creds(address.mlflow_uri),
            endpoint,
            method,
            max_retries=0,
            timeout=timeout_seconds,
            raise_on_status=False,
            **extra,
        )
    except (MlflowException, OSError, ValueError) as error:
        raise _no_answer(error, address, timeout_seconds) from error


def _no_answer(error: Exception, address: Address, timeout_seconds: float) -> ConnectionProblem:
    details = details_of(error, address)
    said = details.lower()
    if "ssl" in said or "certificate" in said:
        return ConnectionProblem(
            "No secure connection (TLS) could be made with the server.",
            "Check http:// against https://; for a private certificate authority set "
            "MLFLOW_TRACKING_SERVER_CERT_PATH.",
            details,
        )
    if "timed out" in said or "timeout" in said:
        return ConnectionProblem(
            f"The server did not answer within {timeout_seconds:g} s.",
            "Try again, or check whether it is overloaded.",
            details,
        )
    return ConnectionProblem(
        f"The server at {address.shown} does not answer.", "Check that it is running.", details
    )


def _is_json_object(answer: Any) -> bool:
    try:
        return isinstance(json.loads(answer.text), dict)
    except ValueError:
        return False


def _details(address: Address, answer: Any) -> str:
    text = f"HTTP {answer.status_code} {answer.reason}\n{answer.text[:1000]}"
    return printable(without_secrets(text, address.mlflow_uri))
