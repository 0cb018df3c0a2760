"""Causes that lie in a server, on the way to it, or in Databricks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from tracking import databases, network
from tracking.failures.causes import SECRET, Attempt, Surroundings, cause

# ---- servers ------------------------------------------------------------------------------------


@cause("host unknown")
def _(_around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(f"http://me:{SECRET}@nowhere.invalid:5000")


@cause("connection refused")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.dead() as where:
        yield Attempt(f"http://me:{SECRET}@{where}")


@cause("connection never made")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.full() as where:
        yield Attempt(f"http://me:{SECRET}@{where}", waits=True)


@cause("server that never answers")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.silent() as where:
        yield Attempt(f"http://me:{SECRET}@{where}")


@contextlib.contextmanager
def _behind_tls(
    around: Surroundings, name: str = "localhost", *, days: int = 2, closed: bool = False
) -> Iterator[tuple[str, dict[str, str]]]:
    """The server behind TLS, and the variable that makes its certificate trusted."""
    files = network.certificate(around.directory, name, days=days)
    tls = network.server_side(*files, asks=files[0] if closed else None)
    with databases.relay(urlsplit(around.with_sign_in).port or 0, tls) as port:
        yield f"127.0.0.1:{port}", {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(files[0])}


@cause("TLS: certificate not trusted")
def _(around: Surroundings) -> Iterator[Attempt]:
    with _behind_tls(around) as (where, _trusted):
        yield Attempt(f"https://{where}", {"MLFLOW_TRACKING_TOKEN": SECRET})


@cause("TLS: certificate of another host")
def _(around: Surroundings) -> Iterator[Attempt]:
    with _behind_tls(around, "elsewhere") as (where, trusted):
        yield Attempt(f"https://{where}", trusted)


@cause("TLS: certificate expired")
def _(around: Surroundings) -> Iterator[Attempt]:
    with _behind_tls(around, days=-1) as (where, trusted):
        yield Attempt(f"https://{where}", trusted)


@cause("TLS: client certificate wanted")
def _(around: Surroundings) -> Iterator[Attempt]:
    with _behind_tls(around, closed=True) as (where, trusted):
        yield Attempt(f"https://{where}", trusted)


@cause("TLS: server has none")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(around.with_sign_in.replace("http:", "https:"))


@cause("TLS: address has none")
def _(around: Surroundings) -> Iterator[Attempt]:
    with _behind_tls(around) as (where, _trusted):
        yield Attempt(f"http://{where}")


@cause("TLS: certificate file missing")
def _(around: Surroundings) -> Iterator[Attempt]:
    missing = {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(around.directory / "ca.pem")}
    yield Attempt("https://127.0.0.1", missing)


@cause("401: wrong password")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt(around.with_sign_in.replace("://", f"://admin:{SECRET}@"))


@cause("403")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.answering(403, f"no {SECRET}") as where:
        yield Attempt(f"http://me:{SECRET}@{where}")


@cause("404: a server, but not MLflow's")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.answering(404, "<html>") as where:
        yield Attempt(f"http://{where}")


@cause("429")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.answering(429, "slower") as where:
        yield Attempt(f"http://{where}")


@cause("503")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.answering(503, "busy") as where:
        yield Attempt(f"http://{where}", {"MLFLOW_TRACKING_TOKEN": SECRET})


@cause("redirect to a page to sign in")
def _(_around: Surroundings) -> Iterator[Attempt]:
    location = {"Location": f"https://login.example.com/oauth2?state={SECRET}"}
    with network.answering(302, headers=location) as where:
        yield Attempt(f"http://{where}", {"MLFLOW_TRACKING_TOKEN": SECRET})


@cause("redirect to https")
def _(_around: Surroundings) -> Iterator[Attempt]:
    location = {"Location": "https://mlflow.example.com/api/2.0/mlflow/experiments/search"}
    with network.answering(308, headers=location) as where:
        yield Attempt(f"http://{where}")


@cause("proxy does not answer")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.dead() as where:
        yield Attempt("http://mlflow.example:5000", {"HTTP_PROXY": f"http://me:{SECRET}@{where}"})


@cause("proxy wants a sign-in")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.answering(407, "who?") as where:
        yield Attempt("https://mlflow.example", {"HTTPS_PROXY": f"http://{where}"})


@cause("proxy refuses")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.answering(403, "not there") as where:
        yield Attempt("https://mlflow.example", {"HTTPS_PROXY": f"http://{where}"})


@cause("proxy cannot get through")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.answering(502, "bad gateway") as where:
        yield Attempt("http://mlflow.example:5000", {"HTTP_PROXY": f"http://{where}"})


@cause("server too old")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.answering(200, "{}", version="2.22.0") as where:
        yield Attempt(f"http://{where}")


# ---- Databricks ---------------------------------------------------------------------------------


@cause("Databricks: token not accepted")
def _(around: Surroundings) -> Iterator[Attempt]:
    signed = {"DATABRICKS_HOST": around.workspace.url, "DATABRICKS_TOKEN": SECRET}
    yield Attempt("databricks", signed)


@cause("Databricks: token may not read")
def _(around: Surroundings) -> Iterator[Attempt]:
    around.workspace.forbidden.add(f"{SECRET}-of-a-guest")
    guest = {
        "DATABRICKS_HOST": around.workspace.url,
        "DATABRICKS_TOKEN": f"{SECRET}-of-a-guest",
    }
    yield Attempt("databricks", guest)


@cause("Databricks: no workspace given")
def _(_around: Surroundings) -> Iterator[Attempt]:
    yield Attempt("databricks", {"DATABRICKS_TOKEN": SECRET})


@cause("Databricks: workspace without sign-in")
def _(around: Surroundings) -> Iterator[Attempt]:
    yield Attempt("databricks", {"DATABRICKS_HOST": around.workspace.url})


@cause("Databricks: another site than a workspace")
def _(_around: Surroundings) -> Iterator[Attempt]:
    with network.answering(200, "<html>shop</html>") as where:
        signed = {"DATABRICKS_HOST": f"http://{where}", "DATABRICKS_TOKEN": SECRET}
        yield Attempt("databricks", signed)


@cause("Databricks: workspace unknown")
def _(_around: Surroundings) -> Iterator[Attempt]:
    signed = {"DATABRICKS_HOST": "https://adb-1.invalid", "DATABRICKS_TOKEN": SECRET}
    yield Attempt("databricks", signed)


def _config_file(around: Surroundings, text: str) -> dict[str, str]:
    file = around.directory / "databrickscfg"
    file.write_text(text)
    return {"DATABRICKS_CONFIG_FILE": str(file)}


@cause("Databricks: no config file")
def _(around: Surroundings) -> Iterator[Attempt]:
    missing = {"DATABRICKS_CONFIG_FILE": str(around.directory / "databrickscfg")}
    yield Attempt("databricks://production", missing)


@cause("Databricks: no such profile")
def _(around: Surroundings) -> Iterator[Attempt]:
    text = f"[staging]\nhost = https://adb-1.invalid\ntoken = {SECRET}\n"
    yield Attempt("databricks://production", _config_file(around, text))


@cause("Databricks: profile without workspace")
def _(around: Surroundings) -> Iterator[Attempt]:
    text = f"[production]\ntoken = {SECRET}\n"
    yield Attempt("databricks://production", _config_file(around, text))


@cause("Databricks: address of models")
def _(_around: Surroundings) -> Iterator[Attempt]:
    yield Attempt("databricks-uc")
