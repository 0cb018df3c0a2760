"""Stack traces with the failing frame first."""

from __future__ import annotations

import re
from functools import partial

from mlflow_tui.inspecting.lines import Fold, Item, Line, indented

_PYTHON = re.compile(
    r'^[ \t]*File "([^"\n]+)", line (\d+)(?:, in ([^\n]+))?\n?((?:[ \t]{4,}[^\n]*)?)', re.M
)
_OTHER = re.compile(r"^[ \t]*at (?:async )?([^\n]+)$", re.M)
"""JavaScript, Java, C#: the frame that failed comes first."""
_LIBRARY = re.compile(r"site-packages|dist-packages|/lib/python\d|node_modules|<frozen ")
_START = "Traceback (most recent call last)"
LONGEST_SCANNED = 200_000


def is_stack_trace(text: str) -> bool:
    """Whether ``text`` is a stack trace, of Python or of those that print "at …" lines."""
    head = text[:LONGEST_SCANNED]
    return head.lstrip().startswith(_START) or (
        len(_OTHER.findall(head[:4_000])) >= 2 and "(" in head
    )


def stack_items(text: str, indent: int = 0) -> list[Item]:
    """Where it failed, in the program's own code too if that is elsewhere; then the trace, folded."""
    lead = indented(indent)
    count = text.rstrip().count("\n") + 1
    return [
        *(Line(kind, lead + line) for kind, line in failing_frames(text)),
        Fold(
            Line("muted", f"stack trace, {count:,} line{'s' if count != 1 else ''}"),
            partial(_lines, text, indent + 1),
            lambda: text,
            indent,
            eager=False,
        ),
    ]


def failing_frames(text: str) -> list[tuple[str, str]]:
    """Kind and text of lines that say where it failed; none if the frames are not understood."""
    tail = text[-LONGEST_SCANNED:]
    frames = _PYTHON.findall(tail)
    if frames:
        frames.reverse()  # Python prints the failing frame last
        last = tail.rstrip().rsplit("\n", 1)[-1].strip()
        own = next((frame for frame in frames if not _LIBRARY.search(frame[0])), None)
        shown = [("bad", last)] if last and not last.startswith(("File ", "^")) else []
        shown += _frame("failed at", frames[0])
        if own is not None and own is not frames[0]:
            shown += _frame("called from", own)
        return shown
    others = _OTHER.findall(text[:LONGEST_SCANNED])
    if not others:
        return []
    own = next((frame for frame in others if not _LIBRARY.search(frame)), others[0])
    shown = [("heading", f"failed at {others[0]}")]
    return shown if own == others[0] else [*shown, ("heading", f"called from {own}")]


def _frame(how: str, frame: tuple[str, str, str, str]) -> list[tuple[str, str]]:
    file, line, function, code = frame
    where = f" in {function}" if function else ""
    shown = [("heading", f"{how} {file}:{line}{where}")]
    return [*shown, ("code", f"  {code.strip()}")] if code.strip() else shown


def _lines(text: str, indent: int) -> list[Item]:
    return [Line("muted", indented(indent) + line) for line in text.rstrip().split("\n")]
