"""What becomes of an analysis on the command line: files, summary, and whether the build fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from mlflow_analysis.contract.reading import AnalysisNotUnderstood, read_analysis
from mlflow_analysis.contract.writing import AnalysisJson, to_bytes
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.report import (
    SECTIONS,
    TemplateFolder,
    TemplateProblem,
    render_html,
    render_markdown,
)
from mlflow_analysis.report.junit import junit
from mlflow_analysis.report.step_summary import step_summary
from mlflow_analysis.review import Review
from mlflow_analysis.review.acceptance import AcceptPolicy, rule
from mlflow_analysis.review.gate import Gated, gated
from mlflow_tui.command_line.output_files import OutputFile
from mlflow_tui.command_line.summary import summary

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to make of an analysis. A path ``-`` is stdout."""

    report: Path | None = None
    html: Path | None = None
    json_file: Path | None = None
    junit: Path | None = None
    github_summary: str | None = None
    """A file, or ``STEP_SUMMARY``: the one that this variable names, which is added to."""
    accept: str = AcceptPolicy.CONFIRMED.value
    fail_on: str | None = None
    baseline: Path | None = None
    sections: tuple[str, ...] = tuple(SECTIONS)
    template: Path | None = None
    overwrite: bool = False
    show_secrets: bool = False
    quiet: bool = False


class Delivery:
    """Everything that can go wrong before the work is found out when this is made.

    Raises ``click.ClickException`` for a file that cannot be written or read, and for a template with an
    error in it.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        if sum(str(path) == "-" for _, path, _ in self._files()) > 1:
            raise click.UsageError(
                "Only one of --report, --html, --json and --junit can go to stdout."
            )
        self._step_summary = _step_summary(wanted)
        for _, path, _ in self._files():
            OutputFile(path, wanted.overwrite).check()
        try:
            self._templates = TemplateFolder(wanted.template)
            self._templates.check()
        except TemplateProblem as problem:
            raise click.UsageError(str(problem)) from problem
        self._baseline = _baseline(wanted.baseline)

    def deliver(self, shown: AnalysisJson, review: Review) -> bool:
        """Write what is wanted and print the summary; returns whether an issue fails the build.

        What is not to be shown is masked in ``shown``.
        """
        wanted, analysis = self._wanted, shown.analysis
        findings = gated(
            analysis, review, Severity(wanted.fail_on or Severity.LOW.value), self._baseline
        )
        said, to_stdout = [], False
        for what, path, make in self._files():
            output = OutputFile(path, wanted.overwrite)
            said.append(output.write(what, make(shown, review, findings)))
            to_stdout = to_stdout or output.is_stdout
        if self._step_summary is not None:
            said.append(self._add_to_step_summary(analysis, findings))
        if not wanted.quiet:
            if not to_stdout:
                ruled = rule(analysis, review, AcceptPolicy(wanted.accept))
                click.echo(summary(analysis, ruled, sys.stdout.isatty()))
            lines = [line for line in said if line]
            if lines:
                click.echo("\n" + "\n".join(lines), err=to_stdout)
        return wanted.fail_on is not None and any(each.fails for each in findings)

    def _files(self) -> Iterator[tuple[str, Path, _Make]]:
        """What it is, where it goes, and how it is made."""
        wanted = self._wanted
        makers: tuple[tuple[str, Path | None, _Make], ...] = (
            ("Report", wanted.report, self._markdown),
            ("HTML", wanted.html, self._html),
            ("JSON", wanted.json_file, self._json),
            ("JUnit XML", wanted.junit, lambda shown, _, found: junit(shown.analysis, found)),
        )
        for what, path, make in makers:
            if path is not None:
                yield what, path, make

    def _markdown(self, shown: AnalysisJson, review: Review, _: tuple[Gated, ...]) -> str:
        return self._rendered(render_markdown, shown.analysis, review)

    def _html(self, shown: AnalysisJson, review: Review, _: tuple[Gated, ...]) -> str:
        return self._rendered(render_html, shown.analysis, review)

    def _rendered(self, render: Callable[..., str], analysis: Analysis, review: Review) -> str:
        try:
            return render(
                analysis,
                review,
                accept=AcceptPolicy(self._wanted.accept),
                sections=self._wanted.sections,
                show_secrets=True,  # what is to be masked is masked already
                templates=self._templates,
            )
        except TemplateProblem as problem:
            raise click.ClickException(str(problem)) from problem

    def _json(self, shown: AnalysisJson, review: Review, _: tuple[Gated, ...]) -> bytes:
        return to_bytes(shown.reviewed(review, AcceptPolicy(self._wanted.accept)))

    def _add_to_step_summary(self, analysis: Analysis, findings: tuple[Gated, ...]) -> str:
        assert self._step_summary is not None
        text = step_summary(analysis, findings, with_baseline=self._baseline is not None)
        try:
            # other steps write to the same file, so it is added to
            with self._step_summary.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as problem:
            raise click.ClickException(
                f"{self._step_summary} cannot be written: {problem.strerror}. "
                "Name another file after --github-summary."
            ) from problem
        return f"Step summary added to: {self._step_summary}"


_Make = Callable[[AnalysisJson, Review, tuple[Gated, ...]], str | bytes]


def _step_summary(wanted: Wanted) -> Path | None:
    if wanted.github_summary is None:
        return None
    if wanted.github_summary != STEP_SUMMARY:
        return Path(wanted.github_summary)
    named = os.environ.get(STEP_SUMMARY)
    if not named:
        raise click.UsageError(
            f"{STEP_SUMMARY} is not set: this is no step of GitHub Actions. "
            "Name a file: --github-summary FILE."
        )
    return Path(named)


def _baseline(path: Path | None) -> Analysis | None:
    """The analysis to compare with. One that is not there yet is none: then every finding is new."""
    if path is None:
        return None
    if not path.exists():
        click.echo(f"There is no baseline {path} yet: every finding counts as new.", err=True)
        return None
    return read(path)


def read(path: Path) -> Analysis:
    """The analysis in a file. Raises ``click.ClickException`` if it cannot be read."""
    try:
        return read_analysis(path)
    except AnalysisNotUnderstood as problem:
        raise click.ClickException(str(problem)) from problem
    except OSError as problem:
        raise click.ClickException(f"{path} cannot be read: {problem.strerror}.") from problem
