"""A real client over stdin and stdout: the five steps, what is refused, and cancelling."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import click
import pytest
from click.testing import CliRunner, Result
from mcp import Client, StdioServerParameters

from demo_stores import copy_demo_store
from mlflow_analysis.demo.store import DemoStore
from mlflow_tui.cli import program

TRACES = 240


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DemoStore:
    return copy_demo_store(TRACES, tmp_path_factory.mktemp("served") / "demo")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose user directories are the test's own."""
    return {
        **os.environ,
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


@asynccontextmanager
async def connected(store: DemoStore, home: dict[str, str], *options: str) -> AsyncIterator[Client]:
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "mlflow_tui.cli", "mcp", "--tracking-uri", store.tracking_uri, *options],
        env=home,
    )
    async with Client(server) as client:
        yield client


async def asked(client: Client, name: str, **arguments: Any) -> Any:
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refused(client: Client, name: str, **arguments: Any) -> str:
    result = await client.call_tool(name, arguments)
    assert result.is_error
    return str(result.content[0].text)  # type: ignore[union-attr]


async def test_an_agent_goes_the_five_steps_and_saves_the_report_of_the_command_line(
    store: DemoStore, home: dict[str, str], tmp_path: Path
) -> None:
    name = store.experiment_name
    progress: list[float] = []

    async def told(done: float, _total: float | None, _message: str | None) -> None:
        progress.append(done)

    async with connected(store, home, "--allow-writes") as client:
        prompt = await client.get_prompt("analyze-experiment", {"experiment": name})
        assert name in prompt.messages[0].content.text  # type: ignore[union-attr]
        listed = await asked(client, "list_experiments")
        assert name in [each["name"] for each in listed["experiments"]]
        checked = await asked(client, "check_experiment", experiment=name)
        assert checked["traces"] == TRACES
        purpose = await asked(client, "draft_purpose", experiment=name)
        assert purpose["tools"]
        await asked(
            client,
            "confirm_purpose",
            experiment=name,
            description="Answers questions about orders and shipping.",
        )
        result = await client.call_tool(
            "analyze", {"experiment": name, "focus": ["refund"]}, progress_callback=told
        )
        analysed = result.structured_content
        assert analysed is not None
        assert analysed["traces_read"] == TRACES
        assert progress and max(progress) <= TRACES
        confirmed = [each for each in analysed["confirmed"] if each["category"] != "strength"]
        first, second = confirmed[0]["fingerprint"], confirmed[1]["fingerprint"]
        whole = await asked(client, "explain_finding", experiment=name, fingerprint=first)
        assert whole["recommendation"]
        evidence = await asked(client, "fetch_evidence", experiment=name, fingerprint=first)
        trace_id = evidence["examples"][0]["trace_id"]
        trace = await asked(client, "fetch_trace", experiment=name, trace_id=trace_id)
        assert trace["spans"]
        await asked(client, "decide", experiment=name, fingerprint=first, decision="accepted")
        await asked(
            client,
            "decide",
            experiment=name,
            fingerprint=second,
            decision="rejected",
            reason="by design",
        )
        saved = tmp_path / "agent.md"
        await asked(client, "export_report", experiment=name, path=str(saved))
        page = tmp_path / "agent.html"
        await asked(client, "export_report", experiment=name, path=str(page), form="html")
        resource = await client.read_resource(f"mlflow-tui://{quote(name, safe='')}/report")
        some = await asked(
            client, "analyze", experiment=name, max_traces=20, hypotheses=["rate-limited"]
        )
        assert some["notes"][-1].startswith(
            "This analysis covers a sample of the traces, some of the claims."
        ), "and the command finds the one of everything"

    by_command = tmp_path / "command.md"
    environment = {key: value for key, value in home.items() if key.startswith("XDG_")}
    ended = run_program(
        environment,
        "report", "--experiment", name, "--report", str(by_command), "--quiet",
    )  # fmt: skip
    assert ended.exit_code == 0, ended.output
    assert saved.read_text() == by_command.read_text()
    assert resource.contents[0].text == saved.read_text()  # type: ignore[union-attr]
    assert page.read_text().startswith("<!doctype html>")
    assert "<svg" in page.read_text(), "with charts"
    accepted = saved.read_text().partition("## Accepted issues")[2].partition("\n## ")[0]
    assert confirmed[0]["title"] in accepted
    assert confirmed[1]["title"] not in accepted


def run_program(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(program, list(arguments), env=environment)


async def test_without_leave_nothing_is_written(
    store: DemoStore, home: dict[str, str], tmp_path: Path
) -> None:
    name = store.experiment_name
    async with connected(store, home) as client:
        analysed = await asked(client, "analyze", experiment=name, hypotheses=["rate-limited"])
        fingerprint = (await asked(client, "list_findings", experiment=name))["findings"][0][
            "fingerprint"
        ]
        for tool, arguments in (
            ("decide", {"fingerprint": fingerprint, "decision": "accepted"}),
            ("confirm_purpose", {"description": "x"}),
            ("export_report", {"path": str(tmp_path / "r.md")}),
        ):
            said = await refused(client, tool, experiment=name, **arguments)
            assert "--allow-writes" in said
    assert analysed["tests_run"] >= 0
    assert not (tmp_path / "r.md").exists()
    assert not list((tmp_path / "data").rglob("*.jsonl"))


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("check_experiment", {"experiment": "ordres & shipping suport"}, "Did you mean"),
        ("list_findings", {}, "not analysed yet"),
        ("explain_hypothesis", {"hypothesis_id": "nonsense"}, "There is no hypothesis"),
        ("list_experiments", {"tracking_uri": "sqlite:////nowhere/x.db"}, "no file"),
        ("analyze", {"experiment": "nope"}, "has no experiment 'nope'"),
    ],
)
async def test_what_an_agent_gets_wrong_is_told_in_a_sentence(
    store: DemoStore,
    home: dict[str, str],
    tool: str,
    arguments: dict[str, str],
    sentence: str,
) -> None:
    given = {"experiment": store.experiment_name, **arguments}
    if tool in ("explain_hypothesis", "list_experiments"):
        del given["experiment"]
    async with connected(store, home) as client:
        assert sentence in await refused(client, tool, **given)


async def test_an_analysis_can_be_cancelled_and_the_server_goes_on(
    store: DemoStore, home: dict[str, str]
) -> None:
    async with connected(store, home) as client:
        await asked(client, "list_experiments")  # MLflow is loaded
        started = anyio.Event()

        async def told(_done: float, _total: float | None, _message: str | None) -> None:
            started.set()

        async with anyio.create_task_group() as tasks:

            async def run() -> None:
                await client.call_tool(
                    "analyze", {"experiment": store.experiment_name}, progress_callback=told
                )

            tasks.start_soon(run)
            with anyio.fail_after(60):
                await started.wait()
            tasks.cancel_scope.cancel()
        said = await refused(client, "list_findings", experiment=store.experiment_name)
        assert "not analysed yet" in said


def test_the_guide_for_agents_is_printed() -> None:
    ended = run_program({}, "skill")
    assert ended.exit_code == 0
    assert ended.output.startswith("---\nname: mlflow-tui\n")
    for command in ("analyze", "hypotheses", "mcp"):
        assert f"mlflow-tui {command}" in ended.output
        assert command in program.list_commands(click.Context(program))
