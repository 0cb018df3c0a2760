"""Two weekly reviews with issues in MLflow: nothing twice, decisions carried, the report says what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import Result

import stores
from mlflow_analysis.contract.reading import read_analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.review import Decision, Review, review_path
from mlflow_analysis.tracking.environment import load_mlflow
from mlflow_tui.config.settings import Settings
from orders import EXPERIMENT, orders
from trace_factory import tool, trace

Run = Callable[..., Result]
WEEK_MS = 7 * 24 * 3600 * 1000


def a_week_later() -> list[TraceRecord]:
    """As the week before, and a tool that is new and fails."""
    traces = []
    for number, record in enumerate(orders(), start=101):
        moved = trace(
            tool("lookup_order", outputs={"state": "shipped"}),
            tool("refund", status="ERROR", message="503 Service Unavailable")
            if number % 4 == 0
            else tool("refund", outputs={"state": "paid"}),
            request=f"Please refund order {1000 + number}",
            response="Done.",
            session=f"later-{number // 2}",
            number=number,
        )
        start = record.info.start_ms + WEEK_MS
        shift = (start - moved.info.start_ms) * 1_000_000
        spans = tuple(
            replace(
                span,
                start_ns=span.start_ns + shift,
                end_ns=None if span.end_ns is None else span.end_ns + shift,
            )
            for span in moved.spans
        )
        traces.append(replace(moved, info=replace(moved.info, start_ms=start), spans=spans))
    return traces


def issues(uri: str) -> dict[str, Any]:
    client: Any = load_mlflow().MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    found = client._tracing_client.store.search_issues(
        experiment_id=experiment, include_trace_count=True
    )
    by_name = {each.name: each for each in found}
    assert len(by_name) == len(found), "an issue stands there twice"
    return by_name


def reviewed(run: Run, uri: str, folder: Path, *accepted: str) -> dict[str, Finding]:
    """Analyse, accept the confirmed findings of these hypotheses, export and write back."""
    folder.mkdir()
    kept = folder / "analysis.json"
    where = ("--tracking-uri", uri, "--experiment", EXPERIMENT)
    assert run("analyze", *where, "--json", str(kept), "--quiet").exit_code == 0
    analysis = read_analysis(kept)
    review = Review(
        review_path(Settings.load().review_directory, analysis.tracking_uri, analysis.experiment_id)
    )
    found = {
        each.hypothesis: each for each in analysis.findings if each.verdict is Verdict.CONFIRMED
    }
    for hypothesis in accepted:
        review.decide(found[hypothesis], Decision.ACCEPTED)
    exported = run(
        "report", *where,
        "--report", str(folder / "report.md"), "--html", str(folder / "report.html"), "--quiet",
    )  # fmt: skip
    assert exported.exit_code == 0, exported.output
    dry = run("write-back", *where, "--dry-run")
    assert dry.exit_code == 0, dry.output
    written = run("write-back", *where, "--yes")
    assert written.exit_code == 0, written.output
    assert "Written: run " in written.output
    return found


def test_two_weeks_make_one_issue_a_finding(
    run: Run, orders_uri: str, orders_store: Path, tmp_path: Path
) -> None:
    first = reviewed(run, orders_uri, tmp_path / "1", "rate-limited")
    before = issues(orders_uri)
    assert set(before) == {first["rate-limited"].title}
    limited = before[first["rate-limited"].title]
    assert limited.trace_count == len(first["rate-limited"].trace_ids)

    stores.write(a_week_later(), orders_uri, EXPERIMENT, orders_store.parent / "artifacts")
    second = reviewed(run, orders_uri, tmp_path / "2", "api-failure")
    after = issues(orders_uri)
    assert set(after) == {first["rate-limited"].title, second["api-failure"].title}
    assert after[limited.name].issue_id == limited.issue_id
    assert after[limited.name].trace_count == len(second["rate-limited"].trace_ids)
    report = (tmp_path / "2" / "report.md").read_text()
    since = report.partition("## Since the last review")[2].partition("\n## ")[0]
    assert second["api-failure"].title in since
    accepted = report.partition("## Accepted issues")[2].partition("\n## ")[0]
    assert first["rate-limited"].title in accepted

    again = run("write-back", "--tracking-uri", orders_uri, "--experiment", EXPERIMENT, "--dry-run")
    assert "2 more as the store holds them already" in again.output
    undone = run("undo-writes", "--tracking-uri", orders_uri, "--experiment", EXPERIMENT, "--yes")
    assert undone.exit_code == 0, undone.output
    assert {each.status.value for each in issues(orders_uri).values()} == {"rejected"}


def test_nobody_to_ask_writes_nothing(run: Run, orders_store: Path, tmp_path: Path) -> None:
    uri = f"sqlite:///{orders_store}"
    where = ("--tracking-uri", uri, "--experiment", EXPERIMENT)
    assert run("analyze", *where, "--quiet").exit_code == 0
    before = orders_store.read_bytes()
    ended = run("write-back", *where, "--accept", "confirmed")
    assert "add --yes to write" in ended.output
    assert ended.exit_code == 2
    assert orders_store.read_bytes() == before


def test_without_an_analysis_it_says_how_to_make_one(run: Run, orders_store: Path) -> None:
    ended = run(
        "write-back", "--tracking-uri", f"sqlite:///{orders_store}", "--experiment", "other"
    )
    assert ended.exit_code == 4
    assert "Make one with `mlflow-tui analyze`" in ended.output
