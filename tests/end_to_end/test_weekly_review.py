"""A review every week on a growing store: decisions carry over, and the report says what has changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import platformdirs
import pytest
from click.testing import CliRunner

import stores
from mlflow_analysis.contract.kept import analyses_directory, kept_analyses
from mlflow_analysis.contract.reading import read_analysis
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.review import Decision, Review, review_path
from mlflow_tui.cli import program
from trace_factory import EPOCH_MS, Planned, model, tool, trace

EXPERIMENT = "orders"
TRACES = 160
WEEK_MS = 7 * 86_400_000
CLAIMS = ("rate-limited", "timeout", "authentication-failure")


def _call(name: str, number: int, every: int, exception: tuple[str, str]) -> Planned:
    if not every or number % every:
        return tool(name, outputs={"state": "done"})
    return tool(name, status="ERROR", message=exception[1], exception=exception)


def week(
    number: int, *, refused: int = 0, timed_out: int = 0, denied: int = 0
) -> list[TraceRecord]:
    """The traces of one week: each ``refused``-th meets a rate limit, and so on; 0 is none."""
    return [
        trace(
            model("plan"),
            _call("lookup", each, refused, ("HTTPError", "429 Too Many Requests")),
            _call("pay", each, timed_out, ("TimeoutError", "timed out after 30 s")),
            _call("crm", each, denied, ("HTTPError", "401 Unauthorized")),
            request=f"Where is my order {1000 + each}?",
            session=f"week-{number}-{each // 2}",
            start_ms=EPOCH_MS + number * WEEK_MS + each * 3_600_000,
            number=number * 1000 + each,
        )
        for each in range(1, TRACES + 1)
    ]


class Reviewer:
    """Someone who analyses a week, decides, and exports."""

    def __init__(self, folder: Path) -> None:
        self.uri = f"sqlite:///{folder / 'mlflow.db'}"
        self._folder = folder
        self._reviews = Path(platformdirs.user_data_dir("mlflow-tui")) / "reviews"

    def traces_arrive(self, records: Iterable[TraceRecord]) -> None:
        stores.write(records, self.uri, EXPERIMENT, self._folder / "artifacts")

    def analyse(self, number: int) -> Analysis:
        start = EPOCH_MS + number * WEEK_MS
        within = f"trace.timestamp_ms >= {start} AND trace.timestamp_ms < {start + WEEK_MS}"
        claims = [word for claim in CLAIMS for word in ("--hypothesis", claim)]
        self._run("analyze", "--filter", within, "--quiet", *claims)
        (kept,) = kept_analyses(analyses_directory(self._reviews))
        analysis = read_analysis(kept.path)
        assert analysis.traces_read == TRACES
        self._review(analysis).follow(analysis.findings)  # as the board does when a run has ended
        return analysis

    def decide(self, analysis: Analysis, **decisions: Decision) -> None:
        review = self._review(analysis)
        for finding in analysis.findings:
            decision = decisions.get(finding.hypothesis.replace("-", "_"))
            if decision is not None:
                review.decide(finding, decision, "by design")

    def export(self) -> str:
        """The report, from what is kept: no trace is read. HTML and JSON say the same."""
        html, json_file = self._folder / "report.html", self._folder / "report.json"
        text = self._run("report", "--report", "-", "--html", str(html), "--json", str(json_file))
        assert "Trace analysis: orders" in html.read_text()
        assert json.loads(json_file.read_text())["schema_version"] == 1
        return text

    def _review(self, analysis: Analysis) -> Review:
        return Review(review_path(self._reviews, analysis.tracking_uri, analysis.experiment_id))

    def _run(self, command: str, *arguments: str) -> str:
        place = ("--tracking-uri", self.uri, "--experiment", EXPERIMENT)
        result = CliRunner().invoke(program, [command, *place, *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout


def groups(report: str) -> dict[str, list[str]]:
    """The findings under each heading of the section, empty ones left out."""
    section = re.search(r"## Since the last review\n(.*?)\n## ", report, re.DOTALL)
    assert section is not None
    found: dict[str, list[str]] = {}
    for name, listed in re.findall(r"\*\*([^*]+):\*\* \d+\n\n((?:- .*\n)+)", section[1] + "\n"):
        found[name] = re.findall(r"(?m)^- ([^(]+) \(", listed)
    return found


@pytest.fixture
def reviewer(tmp_path: Path) -> Reviewer:
    return Reviewer(tmp_path)


def test_three_weekly_reviews(reviewer: Reviewer) -> None:
    reviewer.traces_arrive(week(0, refused=5, timed_out=20))
    first = reviewer.analyse(0)
    reviewer.decide(first, rate_limited=Decision.ACCEPTED, timeout=Decision.ACCEPTED)
    report = reviewer.export()
    assert "2 issues and 0 strengths accepted.\n" in report
    assert "Since the last review" not in report, "there was none"

    reviewer.traces_arrive(week(1, timed_out=4, denied=10))
    second = reviewer.analyse(1)
    report = reviewer.export()
    assert groups(report) == {
        "New": ["Authentication fails"],
        "Escalating": ["Calls time out"],
        "Gone": ["Rate limit reached"],
    }
    assert "1 issue and 0 strengths accepted, 1 confirmed finding not decided.\n" in report
    reviewer.decide(second, authentication_failure=Decision.ACCEPTED)
    decided = reviewer.export()
    assert "2 issues and 0 strengths accepted.\n" in decided
    assert groups(decided) == groups(report), "what is decided now belongs to the next review"

    reviewer.traces_arrive(week(2, refused=5, denied=10))
    reviewer.analyse(2)
    report = reviewer.export()
    assert groups(report) == {
        "Regressed": ["Rate limit reached"],
        "Ongoing": ["Authentication fails"],
        "Gone": ["Calls time out"],
    }
    assert "2 issues and 0 strengths accepted.\n" in report, "decisions have carried over"


def test_what_nobody_decided_is_not_new_a_second_time(reviewer: Reviewer) -> None:
    reviewer.traces_arrive(week(0, refused=5, timed_out=20))
    reviewer.decide(reviewer.analyse(0), rate_limited=Decision.REJECTED)
    reviewer.traces_arrive(week(1, refused=5, timed_out=20, denied=10))
    reviewer.analyse(1)
    assert groups(reviewer.export()) == {
        "New": ["Authentication fails"],
        "Still not decided": ["Calls time out"],
    }
