"""The stages of a check: told as they begin and end, each bounded in time, all of them cancellable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mlflow_analysis.protocol import CheckStage
from mlflow_analysis.source import never
from mlflow_analysis.tracking.problems import CheckCancelled, ConnectionProblem

ADDRESS, REACH, SIGN_IN, VERSION, EXPERIMENTS, TRACE = (
    "address",
    "reach",
    "sign in",
    "version",
    "experiments",
    "trace",
)
ORDER = (ADDRESS, REACH, SIGN_IN, VERSION, EXPERIMENTS, TRACE)

_LOOKED_FOR_SECONDS = 0.05
"""How often a cancellation is looked for."""

Result = TypeVar("Result")


def nobody(_stage: CheckStage) -> None:
    """Listens to a check that nobody watches."""


@dataclass
class Stages:
    """Runs the stages of one check and remembers how they ended."""

    tell: Callable[[CheckStage], None] = nobody
    cancelled: Callable[[], bool] = never
    ended: list[CheckStage] = field(default_factory=list)

    def run(
        self,
        name: str,
        step: Callable[[], Result],
        found: Callable[[Result], str],
        within_seconds: float,
        late: ConnectionProblem | None = None,
    ) -> Result:
        """The result of ``step``, whose stage says what it ``found``.

        What ``step`` waits for may not be bounded itself (the resolution of a host name, a server that
        answers one byte at a time). So it runs in a thread of its own, which is left behind when
        ``within_seconds`` have passed (raising ``late``) or the check is cancelled. Raises
        ``ConnectionProblem``.
        """
        started = time.perf_counter()
        self.tell(CheckStage(name, "running"))
        try:
            result = self._bounded(name, step, within_seconds, late)
        except ConnectionProblem as problem:
            self.tell(CheckStage(name, "failed", _ms_since(started), problem.sentence))
            raise
        stage = CheckStage(name, "passed", _ms_since(started), found(result))
        self.ended.append(stage)
        self.tell(stage)
        return result

    def _bounded(
        self,
        name: str,
        step: Callable[[], Result],
        within_seconds: float,
        late: ConnectionProblem | None,
    ) -> Result:
        outcome: list[Result] = []
        failure: list[BaseException] = []
        done = threading.Event()

        def work() -> None:
            try:
                outcome.append(step())
            except BaseException as error:  # noqa: BLE001 - raised again by who waits
                failure.append(error)
            finally:
                done.set()

        threading.Thread(target=work, name=f"check: {name}", daemon=True).start()
        deadline = time.monotonic() + within_seconds
        while not done.wait(min(_LOOKED_FOR_SECONDS, max(0.0, deadline - time.monotonic()))):
            if self.cancelled():
                raise CheckCancelled
            if time.monotonic() >= deadline:
                raise late or ConnectionProblem(
                    f"The check got no further than {name!r} within {within_seconds:g} s.",
                    "Try again; if it stays so, look at the store and the network between.",
                )
        if failure:
            raise failure[0]
        if self.cancelled():
            raise CheckCancelled
        return outcome[0]


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
