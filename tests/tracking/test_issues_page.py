"""What was filed, on the page of MLflow's own screens, in a real browser on a real server."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import chromium
from test_writer import LIMITED, SLOW, filing, withdrawal_of, writer_of

from mlflow_analysis.filing.issues import Document, issues_page
from mlflow_analysis.report.markdown import cell, code_cell
from tracking import databases

HOSTILE = "<img src=x onerror='window.broken=1'> | **b** | https://example.org"
REPORT = Document(
    "report.md",
    f"# The report\n\n| tool | said |\n|---|---|\n| {code_cell('a|b')} | {cell(HOSTILE)} |\n",
)
"""With a cell as the report writes it."""


@pytest.mark.server
def test_mlflows_screens_show_the_issues_and_the_way_to_them(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(sqlite_template, tmp_path / "mlflow.db"))
    with databases.tracking_server(path) as uri, chromium(tmp_path / "profile") as browser:
        writer = writer_of(uri)
        run_id = writer.write(filing(LIMITED, SLOW, documents=(REPORT,))).run_id
        experiment = writer._filed.experiment_id
        (told,) = issues_page(uri, experiment, run_id)
        page = told.rpartition(" ")[2]

        text = browser.visit(page, "Impacted traces")
        for each in (LIMITED, SLOW):
            assert each.name in text
        assert "Pending (2)" in text
        assert "Impacted traces: 5" in text

        runs = browser.visit(f"{uri}/#/experiments/{experiment}/evaluation-runs", "Created at")
        assert "mlflow-tui review" in browser.wait_for("mlflow-tui review"), runs
        assert "Issue detection" in browser.wait_for("Issue detection")

        browser.visit(
            f"{uri}/#/experiments/{experiment}/runs/{run_id}/artifacts/report.md", "The report"
        )
        assert "<img src=x onerror='window.broken=1'> | **b** |" in browser.wait_for("<img"), (
            "as text"
        )
        shown = browser.run("[...document.querySelectorAll('code')].map(each => each.innerText)")
        assert "a|b" in shown, "a pipe in a table's code is no border"
        assert not browser.run("window.broken"), "HTML in a trace's text was obeyed"

        withdrawal_of(uri).carry_out()
        writer_of(uri).write(filing(SLOW, key="week 2", rejected=frozenset({LIMITED.fingerprint})))
        text = browser.visit(page, "Impacted traces")
        assert "Pending (1)" in text
        assert "Rejected (1)" in text
        reached = {urlsplit(each).hostname for each in browser.asked_for if "://" in each}
        assert reached <= {"127.0.0.1"}, "it reached beyond this machine"
