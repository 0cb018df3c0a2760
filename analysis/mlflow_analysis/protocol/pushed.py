"""What the engine process tells of a request before it answers: this, and the events of an analysis."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_analysis.events import Event


@dataclass(slots=True)
class CheckStage:
    """How far a check is. Each stage is told when it begins, and again when it has ended."""

    name: str
    """address, reach, sign in, version, experiments, trace; always in this order."""
    state: str
    """running, passed, failed."""
    elapsed_ms: float = 0.0
    found: str = ""
    """What the stage found, in a few words; of one that failed, the sentence of its problem."""


@dataclass(slots=True)
class TableGrew:
    """How far the trace table is."""

    traces: int
    total: int | None
    complete: bool


@dataclass(slots=True)
class ToolsSearched:
    """Of how many traces the tools' answers were read for a text."""

    text: str
    read: int
    total: int
    complete: bool


@dataclass(slots=True)
class WatchState:
    """How a watch stands. Told when it begins, when something changes, and when it ends."""

    watching: bool
    new: int = 0
    """Traces that have come since it began."""
    last_news_ms: int | None = None
    """When it last found a trace that was new, changed or gone; milliseconds since the epoch."""
    reading: int = 0
    """So many traces are being read and tested now."""
    problem: str = ""
    """Why nothing can be seen of the store now, and what to do; what was read is kept."""
    note: str = ""
    """One sentence that a person should read."""


@dataclass(slots=True)
class StepsDone:
    """How far something is that the user agreed to."""

    done: int
    steps: int


Pushed = Event | TableGrew | ToolsSearched | CheckStage | WatchState | StepsDone
"""What the engine tells before it answers."""
