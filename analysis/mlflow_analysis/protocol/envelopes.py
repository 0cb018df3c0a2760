"""What carries requests one way, answers and what is pushed the other: each with the number of its call."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlflow_analysis.protocol.answers import Answer
from mlflow_analysis.protocol.pushed import Pushed
from mlflow_analysis.protocol.requests import Request


@dataclass(slots=True)
class Call:
    """A request with its number."""

    number: int
    request: Request


@dataclass(slots=True)
class Reply:
    """The one answer to the call of that number."""

    number: int
    answer: Answer


@dataclass(slots=True)
class Push:
    """Something that happened meanwhile in the call of that number."""

    number: int
    body: Pushed = field()
