"""The engine as a process: requests in, answers and events out, over an inherited pipe.

    python -m mlflow_analysis.service FILE_DESCRIPTOR [LOG_FILE]

speaks ``protocol`` with the app that started it. When the app goes, the pipe closes and the process
ends at once; it keeps nothing on disk but its log. Whatever fails is answered with a ``Problem``; only what the
app cannot be told ends the process.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from mlflow_analysis import protocol
from mlflow_analysis.events import AnalysisReady, FindingReady
from mlflow_analysis.process import allocator, collector, threads
from mlflow_analysis.process.logfile import keep_log
from mlflow_analysis.protocol import (
    Answer,
    Call,
    FilterProblem,
    Problem,
    Push,
    Pushed,
    Reply,
    Request,
)
from mlflow_analysis.protocol.packed import Packing
from mlflow_analysis.service.redaction import Redaction
from mlflow_analysis.tracking.problems import ConnectionProblem, FilterNotUnderstood

logger = logging.getLogger(__name__)

_QUICK = (
    protocol.FetchRows,
    protocol.LocateTrace,
    protocol.FetchConversation,
    protocol.SuggestFilter,
)
"""Answered from memory. They have a thread of their own, so that scrolling waits for no store."""

_LONG = (protocol.StartAnalysis, protocol.StartWatching)


class Service:
    """Takes calls from ``pipe`` until it closes."""

    def __init__(self, pipe: Pipe[Any, Any], redact: Redaction) -> None:
        self._pipe = pipe
        self._redact = redact
        self._sending = threading.Lock()
        self._quick = ThreadPoolExecutor(1, "quick")
        self._slow = ThreadPoolExecutor(8, "store")
        self._loaded: _Loaded | None = None
        self._loading = threading.Thread(target=self._load, name="load", daemon=True)
        self._load_problem: Problem | None = None

    def run(self) -> None:
        """Serve. Returns when the app has closed its end."""
        self._loading.start()
        while True:
            try:
                call = self._pipe.recv()
            except (EOFError, OSError):
                return
            if isinstance(call.request, _LONG):
                # Not in the pool: it may run for hours.
                threading.Thread(
                    target=self._handle, args=(call,), name=type(call.request).__name__, daemon=True
                ).start()
            else:
                pool = self._quick if isinstance(call.request, _QUICK) else self._slow
                pool.submit(self._handle, call)

    def _handle(self, call: Call) -> None:
        answer: Answer
        try:
            answer = self._answer(call)
        except FilterNotUnderstood as problem:
            answer = FilterProblem(
                problem.sentence, problem.remedy, problem.details, *problem.place
            )
        except ConnectionProblem as problem:
            answer = Problem(problem.sentence, problem.remedy, problem.details)
        except Exception as error:  # noqa: BLE001 - every call gets an answer, this one the error
            answer = self._unexpected(error, call.request)
        self._send(Reply(call.number, answer))

    def _answer(self, call: Call) -> Answer:
        request = call.request
        if isinstance(request, protocol.CheckConnection):
            self._redact.learn(request)
        if self._loading.is_alive() and isinstance(request, protocol.CheckConnection):
            # MLflow takes seconds to load. What is plainly wrong is said before.
            from mlflow_analysis.tracking.connection import glance

            glance(request)
        self._loading.join()
        if self._loaded is None:
            return self._load_problem or Problem("The engine could not be loaded.")

        packing = Packing()

        def push(body: Pushed) -> None:
            if isinstance(body, FindingReady | AnalysisReady):
                body = packing.of(body)
            self._send(Push(call.number, body))

        return self._loaded.session.answer(request, push)

    def _load(self) -> None:
        """Import MLflow, pandas and the engine while the app shows its first screen."""
        try:
            with collector.at_rest():
                self._loaded = _Loaded()
        except Exception as error:  # noqa: BLE001 - told to whoever asks first
            self._load_problem = self._unexpected(error, None)
        collector.relax()

    def _unexpected(self, error: Exception, request: Request | None) -> Problem:
        details = self._redact("".join(traceback.format_exception(error)))
        doing = type(request).__name__ if request is not None else "loading"
        logger.error("Unexpected in %s:\n%s", doing, details)
        return Problem(
            f"The engine met an error it did not expect ({type(error).__name__} in {doing}).",
            "Try again; if it comes back, please report it with the details.",
            details[-8000:],
        )

    def _send(self, message: Reply | Push) -> None:
        with self._sending:
            try:
                self._pipe.send(message)
            except OSError:
                # The app has gone; ``run`` meets the closed pipe too and ends the process.
                logger.info("Nobody takes the answers any more")


class _Loaded:
    """What needs MLflow and pandas, once they are imported."""

    def __init__(self) -> None:
        from mlflow_analysis.service.session import Session
        from mlflow_analysis.tracking.environment import load_mlflow

        load_mlflow()
        self.session = Session()


def main(arguments: list[str] | None = None, leave: Callable[[int], None] = os._exit) -> None:
    """Serve the file descriptor named by the first argument, logging to the file named by the second."""
    descriptor, *log = sys.argv[1:] if arguments is None else arguments
    allocator.share()
    threads.one_for_sums()
    redact = Redaction()
    if log:
        keep_log(Path(log[0]), redact, take_output=True)
    else:
        logging.basicConfig(level=logging.INFO)
    Service(Pipe(int(descriptor)), redact).run()
    logging.shutdown()
    sys.stderr.flush()
    # Not sys.exit: that would wait for threads that read, for an app that is no longer there.
    leave(0)


if __name__ == "__main__":
    main()
