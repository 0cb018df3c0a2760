"""Every way in which connecting fails is told in a sentence of its own, with a remedy and no secret."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlflow_analysis.protocol import CheckConnection, CheckStage
from mlflow_analysis.service.session import Session
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_tui.cli import program
from tracking.databricks_double import Workspace
from tracking.failures import places, servers  # noqa: F401 - their causes
from tracking.failures.causes import CAUSES, SECRET, Attempt, Surroundings

pytestmark = pytest.mark.server
TWO_LINES = 200
NOT_CONNECTED = 3
_GENERIC = re.compile("could not be (read|asked)|no further than|secure connection", re.IGNORECASE)


@pytest.fixture
def standing(
    file_store: Path,
    postgresql: str,
    mariadb: str,
    server_with_sign_in: str,
    workspace: Workspace,
) -> dict[str, object]:
    """What is in order, and breaks with each cause."""
    return {
        "files": file_store,
        "postgresql": postgresql,
        "mariadb": mariadb,
        "with_sign_in": server_with_sign_in,
        "workspace": workspace,
    }


def _problem(attempt: Attempt) -> tuple[ConnectionProblem, list[CheckStage]]:
    """What the engine answers the app, and what it told on the way."""
    told: list[CheckStage] = []
    try:
        Session().answer(CheckConnection(attempt.address), told.append)  # type: ignore[arg-type]
    except ConnectionProblem as problem:
        return problem, told
    except Exception as error:
        return ConnectionProblem(f"No problem but an error: {error!r}"), told
    return ConnectionProblem("No problem at all."), told


def _analyzed(attempt: Attempt) -> tuple[int, str, str]:
    address = ["--tracking-uri", attempt.address] if attempt.address else []
    result = CliRunner().invoke(program, ["analyze", *address, "--experiment", "any"])
    return result.exit_code, result.stdout, result.stderr


def test_each_failure_has_a_sentence_of_its_own(
    standing: dict[str, object], sqlite_template: Path, tmp_path: Path
) -> None:
    said: dict[str, ConnectionProblem] = {}
    wrong: list[str] = []
    for number, (name, cause) in enumerate(CAUSES.items()):
        place = tmp_path / str(number)
        (place / "empty").mkdir(parents=True)
        store = Path(shutil.copy(sqlite_template, place / "mlflow.db"))
        with pytest.MonkeyPatch.context() as patch:
            around = Surroundings(place / "empty", store, patch=patch, **standing)  # type: ignore[arg-type]
            with cause(around) as attempt:
                for variable, value in attempt.variables.items():
                    patch.setenv(variable, value)
                problem, told = _problem(attempt)
                code, printed, complained = (
                    (NOT_CONNECTED, "", f"{problem.sentence} {problem.remedy}")
                    if attempt.waits  # once is enough
                    else _analyzed(attempt)
                )
        said[name] = problem
        everything = problem.sentence + problem.remedy + problem.details + printed + complained
        for broken, what in (
            (SECRET in everything, "holds a secret"),
            (not problem.remedy, "has no remedy"),
            (_GENERIC.search(problem.sentence), "is generic"),
            (len(problem.sentence) > TWO_LINES, "is longer than two lines"),
            (len(problem.remedy) > TWO_LINES, "has a remedy longer than two lines"),
            (
                code != NOT_CONNECTED or printed,
                f"made analyze end with {code} and print {printed!r}",
            ),
            (
                complained.split() != f"{problem.sentence} {problem.remedy}".split(),
                f"is told by analyze as {complained!r}",
            ),
            (
                [stage.found for stage in told if stage.state == "failed"] != [problem.sentence],
                f"was not told in its stage: {told}",
            ),
        ):
            if broken:
                wrong.append(f"{name}: {problem.sentence} – {what}")
    print(_table(said, tmp_path))
    assert not wrong, "\n".join(wrong)
    plain = {name: _plain(problem.sentence, tmp_path) for name, problem in said.items()}
    assert len(set(plain.values())) == len(plain), _alike(plain)


def _plain(sentence: str, place: Path) -> str:
    """Without what differs from one attempt to the next."""
    return re.sub(r"\d+", "#", re.sub(rf"{re.escape(str(place))}[\w./]*", "PATH", sentence))


def _alike(plain: dict[str, str]) -> str:
    values = list(plain.values())
    return "\n".join(f"{name}: {said}" for name, said in plain.items() if values.count(said) > 1)


def _table(said: dict[str, ConnectionProblem], place: Path) -> str:
    width = max(map(len, said))
    rows = [
        f"{name:{width}}  {problem.sentence}\n{'':{width}}  → {problem.remedy}"
        for name, problem in said.items()
    ]
    return re.sub(rf"{re.escape(str(place))}/\d+", "/srv", "\n".join(rows))
