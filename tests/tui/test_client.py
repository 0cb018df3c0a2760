"""The conversation with an engine process: answers, floods, death. The engine here is a few lines."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mlflow_analysis.events import EvidenceGrew, Progress
from mlflow_analysis.protocol import (
    CheckConnection,
    CheckStage,
    FetchTrace,
    ListExperiments,
    OpenExperiment,
    Problem,
    Pushed,
    StartAnalysis,
    TableGrew,
)
from mlflow_tui.client import EngineClient, EngineProblem

ENGINE = """
import os, sys, time
from multiprocessing.connection import Connection
from mlflow_analysis.events import EvidenceGrew, Progress
from mlflow_analysis.protocol import *
pipe = Connection(int(sys.argv[1]))
while True:
    call = pipe.recv()
    request = call.request
    if isinstance(request, CheckConnection) and request.tracking_uri == "die":
        print("last words", flush=True)
        os._exit(3)
    if isinstance(request, CheckConnection) and request.tracking_uri == "second":
        pipe.send(Push(call.number - 1, CheckStage("reach", "failed")))
        pipe.send(Push(call.number, CheckStage("reach", "passed")))
    if isinstance(request, StartAnalysis):
        for read in range(500):
            pipe.send(Push(call.number, EvidenceGrew("timeout", read, 500, (0.0, 1.0), read, "open")))
            pipe.send(Push(call.number, EvidenceGrew("loop", read, 500, (0.0, 1.0), read, "open")))
            pipe.send(Push(call.number, Progress("reading spans", read, 500, 1.0, None)))
    if isinstance(request, OpenExperiment):
        for grown in (1, 2):
            pipe.send(Push(call.number, TableGrew(grown, None, False)))
        if request.experiment_id == "late":
            pipe.send(Push(call.number - 1, TableGrew(77, None, False)))
    if isinstance(request, ListExperiments):
        pipe.send(Reply(call.number, Problem("No.", "Try something else.", "details")))
    else:
        pipe.send(Reply(call.number, Done()))
"""


@asynccontextmanager
async def engine(tmp_path: Path) -> AsyncIterator[tuple[EngineClient, list[tuple[Pushed, ...]]]]:
    client = EngineClient(tmp_path / "logs" / "engine.log", (sys.executable, "-c", ENGINE))
    pushed: list[tuple[Pushed, ...]] = []
    crashed: list[Problem] = []
    client.start()
    client.attach(pushed.append, crashed.append)
    client.crashed = crashed  # type: ignore[attr-defined]
    try:
        yield client, pushed
    finally:
        client.close()


async def test_answers_and_problems(tmp_path: Path) -> None:
    async with engine(tmp_path) as (client, _):
        first, second = await asyncio.gather(
            client.ask(CheckConnection("")), client.ask(FetchTrace("tr-1"))
        )
        assert type(first).__name__ == type(second).__name__ == "Done"
        with pytest.raises(EngineProblem) as raised:
            await client.ask(ListExperiments())
        assert raised.value.problem == Problem("No.", "Try something else.", "details")


async def test_a_flood_is_coalesced_and_complete_before_the_answer(tmp_path: Path) -> None:
    async with engine(tmp_path) as (client, pushed):
        await client.ask(StartAnalysis())
        bodies = [body for batch in pushed for body in batch]
        assert len(bodies) < 150  # of 1,500
        newest = {body.hypothesis: body for body in bodies if isinstance(body, EvidenceGrew)}
        assert newest["timeout"].affected == newest["loop"].affected == 499
        assert [body.done for body in bodies if isinstance(body, Progress)][-1] == 499


async def test_the_stages_of_an_earlier_check_are_not_heard(tmp_path: Path) -> None:
    async with engine(tmp_path) as (client, pushed):
        await client.ask(CheckConnection("first"))
        await client.ask(CheckConnection("second"))
        assert [body for batch in pushed for body in batch] == [CheckStage("reach", "passed")]


async def test_the_table_of_an_earlier_opening_is_not_heard(tmp_path: Path) -> None:
    async with engine(tmp_path) as (client, pushed):
        await client.ask(OpenExperiment("first"))
        await client.ask(OpenExperiment("late"))
        grown = [body.traces for batch in pushed for body in batch if isinstance(body, TableGrew)]
        assert 77 not in grown
        assert grown[-1] == 2


async def test_death_is_told_with_the_last_words_and_the_engine_starts_again(
    tmp_path: Path,
) -> None:
    async with engine(tmp_path) as (client, _):
        with pytest.raises(EngineProblem) as raised:
            await client.ask(CheckConnection("die"))
        assert "exit code 3" in raised.value.problem.sentence
        assert "last words" in raised.value.problem.details
        assert client.crashed == [raised.value.problem]  # type: ignore[attr-defined]
        client.start()
        assert type(await client.ask(CheckConnection(""))).__name__ == "Done"


async def test_close_ends_the_process_and_is_no_crash(tmp_path: Path) -> None:
    async with engine(tmp_path) as (client, _):
        await client.ask(CheckConnection(""))
        process = client._process
        assert process is not None
        client.close()
        assert process.returncode is not None
        await asyncio.sleep(0)
        assert client.crashed == []  # type: ignore[attr-defined]
        with pytest.raises(EngineProblem):
            await client.ask(CheckConnection(""))


def test_the_log_is_for_the_user_alone(tmp_path: Path) -> None:
    client = EngineClient(tmp_path / "logs" / "engine.log", (sys.executable, "-c", "pass"))
    client.start()
    client.close()
    assert (tmp_path / "logs" / "engine.log").stat().st_mode & 0o777 == 0o600
