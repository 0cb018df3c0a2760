"""The engine process, as the app sees it: ask and await; what it pushes comes by call-back.

The engine reads, computes and answers windows of rows; this process only draws. Importing this
module loads neither mlflow nor pandas nor Textual.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from mlflow_analysis import protocol

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from mlflow_analysis.protocol import Problem, Push, Pushed, Reply, Request

FLUSH_SECONDS = 0.25
"""Pushes are handed on at most this often: four frames a second carry a flood over a slow link."""


class EngineProblem(Exception):  # noqa: N818  named like the Problem it carries
    """The engine answered that it could not, or died. ``problem`` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


class EngineClient:
    """One engine process and the conversation with it.

    ``start`` may be called before there is an event loop or a terminal; ``attach`` then begins to
    listen, and calls ``on_push`` (on the loop's thread, with what came since the last call) and
    ``on_crash`` (with a sentence, after the process died of itself).
    """

    def __init__(self, log_path: Path, command: tuple[str, ...] | None = None) -> None:
        self._log_path = log_path
        self._command = command or (sys.executable, "-m", "mlflow_analysis.service")
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._pending: dict[object, Pushed] = {}
        self._flush_due = False
        self._log_start = 0
        """Where in the log this engine began."""
        self._latest_opening = 0
        self._latest_check = 0
        self._latest_watch = 0
        self._settled = asyncio.Event()
        """Not set while a new engine is brought to where the old one was."""
        self._settled.set()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection[Any, Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._attached = asyncio.Event()
        self._on_push: Callable[[tuple[Pushed, ...]], None] = lambda bodies: None
        self._on_crash: Callable[[Problem], None] = lambda problem: None

    # ---- the process --------------------------------------------------------------------

    def start(self) -> None:
        """Start the engine process. Raises ``OSError`` if that is impossible."""
        from multiprocessing.connection import Connection  # not on the way to first paint

        ours, theirs = socket.socketpair()
        environment = {
            **os.environ,
            # A folder named mlflow where the user stands must not be imported.
            "PYTHONSAFEPATH": "1",
            "MLFLOW_DISABLE_TELEMETRY": os.environ.get("MLFLOW_DISABLE_TELEMETRY", "true"),
        }
        self._log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # What it says before its own log is open goes there too.
        descriptor = os.open(self._log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._log_start = os.fstat(descriptor).st_size
        try:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [*self._command, str(theirs.fileno()), str(self._log_path)],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=environment,
                # Its own session: a ctrl+z or hang-up of the terminal is for the app to handle.
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
            theirs.close()
        self._connection = Connection(ours.detach())
        if self._loop is not None:
            self._listen(self._loop)

    def attach(
        self,
        on_push: Callable[[tuple[Pushed, ...]], None],
        on_crash: Callable[[Problem], None],
    ) -> None:
        """Start the engine unless it runs, and listen to it on the running event loop."""
        self._on_push, self._on_crash = on_push, on_crash
        self._loop = asyncio.get_running_loop()
        if self._connection is None:
            self.start()
        else:
            self._listen(self._loop)
        self._attached.set()

    def restart(self) -> None:
        """End the engine, whatever it does, and start a new one. Open calls fail with a problem."""
        self.close()
        self._fail_waiting(protocol.Problem("The request was cancelled."))
        self.start()

    def hold(self) -> None:
        """Let all requests wait but those that open something: a new engine has nothing open."""
        self._settled.clear()

    def release(self) -> None:
        """The engine is where the old one was: requests need not wait any more."""
        self._settled.set()

    def close(self) -> None:
        """End the engine process."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is not None:
            process.terminate()
            try:
                process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def process_id(self) -> int | None:
        """The engine's process id, while there is one."""
        return self._process.pid if self._process else None

    # ---- asking -------------------------------------------------------------------------

    @overload
    async def ask(self, request: protocol.CheckConnection) -> protocol.ConnectionReport: ...
    @overload
    async def ask(self, request: protocol.CancelCheck) -> protocol.Done: ...
    @overload
    async def ask(self, request: protocol.ListExperiments) -> protocol.ExperimentList: ...
    @overload
    async def ask(self, request: protocol.FetchFigures) -> protocol.FigureList: ...
    @overload
    async def ask(self, request: protocol.SummariseExperiment) -> protocol.ExperimentSummary: ...
    @overload
    async def ask(self, request: protocol.OpenExperiment) -> protocol.TableGrew: ...
    @overload
    async def ask(self, request: protocol.FetchRows) -> protocol.Rows: ...
    @overload
    async def ask(self, request: protocol.LocateTrace) -> protocol.RowPosition: ...
    @overload
    async def ask(self, request: protocol.FetchTrace) -> protocol.TraceView: ...
    @overload
    async def ask(self, request: protocol.FetchConversation) -> protocol.Conversation: ...
    @overload
    async def ask(self, request: protocol.StartAnalysis) -> protocol.Done: ...
    @overload
    async def ask(self, request: protocol.ConfirmPurpose) -> protocol.Done: ...
    @overload
    async def ask(self, request: protocol.CheckFilter) -> protocol.Done: ...
    @overload
    async def ask(self, request: protocol.AskFocuses) -> protocol.Done: ...
    @overload
    async def ask(self, request: protocol.SuggestFilter) -> protocol.FilterSuggestions: ...
    @overload
    async def ask(self, request: protocol.SearchTools) -> protocol.ToolsSearched: ...
    @overload
    async def ask(self, request: protocol.StartWatching) -> protocol.Done: ...
    @overload
    async def ask(self, request: protocol.StopWatching) -> protocol.Done: ...
    @overload
    async def ask(self, request: protocol.Annotate | protocol.TakeBack) -> protocol.Annotated: ...
    @overload
    async def ask(self, request: protocol.Stop) -> protocol.Done: ...
    @overload
    async def ask(
        self, request: protocol.PlanFiling | protocol.PlanUndoWrites | protocol.PlanJudging
    ) -> protocol.Plan: ...
    @overload
    async def ask(
        self, request: protocol.FileReview | protocol.UndoWrites | protocol.AskJudge
    ) -> protocol.Outcome: ...
    @overload
    async def ask(self, request: protocol.StopWriting | protocol.StopJudge) -> protocol.Done: ...

    async def ask(self, request: Request) -> Any:
        """The answer to ``request``. Raises ``EngineProblem`` if the engine could not."""
        await self._attached.wait()
        if not isinstance(request, protocol.CheckConnection | protocol.OpenExperiment):
            await self._settled.wait()
        if self._connection is None:
            raise EngineProblem(
                protocol.Problem("The engine is not running.", "Leave and start again.")
            )
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        if isinstance(request, protocol.OpenExperiment):
            self._latest_opening = number
            self._pending.pop(protocol.TableGrew, None)
        if isinstance(request, protocol.StartWatching):
            self._latest_watch = number
        if isinstance(request, protocol.StopWatching):
            self._latest_watch = 0
        if isinstance(request, protocol.CheckConnection):
            self._latest_check = number
        try:
            self._connection.send(protocol.Call(number, request))
            answer = await future
        except OSError as error:
            raise EngineProblem(
                protocol.Problem(
                    "The engine stopped.", "It is being started again; try once more.", str(error)
                )
            ) from error
        finally:
            self._waiting.pop(number, None)
        if isinstance(answer, protocol.Problem):
            raise EngineProblem(answer)
        return answer

    # ---- listening ----------------------------------------------------------------------

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        threading.Thread(
            target=self._read, args=(self._connection, loop), name="engine reader", daemon=True
        ).start()

    def _read(self, connection: Connection[Any, Any], loop: asyncio.AbstractEventLoop) -> None:
        """Runs in a thread of its own until the pipe closes."""
        try:
            while True:
                message = connection.recv()
                loop.call_soon_threadsafe(self._received, message)
        except (EOFError, OSError):
            pass  # the engine has gone; what that means is decided on the loop
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(self._lost, connection)
            except RuntimeError:
                return  # the loop closed between the two lines: the app has left

    def _received(self, message: Reply | Push) -> None:
        if isinstance(message, protocol.Push):
            # How far a check is that was given up, or an experiment that is not open, interests nobody.
            latest: dict[type, tuple[int, ...]] = {
                protocol.TableGrew: (self._latest_opening, self._latest_watch),
                protocol.WatchState: (self._latest_watch,),
                protocol.CheckStage: (self._latest_check,),
            }
            if message.number in latest.get(type(message.body), (message.number,)):
                self._keep(message.body)
            return
        self._flush()  # what a call pushed is known before its answer is
        future = self._waiting.get(message.number)
        if future is not None and not future.done():
            future.set_result(message.answer)

    def _keep(self, body: Pushed) -> None:
        from mlflow_analysis import events  # not on the way to first paint

        key: object = object()
        if isinstance(body, events.EvidenceGrew):
            key = body.hypothesis
        elif isinstance(
            body,
            events.Progress
            | protocol.TableGrew
            | protocol.ToolsSearched
            | protocol.WatchState
            | protocol.StepsDone,
        ):
            key = type(body)
        self._pending.pop(key, None)
        self._pending[key] = body
        if not self._flush_due and self._loop is not None:
            self._flush_due = True
            self._loop.call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if self._pending:
            bodies = tuple(self._pending.values())
            self._pending = {}
            self._on_push(bodies)

    def _lost(self, connection: Connection[Any, Any]) -> None:
        if connection is not self._connection:
            return  # closed by us
        process, self._process, self._connection = self._process, None, None
        connection.close()
        code = process.wait() if process is not None else None
        problem = protocol.Problem(
            f"The engine process stopped unexpectedly ({_ending(code)}).",
            "It is started again; what you decided is saved.",
            self._last_words(),
        )
        self._flush()
        self._fail_waiting(problem)
        self._on_crash(problem)

    def _fail_waiting(self, problem: Problem) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_result(problem)

    def _last_words(self) -> str:
        try:
            with self._log_path.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                start = self._log_start if self._log_start <= size else 0  # rotated meanwhile
                log.seek(max(start, size - 4000))
                return log.read().decode(errors="replace")
        except OSError:
            return ""


def _ending(code: int | None) -> str:
    if code is None:
        return "no exit code"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
