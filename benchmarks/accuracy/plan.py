"""What one trace is going to be, before it is written down: faults change the plan, not the record."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass
class Failure:
    """How a call or a trace fails. ``ms`` is how long it took to fail (``None``: as usual)."""

    kind: str
    """Type of the exception."""
    message: str
    code: int | None = None
    """HTTP status, where the failing service gives one."""
    ms: float | None = None
    form: str = ""
    """exception, text, structured or traceback; "" = as the application's framework does it."""


@dataclass
class Call:
    """One call of a tool or retriever."""

    tool: str
    kind: str
    arguments: dict[str, Any]
    output: Any
    ms: float
    failure: Failure | None = None
    wait_ms: float = 0.0
    """Pause before it (a back-off)."""


@dataclass
class Step:
    """A model call, and the calls that it asked for."""

    calls: list[Call]
    model_ms: float
    output_tokens: int
    at_once: bool = False
    """Whether the calls run side by side."""
    failure: Failure | None = None
    """Of the model call itself."""
    said: str = ""
    """Text of the model's message beside its tool calls."""


@dataclass
class Turn:
    """One request and how it is served. Every attribute is known before anything goes wrong."""

    number: int
    draw: Random
    """For the faults; what it yields changes nothing else of the traffic."""
    session: str
    turn: int
    user: str
    model: str
    app_version: str
    prompt_version: str
    region: str
    start_ms: int
    topic: str
    frailty: float
    """What the traces of one session share: 1 on average, higher where things go wrong more often."""
    request: str
    slots: dict[str, str]
    facts: dict[str, int | str]
    steps: list[Step]
    answer: str | None
    answer_ms: float
    long: bool = False
    system: str = ""
    prompt_tokens: int = 900
    cached_tokens: int = 0
    history: list[tuple[str, str]] = field(default_factory=list)
    """Earlier requests and answers that go along in the prompt."""
    error: Failure | None = None
    """Of the whole trace."""
    complete: bool = True
    finish_reason: str = "stop"
    answer_tokens: int | None = None
    overhead_ms: float = 0.0
    """Time that the orchestration itself takes between two calls."""
    feedback: list[tuple[str, bool | str, str]] = field(default_factory=list)
    """Name, value, and why."""
    has_cause: bool = False
    """Whether the fault's cause held, before anything was changed."""
    planted: bool = False

    @property
    def hour(self) -> int:
        """0 … 23, UTC."""
        return self.start_ms // 3_600_000 % 24

    @property
    def calls(self) -> list[Call]:
        """All its calls, in order."""
        return [call for step in self.steps for call in step.calls]

    def calls_of(self, tool: str) -> list[Call]:
        """Its calls of one tool."""
        return [call for call in self.calls if call.tool == tool]

    def strikes(self, rate: float) -> bool:
        """Whether something that hits a share ``rate`` of all traces hits this one."""
        return self.draw.random() < 1.0 - math.pow(1.0 - rate, self.frailty)

    def stop_after(self, call: Call, error: Failure) -> None:
        """The trace fails there: nothing that was planned for later happens."""
        for at, step in enumerate(self.steps):
            if any(each is call for each in step.calls):
                position = next(n for n, each in enumerate(step.calls) if each is call)
                step.calls = step.calls if step.at_once else step.calls[: position + 1]
                self.steps = self.steps[: at + 1]
        self.fail(error)

    def fail(self, error: Failure) -> None:
        """The trace ends without an answer."""
        self.answer, self.error = None, error
