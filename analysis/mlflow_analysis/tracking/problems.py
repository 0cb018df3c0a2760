"""What can go wrong between us and a store, told so that a person can act on it."""

from __future__ import annotations

from mlflow_analysis.source import FilterRefused


class ConnectionProblem(Exception):  # noqa: N818 - it is shown to people, who have problems
    """A store that cannot be used as asked.

    ``sentence`` says what is wrong, ``remedy`` what to do, ``details`` what the machinery said.
    None of them holds a password or token.
    """

    def __init__(self, sentence: str, remedy: str = "", details: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy
        self.details = details

    def __reduce__(self) -> tuple[type[ConnectionProblem], tuple[str, str, str]]:
        """A process that reads a slice hands its problem on."""
        return type(self), (self.sentence, self.remedy, self.details)


class ExperimentNotFound(ConnectionProblem):
    """No active experiment has that name or id."""


class TraceNotReadable(ConnectionProblem):
    """One trace that was asked for by its id cannot be shown."""


class FilterNotUnderstood(ConnectionProblem, FilterRefused):
    """MLflow does not accept the filter; ``place``: the characters that it is about, if that is known."""

    place = (0, 0)


class CheckCancelled(ConnectionProblem):
    """The user gave up waiting for a check."""

    def __init__(self, sentence: str = "", remedy: str = "", details: str = "") -> None:
        super().__init__(sentence or "The check was cancelled.", remedy, details)
