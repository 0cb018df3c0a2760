"""``mlflow-tui doctor`` as a person runs it: on what works, on what does not, and never a secret."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.tracking.environment import SETTINGS
from mlflow_tui.command_line.place import extras, places, terminal_facts
from mlflow_tui.config.profiles import Profiles
from tracking.databases import free_port

SECRET = "hunter2-very-secret"
Doctor = Callable[..., tuple[int, str]]


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    """The program in a process of its own, in an empty directory: exit code, and all it said."""
    here = tmp_path / "here"
    here.mkdir()

    def run(*arguments: str) -> tuple[int, str]:
        ended = subprocess.run(
            [sys.executable, "-m", "mlflow_tui", "doctor", *arguments],
            cwd=here,
            # Without what this process's own MLflow was told when it was loaded.
            env={name: value for name, value in os.environ.items() if name not in SETTINGS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout

    return run


@pytest.fixture
def profiles(home: Path) -> Profiles:
    """The profiles of the user whom the program will find."""
    return Profiles(home / ".config" / "mlflow-tui" / "profiles.toml")


def test_a_healthy_set_up_says_so_first_and_what_to_type_last(
    doctor: Doctor, profiles: Profiles, store: str, home: Path
) -> None:
    profiles.save("orders", ConnectionRequest(store))
    profiles.make_default("orders")

    code, said = doctor()

    assert code == 0
    lines = said.splitlines()
    assert lines[0] == f"✓ SQLite, 3 experiments: {store}"
    assert lines[-1] == "1. Look at the traces: mlflow-tui --profile 'orders'"
    for stage in ("address", "reach", "sign in", "version", "experiments", "trace"):
        assert any(line.startswith(f"✓ {stage} ") for line in lines), stage
    for place in ("profiles.toml", "recent.json", "reviews", "engine.log", "command.log"):
        assert f"{home}" in said
        assert place in said
    assert "mode 0600" in said
    for named in ("Python", "textual", "mlflow ", "TERM", "locale", "size", "reached"):
        assert named in said
    assert "MLFLOW_LOGGING_LEVEL" not in said  # ours, not the user's
    assert "pip install 'mlflow-tui[" in said or "✓ postgresql" in said


def test_nothing_set_up_yet_tells_a_new_user_what_to_do(doctor: Doctor) -> None:
    code, said = doctor()

    assert code == 3
    assert said.startswith("✗ No tracking store is given, and MLFLOW_TRACKING_URI is not set.")
    steps = said[said.index("\nNext\n") :]
    assert "sqlite:///mlflow.db" in steps
    assert "mlflow-tui demo" in steps


def test_a_store_in_this_directory_is_pointed_at(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "here" / "mlruns").mkdir()
    _, said = doctor()
    assert "There is mlruns in this directory: mlflow-tui doctor --tracking-uri ./mlruns" in said


def test_a_broken_set_up_names_every_fault_and_shows_no_secret(
    doctor: Doctor,
    profiles: Profiles,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = free_port()
    env_file = tmp_path / "prod.env"
    env_file.write_text(f"PROD_PASSWORD={SECRET}\nMLFLOW_TRACKING_TOKEN={SECRET}\n")
    monkeypatch.setenv("DATABRICKS_TOKEN", SECRET)
    (home / ".databrickscfg").write_text(f"[field]\nhost = https://w\ntoken = {SECRET}\n")
    sign_in = SignIn(SignInMethod.PASSWORD, "ana", "PROD_PASSWORD")
    profiles.save("prod", ConnectionRequest(f"mysql://127.0.0.1:{port}/x", "", sign_in))
    profiles.path.write_text(profiles.path.read_text() + '\n[profiles.odd]\nsign-in = "magic"\n')
    profiles.path.chmod(0o644)

    code, said = doctor("--profile", "prod", "--env-file", str(env_file))

    assert code == 3
    assert said.startswith(f"✗ Nothing answers at 127.0.0.1:{port}.\n")
    assert "Check host and port, and whether the MySQL server is running." in said
    assert "✗ reach" in said
    in_columns = " ".join(said.split())
    assert f"MLFLOW_TRACKING_TOKEN set, not shown ({env_file})" in in_columns
    assert "DATABRICKS_TOKEN       set, not shown  (the environment)" in said
    assert "Databricks profile field  https://w" in said
    assert "✗ The profile odd cannot be used: its sign-in is none of" in said
    assert f"Others can open it. Close it: chmod 600 {profiles.path}" in said
    assert "ana, password in $PROD_PASSWORD" in said
    assert SECRET not in said
    written = [path for path in home.rglob("*") if path.is_file() and path.suffix == ".log"]
    assert written
    assert all(SECRET not in path.read_text() for path in written)


def test_a_password_in_the_address_is_not_repeated(doctor: Doctor) -> None:
    code, said = doctor("--tracking-uri", f"postgresql://ana:{SECRET}@127.0.0.1:{free_port()}/x")
    assert code == 3
    assert "tried" in said
    assert SECRET not in said


def test_a_profile_file_that_is_no_toml_is_told_and_the_rest_goes_on(
    doctor: Doctor, profiles: Profiles, store: str
) -> None:
    profiles.path.parent.mkdir(parents=True)
    profiles.path.write_text("[profiles.prod\n")

    code, said = doctor("--tracking-uri", store)

    assert code == 0
    assert "line 1 is not TOML. Mend the file, or move it away" in said
    assert profiles.path.read_text() == "[profiles.prod\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--profile", "nope"), "There is no profile called nope."),
        (("--profile", "x", "--tracking-uri", "y"), "Give --tracking-uri or --profile, not both."),
    ],
)
def test_wrong_usage_is_a_sentence(doctor: Doctor, arguments: tuple[str, ...], says: str) -> None:
    code, said = doctor(*arguments)
    assert code == 2
    assert says in said


def test_analyze_opens_a_profile_with_the_password_of_an_env_file(
    profiles: Profiles, store: str, tmp_path: Path, run: Callable[..., object]
) -> None:
    env_file = tmp_path / "prod.env"
    env_file.write_text(f"MLFLOW_TRACKING_URI={store}\n")
    profiles.save("prod", ConnectionRequest("", str(env_file)))
    arguments = ("analyze", "--experiment", "orders", "--hypothesis", "timeout", "--quiet")
    assert run(*arguments, "--profile", "prod").exit_code == 0  # type: ignore[attr-defined]
    assert run(*arguments, "--env-file", str(env_file)).exit_code == 0  # type: ignore[attr-defined]
    assert run(*arguments).exit_code == 3  # type: ignore[attr-defined]


# ---- facts of the place ---------------------------------------------------------------------


def test_a_place_that_cannot_be_written_to_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert all("cannot be written to" in each.problem for each in places())


def test_extras_are_those_that_the_package_declares() -> None:
    assert {"postgresql", "mysql"} <= {extra.name for extra in extras()}


@pytest.mark.parametrize(
    ("environment", "fact"),
    [
        ({"TERM": "xterm-256color"}, ("colours", "256, theme mlflow-dark")),
        ({"TERM": "xterm", "NO_COLOR": "1"}, ("colours", "none, NO_COLOR is set, theme mlflow-16")),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, ("colours", "truecolor, theme mlflow-dark")),
        ({"SSH_TTY": "/dev/pts/1", "TMUX": "x"}, ("reached", "over SSH, inside tmux")),
        ({}, ("TERM", "not set")),
    ],
)
def test_terminal_facts(environment: dict[str, str], fact: tuple[str, str]) -> None:
    assert fact in terminal_facts(environment)
