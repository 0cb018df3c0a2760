"""Profiles on disk: kept whole, private and without secrets, whatever happens to the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_tui.config.profiles import Profiles, ProfilesNotUnderstood, without_secrets

SECRET = "hunter2-p%40ss"
SERVER = ConnectionRequest(
    "https://tracking.example",
    "~/prod.env",
    SignIn(
        SignInMethod.PASSWORD,
        "ana",
        "PROD_PASSWORD",
        server_certificate="/etc/ca.pem",
        client_certificate="/etc/me.pem",
        insecure_tls=True,
    ),
)
DATABRICKS = ConnectionRequest(
    "databricks", "", SignIn(SignInMethod.DATABRICKS_PROFILE, databricks_profile="field")
)
BY_HAND = """\
# mine
default = "prod"

[profiles.prod]   # the real one
tracking-uri = "http://old"
colour = "red"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "profiles.toml"


@pytest.fixture
def profiles(path: Path) -> Profiles:
    return Profiles(path)


@pytest.mark.parametrize("connection", [SERVER, DATABRICKS, ConnectionRequest()])
def test_what_is_kept_comes_back(profiles: Profiles, connection: ConnectionRequest) -> None:
    assert profiles.save("prod", connection) == []
    assert profiles.get("prod").connection == connection


def test_a_file_that_is_not_there_holds_none(profiles: Profiles, path: Path) -> None:
    assert profiles.all() == []
    assert profiles.default == ""
    assert not path.parent.exists()


def test_the_file_is_private_even_if_it_was_not(profiles: Profiles, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("")
    path.chmod(0o644)
    profiles.save("prod", SERVER)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["profiles.toml"]


def test_a_write_that_fails_leaves_the_file_as_it_was(
    profiles: Profiles, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles.save("prod", SERVER)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        profiles.save("other", DATABRICKS)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["profiles.toml"]


def test_a_linked_file_stays_linked(profiles: Profiles, path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_text(BY_HAND)
    path.parent.mkdir()
    path.symlink_to(kept)
    profiles.save("new", DATABRICKS)
    assert path.is_symlink()
    assert "[profiles.new]" in kept.read_text()


def test_what_was_written_by_hand_stays(profiles: Profiles, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(BY_HAND)
    profiles.save("prod", ConnectionRequest("http://new"))
    text = path.read_text()
    assert "# mine" in text
    assert "# the real one" in text
    assert 'colour = "red"' in text
    assert profiles.get("prod").connection == ConnectionRequest("http://new")


def test_renaming_and_deleting_take_the_default_along(profiles: Profiles) -> None:
    profiles.save("prod", SERVER)
    profiles.save("field", DATABRICKS)
    profiles.make_default("prod")
    profiles.rename("prod", "production")
    assert profiles.default == "production"
    assert profiles.get("production").connection == SERVER
    with pytest.raises(ProfilesNotUnderstood, match="There is a profile called field already"):
        profiles.rename("production", "field")
    profiles.delete("production")
    assert profiles.default == ""
    assert [each.name for each in profiles.all()] == ["field"]


def test_a_profile_that_somebody_else_took_away_is_told(profiles: Profiles) -> None:
    profiles.save("prod", SERVER)
    for change in (lambda: profiles.delete("gone"), lambda: profiles.rename("gone", "new")):
        with pytest.raises(ProfilesNotUnderstood, match="The profile gone is no longer there"):
            change()
    assert [each.name for each in profiles.all()] == ["prod"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 41, "\x1b[2J"])
def test_a_name_that_cannot_be_shown_is_refused(profiles: Profiles, name: str) -> None:
    with pytest.raises(ProfilesNotUnderstood, match="no name for a profile"):
        profiles.save(name, SERVER)


def test_a_name_may_hold_dots_quotes_and_markup(profiles: Profiles) -> None:
    profiles.save('a.b "c" [/d]', SERVER)
    assert profiles.get('a.b "c" [/d]').connection == SERVER


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[profiles.prod\nx = 1\n", "line 1 is not TOML"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b"a = 1\na = 2\n", "is not TOML"),
        (b"profiles = 3\n", "not a table"),
    ],
)
def test_a_broken_file_is_told_and_never_written_over(
    profiles: Profiles, path: Path, content: bytes, why: str
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for use in (profiles.all, lambda: profiles.save("new", SERVER)):
        with pytest.raises(ProfilesNotUnderstood) as refused:
            use()
        assert why in refused.value.sentence
        assert str(path) in refused.value.sentence
        assert "Mend the file" in refused.value.remedy
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ('sign-in = "magic"', "its sign-in is none of environment, none, password"),
        ("tracking-uri = 5", "its tracking-uri is not text"),
        ('insecure-tls = "no"', "its insecure-tls is neither true nor false"),
    ],
)
def test_a_profile_that_is_not_understood_leaves_the_others(
    profiles: Profiles, path: Path, entry: str, why: str
) -> None:
    profiles.save("good", DATABRICKS)
    path.write_text(path.read_text() + f"\n[profiles.bad]\n{entry}\n")
    good, bad = profiles.all()
    assert good.connection == DATABRICKS
    assert bad.problem is not None
    assert why in bad.problem.sentence
    with pytest.raises(ProfilesNotUnderstood, match="The profile bad cannot be used"):
        profiles.get("bad")


def test_an_unknown_name_says_which_there_are(profiles: Profiles) -> None:
    profiles.save("prod", SERVER)
    with pytest.raises(ProfilesNotUnderstood) as refused:
        profiles.get("prd")
    assert "There are: prod." in refused.value.remedy


# ---- secrets --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "kept", "said"),
    [
        (f"postgresql://ana:{SECRET}@db/mlflow", "postgresql://ana@db/mlflow", "The password"),
        (
            f"postgresql://ana@db/mlflow?sslmode=require&password={SECRET}",
            "postgresql://ana@db/mlflow?sslmode=require",
            "Not kept of the address: password",
        ),
        (f"https://{SECRET}@host", "https://host", "The password"),
        (f"https://host/?access_token={SECRET}", "https://host/", "access_token"),
    ],
)
def test_a_secret_in_an_address_is_left_out_and_that_is_said(
    profiles: Profiles, path: Path, uri: str, kept: str, said: str
) -> None:
    left_out = profiles.save("prod", ConnectionRequest(uri))
    assert said in " ".join(left_out)
    assert profiles.get("prod").connection.tracking_uri == kept
    assert SECRET not in path.read_text()
    assert SECRET not in " ".join(left_out)


def test_after_a_password_was_left_out_it_is_asked_for(profiles: Profiles) -> None:
    profiles.save("db", ConnectionRequest(f"mysql://ana:{SECRET}@db/mlflow"))
    profile = profiles.get("db")
    assert profile.secret_is_typed
    assert profile.connection.sign_in == SignIn(SignInMethod.PASSWORD, "ana")


def test_a_typed_secret_is_not_kept_but_the_variable_is(profiles: Profiles, path: Path) -> None:
    typed = SignIn(SignInMethod.TOKEN, secret=SECRET)
    assert profiles.save("a", ConnectionRequest("http://h", sign_in=typed)) == [
        "The token is not kept: it is asked for each time."
    ]
    named = SignIn(SignInMethod.TOKEN, secret_variable="TOKEN_OF_B", secret=SECRET)
    assert profiles.save("b", ConnectionRequest("http://h", sign_in=named)) == []
    assert SECRET not in path.read_text()
    assert not profiles.get("b").secret_is_typed


@pytest.mark.parametrize(
    "uri", ["sqlite:///a@b.db", "postgresql://db/mlflow", "./mlruns", "http://host:5000"]
)
def test_an_address_without_secrets_stays_as_it_is(uri: str) -> None:
    assert without_secrets(ConnectionRequest(uri)) == (ConnectionRequest(uri), [])
