"""Files that the command line writes: checked before the work, replaced only where that is safe."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click

from mlflow_analysis.report import ReportExists, junit, write_report

_OUR_BEGINNINGS = (
    "# Trace analysis: ",
    '{\n  "schema_version": 1,\n  "tool": {\n    "name": "mlflow-tui"',
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="generator" content="mlflow-tui ',
    junit.BEGINNING,
)


@dataclass(frozen=True)
class OutputFile:
    """Where one result goes. An earlier result of ours is replaced; other files only on demand."""

    path: Path
    overwrite: bool

    @property
    def is_stdout(self) -> bool:
        """Whether the result goes to stdout."""
        return str(self.path) == "-"

    def check(self) -> None:
        """Raise ``click.ClickException`` if it could not be written, before time is spent."""
        if self.is_stdout:
            return
        folder = self.path.expanduser().absolute().parent
        if not folder.is_dir():
            raise click.ClickException(f"The folder {folder} does not exist. Make it first.")
        if not os.access(folder, os.W_OK):
            raise click.ClickException(f"The folder {folder} cannot be written. Choose another.")
        if self.path.is_dir():
            raise click.ClickException(f"{self.path} is a folder. Name a file.")
        if self.path.exists() and not self._may_replace():
            raise click.ClickException(
                f"{self.path} exists already and was not written by mlflow-tui. "
                "Choose another name, or add --overwrite."
            )

    def write(self, what: str, text: str | bytes) -> str:
        """Write it; returns a line that says so, empty for stdout.

        Raises ``click.ClickException`` if it cannot be written.
        """
        if self.is_stdout:
            click.echo(text, nl=False)
            return ""
        replaced = self.path.exists()
        try:
            written = write_report(self.path, text, overwrite=self._may_replace())
        except ReportExists as problem:
            raise click.ClickException(str(problem)) from problem
        except OSError as problem:
            raise click.ClickException(
                f"{self.path} cannot be written: {problem.strerror}. Choose another place."
            ) from problem
        return f"{what} saved: {written}" + (" (replaced the earlier one)" if replaced else "")

    def _may_replace(self) -> bool:
        if self.overwrite:
            return True
        try:
            with self.path.open(encoding="utf-8", errors="replace") as file:
                beginning = file.read(200)
        except FileNotFoundError:
            return False
        except OSError as problem:
            raise click.ClickException(
                f"{self.path} cannot be read: {problem.strerror}. Choose another name."
            ) from problem
        return beginning.startswith(_OUR_BEGINNINGS)
