"""A reviewed analysis as what goes back to MLflow: its issues, its report, its JSON."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mlflow_analysis.contract.writing import analysis_to_json, to_text
from mlflow_analysis.filing.issues import Document, Filing, issues_of, rejected_of
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.report import render_markdown
from mlflow_analysis.review import Review
from mlflow_analysis.review.acceptance import AcceptPolicy, rule
from mlflow_analysis.secrets import masked

ONLY_REPORT = "No finding is accepted: only the report is written."


class AlreadyWriting(Exception):  # noqa: N818 - told to a person
    """Another process is writing for the same experiment."""

    sentence = "Another mlflow-tui is writing to this experiment."
    remedy = "Wait until it has finished."


@contextmanager
def alone(review_path: Path) -> Iterator[None]:
    """One process at a time may write what this review says: two could each make the same issue.

    Raises ``AlreadyWriting``.
    """
    review_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with review_path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyWriting from error
        yield


def filing_for(
    analysis: Analysis,
    review: Review,
    *,
    accept: AcceptPolicy = AcceptPolicy.REVIEWED,
    assess_traces: bool = False,
    show_secrets: bool = False,
) -> Filing:
    """What ``analysis`` and ``review`` ask of the store. Credentials are masked unless ``show_secrets``."""
    shown = analysis if show_secrets else masked(analysis)
    ruled = rule(shown, review, accept)
    report = render_markdown(shown, review, accept=accept, show_secrets=True)
    timeless = replace(shown, timings={})  # durations differ between equal runs
    content = to_text(analysis_to_json(timeless, review, accept=accept, show_secrets=True))
    return Filing(
        issues_of(ruled),
        rejected_of(ruled),
        (Document("report.md", report), Document("analysis.json", content)),
        key=hashlib.sha256(content.encode()).hexdigest()[:32],
        assess_traces=assess_traces,
    )
