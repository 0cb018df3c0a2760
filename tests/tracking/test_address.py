"""Addresses: understood, shown without secrets, and never opened."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mlflow_analysis.tracking.address import (
    StoreKind,
    parse,
    without_credentials,
    without_secrets,
)
from mlflow_analysis.tracking.problems import ConnectionProblem


@pytest.mark.parametrize(
    ("typed", "kind", "shown"),
    [
        ("sqlite:////var/lib/mlflow.db", StoreKind.SQLITE, "sqlite:////var/lib/mlflow.db"),
        ("/var/lib/mlflow.db", StoreKind.SQLITE, "sqlite:////var/lib/mlflow.db"),
        ("sqlite+pysqlite:////var/x.db?timeout=3", StoreKind.SQLITE, "sqlite:////var/x.db"),
        ("postgresql://me:pw@db:5433/flow", StoreKind.POSTGRESQL, "postgresql://db:5433/flow"),
        ("postgresql+psycopg2://me@db/flow", StoreKind.POSTGRESQL, "postgresql://db/flow"),
        ("mysql+pymysql://me:p%40w@db/flow?charset=utf8", StoreKind.MYSQL, "mysql://db/flow"),
        ("http://me:pw@host:5000/", StoreKind.SERVER, "http://host:5000"),
        ("https://host/mlflow", StoreKind.SERVER, "https://host/mlflow"),
        ("databricks", StoreKind.DATABRICKS, "databricks"),
        ("databricks://prod", StoreKind.DATABRICKS, "databricks://prod"),
        ("file:///srv/mlruns", StoreKind.FILES, "file:///srv/mlruns"),
        ("/srv/mlruns", StoreKind.FILES, "file:///srv/mlruns"),
    ],
)
def test_an_address_is_understood_and_shown_without_credentials(
    typed: str, kind: StoreKind, shown: str
) -> None:
    address = parse(typed)

    assert (address.kind, address.shown) == (kind, shown)


def test_every_way_to_write_a_sqlite_file_is_shown_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    shown = {
        parse(uri).shown
        for uri in ("sqlite:///x.db", "x.db", "./x.db", f"sqlite:///{tmp_path}/x.db")
    }

    assert shown == {f"sqlite:///{tmp_path}/x.db"}


def test_databases_are_opened_read_only() -> None:
    assert (
        parse("/a b/x?.db").mlflow_uri == "sqlite+pysqlite:///file:/a%20b/x%3F.db?mode=ro&uri=true"
    )
    postgres = parse("postgresql://db/flow?options=-c%20search_path%3Dml").mlflow_uri
    assert parse_qs(urlsplit(postgres).query)["options"] == [
        "-c search_path=ml -c default_transaction_read_only=on"
    ]
    mysql = parse("mysql://db/flow").mlflow_uri
    assert parse_qs(urlsplit(mysql).query)["init_command"] == ["SET SESSION TRANSACTION READ ONLY"]


def test_no_address_at_all_is_a_problem_with_a_remedy() -> None:
    with pytest.raises(ConnectionProblem) as caught:
        parse("")

    assert "MLFLOW_TRACKING_URI" in caught.value.sentence
    assert "sqlite:///" in caught.value.remedy


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("ftp://host/x", "ftp://"),
        ("databricks-uc", "models"),
        ("databricks://scope:prefix", "notebook"),
        ("sqlite://", "no SQLite file"),
        ("sqlite:///:memory:", "no SQLite file"),
        ("http://", "no host"),
        ("http://host:99999", "port"),
        ("http://[::1", "not well formed"),
        ("postgresql://me:pw@host:x/db", "port"),
    ],
)
def test_what_no_store_can_be_at_is_refused(typed: str, says: str) -> None:
    with pytest.raises(ConnectionProblem, match=says) as caught:
        parse(typed)

    assert caught.value.remedy


def test_secrets_are_starred_out_wherever_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "tok-123")

    text = without_secrets(
        "user=anna p@ss p%40ss tok-123 hidden", "mysql://anna:p%40ss@db/x?ssl_key=hidden"
    )

    assert "p@ss" not in text
    assert "p%40ss" not in text
    assert "tok-123" not in text
    assert "hidden" not in text


def test_a_malformed_address_is_still_shown_without_its_password() -> None:
    assert "secret" not in without_credentials("http://me:secret@[bad")
    assert "secret" not in without_credentials("ftp://me:secret@host/x")
