"""What an agent's questions are about: stores, experiments, their last analyses and reviews."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow_analysis.brief.charter import Charter, charter_path, read_charter
from mlflow_analysis.brief.focus import Focus, FocusNotUnderstood, parse
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.contract.kept import analyses_directory, keep_analysis, set_aside
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.review import JournalTooNew, Review, review_path
from mlflow_analysis.review.acceptance import AcceptPolicy, Ruled, rule_each
from mlflow_analysis.tracking.connection import Connection, connect
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.tracking.reader import StoreTraces


class Refused(ValueError):  # noqa: N818 - a sentence for an agent
    """What was asked cannot be done, and what to do about it."""


class Opened:
    """What was opened so far; may be used from several threads. All raise ``Refused``."""

    def __init__(self, kept: Path, default: ConnectionRequest, *, may_write: bool) -> None:
        self.kept, self._default, self._may_write = kept, default, may_write
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}
        self._analyses: dict[tuple[str, str], Analysis] = {}

    def keep(self, source: StoreTraces, analysis: Analysis, part: str) -> str:
        """It is the last analysis from now on; of a ``part``, what is kept on disk of all stays: a sentence then.

        See ``contract.kept.keep_analysis``.
        """
        with self._lock:
            self._analyses[source.tracking_uri, source.experiment_id] = analysis
        if not self._may_write:
            return ""
        # so that ``mlflow-tui report`` and ``write-back`` find it
        path = keep_analysis(analyses_directory(self.kept), analysis, part=part)
        return set_aside(path, part)

    def connection(self, tracking_uri: str) -> Connection:
        """The store at an address, the default one for ""; connected to once."""
        request = ConnectionRequest(tracking_uri) if tracking_uri else self._default
        with self._lock:
            if tracking_uri not in self._connections:
                self._connections[tracking_uri] = _plainly(lambda: connect(request))
            return self._connections[tracking_uri]

    def source(self, experiment: str, tracking_uri: str) -> StoreTraces:
        """An experiment by name or id."""
        connection = self.connection(tracking_uri)
        return _plainly(lambda: connection.experiment(experiment))

    def review(self, source: StoreTraces) -> Review:
        """What was decided about it."""
        try:
            return Review(review_path(self.kept, source.tracking_uri, source.experiment_id))
        except JournalTooNew as problem:
            raise Refused(problem.sentence) from problem

    def charter(self, source: StoreTraces) -> Charter:
        """What the user said of its application."""
        return read_charter(charter_path(self.kept, source.tracking_uri, source.experiment_id))

    def analysed(self, experiment: str, tracking_uri: str) -> tuple[Analysis, Review]:
        """Its last analysis, and the review as it is now."""
        source = self.source(experiment, tracking_uri)
        with self._lock:
            analysis = self._analyses.get((source.tracking_uri, source.experiment_id))
        if analysis is None:
            raise Refused(
                f"Experiment {source.experiment_name!r} was not analysed yet. Call analyze first."
            )
        return analysis, self.review(source)

    def ruled(self, analysis: Analysis, review: Review, fingerprint: str) -> Ruled:
        """A finding of the analysis with what was decided about it."""
        for each in rule_each(analysis, review, AcceptPolicy.REVIEWED):
            if each.finding.fingerprint == fingerprint:
                return each
        raise Refused(
            f"The last analysis has no finding {fingerprint!r}. list_findings gives fingerprints."
        )

    def check_writing(self, what: str) -> None:
        """Refuse unless the user lets agents write."""
        if not self._may_write:
            raise Refused(
                f"{what} is switched off. The user can start the server with --allow-writes."
            )


def _plainly(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except ConnectionProblem as problem:
        raise Refused(f"{problem.sentence} {problem.remedy}".strip()) from problem


def claim_of(text: str) -> Focus:
    """A claim of the user's own as it is written. Raises ``Refused``."""
    try:
        return parse(text)
    except FocusNotUnderstood as problem:
        raise Refused(str(problem)) from problem


def policy_of(accept: str) -> AcceptPolicy:
    """Which findings count as accepted. Raises ``Refused``."""
    try:
        return AcceptPolicy(accept)
    except ValueError:
        known = ", ".join(each.value for each in AcceptPolicy)
        raise Refused(f"accept is one of: {known}.") from None
