"""How a process ended, told from what it printed: exit codes, tracebacks, test reports."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 600
_EXIT = re.compile(
    r"^\W{0,3}(?:error: )?(?:[A-Za-z' ,(-]{0,60}?\b)?"
    r"(?:exit[ _-]?(?:code|status)|return[ _-]?code|exited with(?: code)?)"
    r"(?: was| is| of)?\s*[:=>)\"]{0,3}\s*(-?\d{1,10})\b\s*(?:$|[)\](:;,.<]|and\b)",
    re.IGNORECASE,
)
_EXIT_LINES = 4
_TRACEBACK = re.compile(r"^[ \t]*Traceback \(most recent call last\):", re.MULTILINE)
_EXCEPTION_LINE = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Timeout|NotFound)\b(?:: .*)?$",
    re.MULTILINE,
)
_TAIL = 8_000
_MOST_BEHIND = 400
_TEST_REPORT = re.compile(
    r"^=+ .*\b\d+ (?:passed|failed|errors?)\b.*=+\s*$|^\d+ (?:passed|failed)\b.* in [\d.]+s|^Ran \d+ tests? in "
    r"|^Tests?: +.*\d+ (?:passed|failed|total)|^--- FAIL: |^FAIL\t|^test result: (?:ok|FAILED)"
    r"|^[ \t]*\d+ (?:passing|failing)\b|^Tests run: \d+, Failures: |^\d+ examples?, \d+ failures?",
    re.MULTILINE,
)
"""The summaries of pytest, unittest, Jest, Go, Cargo, Mocha, JUnit and RSpec."""
_ONE_MEANS_NO = re.compile(
    r"\s*(?:(?:ba|z)?sh -l?c [\"']?)?(?:\w+=\S+ )*"
    r"(?:grep|egrep|fgrep|rg|ag|ack|diff|cmp|test|\[\[?|which|pgrep|git diff|git grep)\s"
)
"""Commands whose exit code 1 is an answer: no match, or different."""
_SEPARATOR = re.compile(r"&&|\|\|?|;|\n")
_READS = re.compile(
    r"^\s*(?:cd [^;&|]*(?:&&|;)\s*)?"
    r"(?:cat|head|tail|less|more|sed|awk|grep|rg|git|nl|zcat|journalctl|kubectl logs|docker logs)\b"
)


@dataclass(frozen=True, slots=True)
class Raised:
    """The line that tells why a process failed."""

    message: str
    start: int
    """Where ``message`` starts in the text."""


def exit_code(text: str) -> tuple[int, int] | None:
    """The exit code stated in the first or the last lines, and where its line starts."""
    ends = (text[:1_200], text[-600:])
    if not any("exit" in end or "return" in end for end in map(str.lower, ends)):
        return None
    position = 0
    for line in ends[0].split("\n")[:_EXIT_LINES]:
        found = _EXIT.match(line[:200])
        if found:
            return int(found[1]), position
        position += len(line) + 1
    position = len(text)
    for line in reversed(ends[1].split("\n")[-_EXIT_LINES:]):
        position -= len(line)
        found = _EXIT.match(line[:200])
        if found:
            return int(found[1]), position
        position -= 1
    return None


def is_answer(text: str, command: str) -> bool:
    """Whether exit code 1 tells a result: tests that failed, a search without a match."""
    # the exit code is that of the last command
    last = _SEPARATOR.split(command[-1_000:].strip())[-1] if command else ""
    return reports_tests(text) or bool(_ONE_MEANS_NO.match(last))


def reports_tests(text: str) -> bool:
    """Whether the text ends with the summary of a test run."""
    return bool(_TEST_REPORT.search(text[-4_000:]))


def only_reads(command: str) -> bool:
    """Whether a shell command prints what is in a file or a history, tracebacks included."""
    return bool(_READS.match(command))


def last_exception(text: str, start: int = 0) -> Raised | None:
    """The last exception line from ``start`` on."""
    lines = list(_EXCEPTION_LINE.finditer(text, start))
    return Raised(lines[-1][0][:_LONGEST], lines[-1].start()) if lines else None


def ending_traceback(text: str) -> Raised | None:
    """The exception of a traceback with which the text ends."""
    begin = max(0, len(text) - _TAIL)
    traceback = _TRACEBACK.search(text, begin)
    if traceback is None:
        return None
    raised = last_exception(text, traceback.start())
    if raised is None or len(text) - raised.start - len(raised.message) > _MOST_BEHIND:
        return None
    return raised


def reason_of_exit(text: str, start: int) -> Raised:
    """Why a process that failed did so: its last exception, else what follows the exit code."""
    raised = last_exception(text)
    if raised is not None:
        return raised
    message = text[start : start + _LONGEST].strip()
    return (
        Raised(message, start)
        if len(message) > 40 or start == 0
        else Raised(text[:_LONGEST].strip(), 0)
    )
