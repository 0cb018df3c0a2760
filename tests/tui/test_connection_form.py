"""From fields to a request and back, for each kind of source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.connecting.surroundings import DatabricksProfile
from mlflow_tui.connection_form import (
    Kind,
    connection_of,
    fields_of,
    how_to_sign_in,
    kind_of,
    lasting,
    values_of,
)

PASSWORD = SignInMethod.PASSWORD


@pytest.mark.parametrize(
    ("kind", "connection"),
    [
        (Kind.SQLITE, ConnectionRequest("sqlite:////srv/my%20store.db")),
        (Kind.SQLITE, ConnectionRequest("sqlite:///mlflow.db")),
        (Kind.FILES, ConnectionRequest("./mlruns")),
        (
            Kind.POSTGRESQL,
            ConnectionRequest(
                "postgresql+psycopg2://ana@db:5433/ml%2Fflow?sslmode=require",
                "x.env",
                SignIn(PASSWORD, "ana", "DB_PASSWORD"),
            ),
        ),
        (Kind.MYSQL, ConnectionRequest("mysql://[::1]/mlflow")),
        (
            Kind.SERVER,
            ConnectionRequest(
                "https://host/path",
                "x.env",
                SignIn(
                    SignInMethod.TOKEN,
                    secret_variable="T",
                    server_certificate="ca.pem",
                    insecure_tls=True,
                ),
            ),
        ),
        (Kind.SERVER, ConnectionRequest("http://host", sign_in=SignIn(SignInMethod.NONE))),
        (
            Kind.DATABRICKS,
            ConnectionRequest(
                "databricks",
                sign_in=SignIn(SignInMethod.TOKEN, secret="t", databricks_host="https://w"),
            ),
        ),
        (
            Kind.DATABRICKS,
            ConnectionRequest(
                "databricks",
                sign_in=SignIn(SignInMethod.DATABRICKS_PROFILE, databricks_profile="field"),
            ),
        ),
        (Kind.ENVIRONMENT, ConnectionRequest(env_file="prod.env")),
    ],
)
def test_a_request_survives_the_form(kind: Kind, connection: ConnectionRequest) -> None:
    assert kind_of(connection) is kind
    values = values_of(connection)
    names = {field.name for field in fields_of(kind)} | {"scheme"}
    shown = {name: value for name, value in values.items() if name in names}
    assert connection_of(kind, shown) == connection


def test_a_password_in_an_address_moves_to_the_masked_field() -> None:
    values = values_of(ConnectionRequest("postgresql://ana:p%40ss@db/mlflow"))
    assert (values["user"], values["secret"]) == ("ana", "p@ss")
    connection = connection_of(Kind.POSTGRESQL, values)
    assert connection.tracking_uri == "postgresql://ana@db/mlflow"
    assert connection.sign_in == SignIn(PASSWORD, "ana", secret="p@ss")
    assert "p@ss" not in repr(connection)


def test_what_does_not_belong_to_the_chosen_way_is_not_taken() -> None:
    values = {"address": "http://h", "method": "none", "user": "ana", "secret": "s"}
    assert connection_of(Kind.SERVER, values).sign_in == SignIn(SignInMethod.NONE)


def test_a_databricks_address_with_a_profile_is_shown_as_that_profile() -> None:
    values = values_of(ConnectionRequest("databricks://field"))
    assert (values["method"], values["databricks_profile"]) == ("databricks-profile", "field")


def test_databricks_offers_the_profiles_found() -> None:
    found = (DatabricksProfile("DEFAULT", "https://w"), DatabricksProfile("field", ""))
    (field,) = [each for each in fields_of(Kind.DATABRICKS, found) if "profile" in each.name]
    assert [value for value, _ in field.choices] == ["DEFAULT", "field"]


def test_every_secret_field_is_masked() -> None:
    for kind in Kind:
        for field in fields_of(kind):
            assert field.masked == (field.name == "secret")


def test_how_to_sign_in_is_told_without_secrets() -> None:
    typed = SignIn(PASSWORD, "ana", secret="hunter2", insecure_tls=True)
    said = how_to_sign_in(ConnectionRequest("http://h", "x.env", typed))
    assert said == "ana, password typed, for this run only, env file x.env, TLS not checked"
    assert how_to_sign_in(ConnectionRequest("http://h")) == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("sqlite:///mlflow.db", "sqlite:////here/mlflow.db"),
        ("sqlite:///../shop/mlflow.db?mode=ro", "sqlite:////shop/mlflow.db?mode=ro"),
        ("stores/mlflow.db", "/here/stores/mlflow.db"),
        ("./mlruns", "/here/mlruns"),
        *(
            (address, address)
            for address in (
                "",
                "~/mlruns",
                "sqlite:////srv/mlflow.db",
                "file:///srv/mlruns",
                "databricks",
                "databricks://team",
                "https://host",
                "postgresql://ana@db/mlflow",
            )
        ),
    ],
)
def test_what_is_kept_means_the_same_in_any_directory(
    typed: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getcwd", lambda: "/here")
    request = ConnectionRequest(typed, "x.env", SignIn(PASSWORD, "ana", "DB_PASSWORD"))
    assert lasting(request) == replace(request, tracking_uri=kept)
