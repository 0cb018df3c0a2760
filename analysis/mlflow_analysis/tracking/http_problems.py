"""What it means when a server does not answer, or answers otherwise than an MLflow server does."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from mlflow_analysis.tracking.address import Address, StoreKind, without_credentials
from mlflow_analysis.tracking.checks import details_of
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.tracking.proxies import proxy_of
from mlflow_analysis.untrusted import printable, single_line

_SIGN_IN = {
    StoreKind.SERVER: "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
    "MLFLOW_TRACKING_TOKEN; or choose how to sign in.",
    StoreKind.DATABRICKS: "Make a new token in the workspace's settings, or run: databricks auth login",
}


def no_answer(error: BaseException, address: Address, timeout_seconds: float) -> ConnectionProblem:
    """Why there was no answer at all: TLS, proxy, time-out, a connection that broke."""
    import requests

    details = details_of(error, address)
    causes = list(_causes(error))
    said = " ".join(str(each) for each in causes)
    if _any(causes, requests.exceptions.ProxyError):
        return _proxy_problem("failed: 407" in said, address, details)
    if _any(causes, requests.exceptions.SSLError, ssl.SSLError):
        return _tls_problem(said, address, details)
    if _any(causes, requests.exceptions.Timeout, socket.timeout):
        return took_too_long(address, timeout_seconds, details)
    if _any(causes, requests.exceptions.ConnectionError):
        secure = address.url.startswith("https:")
        return ConnectionProblem(
            f"{address.shown} hangs up without an answer of HTTP.",
            "Check the port."
            if secure
            else "Check the port; if the server has TLS, write https://.",
            details,
        )
    return ConnectionProblem(
        f"The server at {address.shown} could not be asked.",
        "See the details for what the client said.",
        details,
    )


def took_too_long(address: Address, timeout_seconds: float, details: str = "") -> ConnectionProblem:
    """A connection was made, and then nothing came."""
    what = "server" if address.kind is StoreKind.SERVER else address.kind.value
    return ConnectionProblem(
        f"The {what} took the request but did not answer within {timeout_seconds:g} s.",
        "Try again, or check whether it is overloaded.",
        details,
    )


def _tls_problem(said: str, address: Address, details: str) -> ConnectionProblem:
    trust = (
        "Name its certificate authority in MLFLOW_TRACKING_SERVER_CERT_PATH, or, at your own risk, "
        "set MLFLOW_TRACKING_INSECURE_TLS=true."
    )
    if "WRONG_VERSION_NUMBER" in said or "record layer" in said.lower():
        return ConnectionProblem(
            f"{address.host}:{address.port} speaks no TLS.",
            "Write http:// instead of https://.",
            details,
        )
    if "CERTIFICATE_REQUIRED" in said.upper() or "handshake failure" in said.lower():
        return _wants_certificate(details)
    if "mismatch" in said.lower() or "doesn't match" in said:
        return ConnectionProblem(
            f"The certificate of the server is not for the name {printable(address.host)}.",
            "Use the name in its certificate.",
            details,
        )
    if "expired" in said:
        return ConnectionProblem(
            "The certificate of the server has expired.",
            "Have it renewed; check this machine's clock.",
            details,
        )
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return ConnectionProblem(
            "The certificate of the server is not trusted here (TLS).", trust, details
        )
    return ConnectionProblem(
        "The server breaks off while a secure connection (TLS) is made.",
        "Check the port; if the server wants a client certificate, set MLFLOW_TRACKING_CLIENT_CERT_PATH.",
        details,
    )


def _wants_certificate(details: str) -> ConnectionProblem:
    return ConnectionProblem(
        "The server asks for a client certificate.",
        "Set MLFLOW_TRACKING_CLIENT_CERT_PATH to a file with certificate and key.",
        details,
    )


def _proxy_problem(wants_sign_in: bool, address: Address, details: str) -> ConnectionProblem:
    proxy = proxy_of(address)
    name = f"The proxy {proxy.shown} ({proxy.variable})" if proxy else "The proxy"
    around = f"If the store can be reached without it, add {printable(address.host)} to NO_PROXY."
    if wants_sign_in:
        return ConnectionProblem(
            f"{name} wants a sign-in of its own.",
            f"Write it as http://user:password@host:port. {around}",
            details,
        )
    return ConnectionProblem(f"{name} does not let the request through.", around, details)


def unexpected_answer(answer: Any, address: Address) -> ConnectionProblem | None:
    """What is wrong with an answer to a search for experiments; ``None`` if it is one of MLflow."""
    status = answer.status_code
    details = details_of_answer(answer, address)
    databricks = address.kind is StoreKind.DATABRICKS
    if 300 <= status < 400:
        return _redirected(answer, address, details)
    if status == 401:
        sentence = "The server asks for a sign-in, or does not accept the one given (401)."
        if databricks:
            sentence = "Databricks does not accept the token (401): it is wrong or has expired."
        return ConnectionProblem(sentence, _SIGN_IN[address.kind], details)
    if status == 403:
        if databricks:
            return ConnectionProblem(
                "Databricks does not let this token read experiments of the workspace (403).",
                "Check that the token is of this workspace, and what its user may do there.",
                details,
            )
        return ConnectionProblem(
            "The server knows you but does not let you read experiments (403).",
            "Ask its administrator for the permission to read.",
            details,
        )
    if status == 400 and "No required SSL certificate" in answer.text:  # says nginx
        return _wants_certificate(details)
    if status == 407:
        return _proxy_problem(True, address, details)
    if status == 429:
        return ConnectionProblem(
            "The server answers that it gets too many requests (429).", "Try again later.", details
        )
    if status >= 500:
        if proxy := proxy_of(address):
            return ConnectionProblem(
                f"The proxy {proxy.shown} or the server behind it fails ({status}).",
                "Look into the log of both, or try again later.",
                details,
            )
        return ConnectionProblem(
            f"The server answers with an error of its own ({status}).",
            "Look into the server's log, or try again later.",
            details,
        )
    if status != 200 or not is_json_object(answer):
        if databricks:
            return ConnectionProblem(
                f"{address.host} answers, but not as a Databricks workspace does ({status}).",
                "Check the workspace's URL: https://NAME.cloud.databricks.com, nothing behind it.",
                details,
            )
        return ConnectionProblem(
            f"{address.shown} answers, but not as an MLflow server does ({status}).",
            "Check the address; leave out what follows the port unless MLflow runs under a path.",
            details,
        )
    return None


def _redirected(answer: Any, address: Address, details: str) -> ConnectionProblem:
    target = urljoin(answer.url or address.url, answer.headers.get("Location", ""))
    here, there = urlsplit(address.url), urlsplit(target)
    shown = single_line(without_credentials(target))[:80]
    moved = there.path.rstrip("/").endswith("/api/2.0/mlflow/experiments/search")
    if moved and (here.scheme, here.netloc) != (there.scheme, there.netloc):
        return ConnectionProblem(
            f"The server redirects to {there.scheme}://{printable(there.netloc.rpartition('@')[2])}.",
            "Use that address.",
            details,
        )
    return ConnectionProblem(
        f"The server sends you to a page to sign in: {shown}.",
        "mlflow-tui cannot sign in by browser. Set MLFLOW_TRACKING_TOKEN, or use an address without.",
        details,
    )


def details_of_answer(answer: Any, address: Address) -> str:
    """The answer's status and the beginning of its text, safe to show."""
    text = f"HTTP {answer.status_code} {answer.reason}\n{answer.text[:1000]}"
    return printable(address.cleaned(text))


def is_json_object(answer: Any) -> bool:
    """Whether the answer is a JSON object."""
    try:
        return isinstance(json.loads(answer.text), dict)
    except ValueError:
        return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what led to it, also what urllib3 keeps as a reason."""
    seen: set[int] = set()
    ahead: list[BaseException] = [error]
    while ahead:
        each = ahead.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        further = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        ahead += [other for other in further if isinstance(other, BaseException)]


def _any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(each, kinds) for each in causes)
