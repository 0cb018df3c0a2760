"""What this machine says of stores is told with its origin, and no secret with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlflow_analysis.connecting.surroundings import (
    DatabricksProfile,
    EnvFileNotUnderstood,
    databricks_profiles,
    read_env_file,
    settings,
)


def test_each_variable_has_an_origin_and_the_environment_comes_first(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# where\nMLFLOW_TRACKING_URI=http://me:pw@file:5000\nexport MLFLOW_TRACKING_TOKEN='t#1'\n"
    )
    environment = {"MLFLOW_TRACKING_URI": "http://me:pw@own:5000?x=y", "PATH": "/bin"}

    found = {each.name: each for each in settings(environment, str(file))}

    assert list(found) == ["MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_URI"]
    assert found["MLFLOW_TRACKING_URI"].origin == "the environment"
    assert found["MLFLOW_TRACKING_URI"].shown == "http://own:5000"
    assert found["MLFLOW_TRACKING_TOKEN"].origin == str(file)
    assert found["MLFLOW_TRACKING_TOKEN"].value == "t#1"
    assert found["MLFLOW_TRACKING_TOKEN"].shown == "set, not shown"
    assert "t#1" not in repr(found)


def test_a_line_that_says_nothing_is_told_by_its_number_alone(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nB='hunter2\n")

    with pytest.raises(EnvFileNotUnderstood, match="Line 2 of the env file") as caught:
        read_env_file(str(file))

    assert "hunter2" not in caught.value.sentence + caught.value.remedy


@pytest.mark.parametrize(
    ("content", "says"), [(None, "There is no env file"), (b"\xff\xfe", "not text in UTF-8")]
)
def test_a_file_that_is_none_is_told(tmp_path: Path, content: bytes | None, says: str) -> None:
    file = tmp_path / ".env"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(EnvFileNotUnderstood, match=says):
        read_env_file(str(file))


def test_profiles_are_listed_with_their_workspaces_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "cfg"
    file.write_text(
        "[DEFAULT]\n\n[production]\nhost = https://me:pw@adb-1.net/?o=1\ntoken = dapi-secret\n"
        "; [old]\n[oauth]\nauth_type=databricks-cli\n[__settings__]\ndefault_profile = production\n"
    )

    profiles = databricks_profiles({"DATABRICKS_CONFIG_FILE": str(file)})

    assert profiles == (
        DatabricksProfile("production", "https://adb-1.net/"),
        DatabricksProfile("oauth", ""),
    )
    assert databricks_profiles({"DATABRICKS_CONFIG_FILE": str(tmp_path / "none")}) == ()
