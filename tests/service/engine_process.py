"""The engine process, started as the app starts it and spoken to over its pipe."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mlflow_analysis.protocol import Call, Push, Reply

ROOT = Path(__file__).parents[2]
ANSWER_WITHIN_SECONDS = 120


class Engine:
    """A running service and the conversation with it."""

    def __init__(self, log: Path, cwd: Path) -> None:
        ours, theirs = socket.socketpair()
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow_analysis.service", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=cwd,
                env={**os.environ, "PYTHONPATH": str(ROOT / "analysis")},
            )
        theirs.close()
        self.log = log
        self.pipe: Connection[Any, Any] = Connection(ours.detach())
        self.number = 0

    def send(self, request: Any) -> int:
        self.number += 1
        self.pipe.send(Call(self.number, request))
        return self.number

    def receive(self) -> Reply | Push:
        assert self.pipe.poll(ANSWER_WITHIN_SECONDS), f"no answer:\n{self.log.read_text()}"
        message: Reply | Push = self.pipe.recv()
        return message

    def ask(self, request: Any, on_push: Callable[[Any], None] = lambda body: None) -> Any:
        """The answer to a request; pushes of that call go to ``on_push``."""
        number = self.send(request)
        while True:
            message = self.receive()
            if isinstance(message, Push):
                on_push(message.body)
            elif message.number == number:
                return message.answer

    def close(self) -> None:
        self.pipe.close()
        self.process.wait(timeout=ANSWER_WITHIN_SECONDS)
