"""Programs of the user's that are given a text to show: pager and editor."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlflow_analysis.untrusted import printable

PAGERS = (("PAGER",), ("less", "more"))
EDITORS = (("VISUAL", "EDITOR"), ("nano", "vi", "vim"))
"""Variables that name the program, the first that says something; programs to look for if none does."""
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


class ProgramProblem(Exception):  # noqa: N818  as ConnectionProblem
    """The program cannot be run; the message is a sentence with a remedy."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A text to take out of the program."""

    text: str
    is_json: bool
    name: str
    """What it is, for a file name; may hold anything."""

    @property
    def ending(self) -> str:
        """Of a file name."""
        return ".json" if self.is_json else ".txt"

    @property
    def safe_text(self) -> str:
        """The text with nothing in it that a terminal would obey.

        In JSON such characters become escapes, which say the same; in other texts, visible stand-ins.
        """
        if self.is_json:
            return _OBEYED.sub(lambda match: f"\\u{ord(match.group()):04x}", self.text)
        return printable(self.text)

    @property
    def file_name(self) -> str:
        """Safe in every file system and every shell, whatever ``name`` holds."""
        safe = re.sub(r"[^\w.-]+", "-", self.name, flags=re.ASCII).strip("-.")[:80]
        return (safe or "payload") + self.ending


def command(
    choice: tuple[tuple[str, ...], tuple[str, ...]], environment: Mapping[str, str]
) -> list[str]:
    """The program and its arguments, as the environment says; never through a shell.

    Raises ``ProgramProblem``.
    """
    variables, programs = choice
    for variable in variables:
        said = environment.get(variable, "").strip()
        if not said:
            continue
        try:
            words = shlex.split(said)
        except ValueError as error:
            raise ProgramProblem(f"{variable} is not understood: {error}. Set it anew.") from None
        if not shutil.which(words[0], path=environment.get("PATH")):
            raise ProgramProblem(f"{variable} says {words[0]}, which is not there. Set it anew.")
        return words
    for program in programs:
        found = shutil.which(program, path=environment.get("PATH"))
        if found:
            return [found]
    raise ProgramProblem(
        f"None of {', '.join(programs)} is there. Set {variables[-1]} to a program that is."
    )


def show_in(words: list[str], taken: Taken) -> tuple[int, bool]:
    """Run the program on a private file that is gone afterwards: its exit code, and whether it changed the text.

    The terminal must have been given back. Raises ``ProgramProblem``.
    """
    # A folder of its own, so that what an editor leaves beside the file goes too.
    with tempfile.TemporaryDirectory(prefix="mlflow-tui-") as folder:
        path = Path(folder) / taken.file_name
        written = taken.safe_text.encode("utf-8", "replace")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(written)
        with _interrupts_left_to_it():
            try:
                # What runs is what the user's environment names; the file's name is made safe.
                code = subprocess.run([*words, str(path)], check=False).returncode  # noqa: S603
            except OSError as error:
                reason = error.strerror or str(error)
                raise ProgramProblem(f"{words[0]} could not be started: {reason}.") from None
        try:
            changed = path.read_bytes() != written
        except OSError:
            changed = True
        return code, changed


@contextmanager
def _interrupts_left_to_it() -> Iterator[None]:
    """While another program has the terminal, ctrl+c is meant for it."""
    before = signal.signal(
        signal.SIGINT, lambda *_: None
    )  # not SIG_IGN: the program would inherit that
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
