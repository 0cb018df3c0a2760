"""One question to the judge: cache, budget, transcript, retries with back-off, an end in bounded time."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from mlflow_analysis.findings.judged import Spent
from mlflow_analysis.judge.answers import KeptAnswers
from mlflow_analysis.judge.budget import Budget, BudgetSpent
from mlflow_analysis.judge.provider import Answer, CallFailed, Provider
from mlflow_analysis.judge.transcript import Transcript
from mlflow_analysis.secrets import masked_text
from mlflow_analysis.untrusted import printable

MOST_OUTPUT = 1_000
"""Tokens of an answer."""
_OVERHEAD = 64
"""Tokens that a chat adds to its texts, at most."""
_FAILED_IN_A_ROW = 3
"""After so many questions without an answer the rest is not asked."""

Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a question is tried."""

    attempts: int = 4
    first_wait_s: float = 1.0
    """Doubled after each attempt, and up to half as long again by chance."""
    longest_s: float = 120.0
    """From the first attempt to the beginning of the last."""
    time_out_s: float = 60.0
    """Of one attempt."""


class NotAnswered(Exception):  # noqa: N818 - told to a person
    """The judge did not do what it was asked, and why, as a clause without its full stop."""


class Judge:
    """A model with a budget; safe to use from several threads."""

    def __init__(
        self,
        name: str,
        provider: Provider,
        budget: Budget,
        transcript: Transcript,
        kept: KeptAnswers | None = None,
        patience: Patience | None = None,
        redact: Callable[[str], str] = str,
    ) -> None:
        """``redact`` takes known secrets out of every text, before what looks like one is masked."""
        self.name = name
        self._provider, self._budget, self._transcript = provider, budget, transcript
        self._kept, self._patience, self._redact = kept, patience or Patience(), redact
        self._stopped = threading.Event()
        self._why_stopped = ""
        self._lock = threading.Lock()
        self._in_a_row = self._from_cache = 0

    def again(self) -> Judge:
        """The same judge, not stopped and with nothing asked: budget, transcript and answers are one."""
        return Judge(
            self.name,
            self._provider,
            self._budget,
            self._transcript,
            self._kept,
            self._patience,
            self._redact,
        )

    @property
    def budget(self) -> Budget:
        """What it may still cost."""
        return self._budget

    @property
    def attempts(self) -> int:
        """How often a question is sent, at most."""
        return self._patience.attempts

    def stop(self, why: str) -> None:
        """Ask nothing more; who waits for another attempt waits no longer."""
        with self._lock:
            self._why_stopped = self._why_stopped or why
        self._stopped.set()

    @property
    def spent(self) -> Spent:
        """What was spent so far."""
        budget = self._budget
        return Spent(
            budget.calls,
            self._from_cache,
            budget.input_tokens,
            budget.output_tokens,
            budget.estimated,
            budget.usd,
        )

    @property
    def transcript(self) -> str:
        """The file with all that was sent; empty if nothing was."""
        return str(self._transcript.path) if self._transcript.written else ""

    def clean(self, text: str) -> str:
        """``text`` without secrets and without what a terminal would obey."""
        return masked_text(self._redact(printable(text)))

    def ask(
        self, task: str, instructions: str, question: str, parse: Callable[[str], Parsed]
    ) -> Parsed:
        """The answer to ``question``, as ``parse`` understands it; only such an answer is kept.

        ``parse`` raises ``ValueError`` for any other. Raises ``NotAnswered``.
        """
        instructions, question = self.clean(instructions), self.clean(question)
        if self._kept is not None:
            before = self._kept.get(self.name, instructions, question)
            if before is not None:
                try:
                    parsed = parse(before)
                except ValueError:
                    pass  # kept by a version that understood other answers
                else:
                    with self._lock:
                        self._from_cache += 1
                    return parsed
        text = self.clean(self._tried(task, instructions, question).text)
        try:
            parsed = parse(text)
        except ValueError as error:
            raise NotAnswered("it refused, or answered in another form than asked") from error
        if self._kept is not None:
            self._kept.keep(text, self.name, instructions, question)
        return parsed

    def _tried(self, task: str, instructions: str, question: str) -> Answer:
        patience, began = self._patience, time.monotonic()
        wait_s, attempt = patience.first_wait_s, 1
        while True:
            try:
                answer = self._sent(task, instructions, question, attempt)
            except CallFailed as failed:
                pause = (
                    wait_s * random.uniform(1.0, 1.5) if failed.wait_s is None else failed.wait_s
                )
                ends = time.monotonic() - began + pause > patience.longest_s
                if failed.passing and attempt < patience.attempts and not ends:
                    self._stopped.wait(pause)
                    wait_s, attempt = wait_s * 2, attempt + 1
                    continue
                self._count_failure(failed)
                raise NotAnswered(_after(str(failed), attempt)) from failed
            with self._lock:
                self._in_a_row = 0
            return answer

    def _count_failure(self, failed: CallFailed) -> None:
        with self._lock:
            self._in_a_row += failed.passing
            hopeless = failed.final or self._in_a_row >= _FAILED_IN_A_ROW
        if hopeless:
            self.stop(str(failed))

    def _sent(self, task: str, instructions: str, question: str, attempt: int) -> Answer:
        """One call. What is sent is in the transcript before it is sent, or else it is not sent."""
        if self._stopped.is_set():
            raise NotAnswered(self._why_stopped)
        # a token is at least one byte
        most = len(instructions.encode()) + len(question.encode()) + _OVERHEAD
        try:
            self._budget.set_aside(most, MOST_OUTPUT)
        except BudgetSpent as spent:
            raise NotAnswered(str(spent)) from spent
        used: tuple[int, int] | None = (0, 0)
        line = {"task": task, "model": self.name, "attempt": attempt}
        try:
            self._write({**line, "sent": {"instructions": instructions, "question": question}})
            used = None  # a call that fails may have cost all of it
            answer = self._provider.ask(
                instructions, question, MOST_OUTPUT, self._patience.time_out_s
            )
            used = answer.used
        except CallFailed as failed:
            if failed.passing or failed.final:
                used = (0, 0)
            self._write({**line, "failed": str(failed)})
            raise
        finally:
            self._budget.settle(most, MOST_OUTPUT, used)
        self._write({**line, "answered": self.clean(answer.text), "tokens": answer.used})
        return answer

    def _write(self, line: dict[str, object]) -> None:
        try:
            self._transcript.add(line)
        except OSError as error:
            why = f"the transcript cannot be written: {error.strerror or error}"
            self.stop(why)
            raise NotAnswered(why) from error


def _after(reason: str, attempts: int) -> str:
    return reason if attempts == 1 else f"{reason}, after {attempts} attempts"
