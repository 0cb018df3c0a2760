"""Text that a terminal or a markup parser would obey."""

from __future__ import annotations

import re

from mlflow_tui.application import MlflowTui
from trace_factory import feedback, model, tool, trace

PIECES = (
    "\x1b]52;c;aGk=\x07",
    "\x1b[2J",
    "\x9b31m",
    "[@click=app.bell]x[/]",
    "[/foo]",
    "[b +",
    "\u202eevil\u202c",
    "\ud83d",
    "nul\x00 bell\x07 back\x08",
)
TEXT = " ".join(PIECES)
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]")


def hostile_trace(number: int = 1):  # type: ignore[no-untyped-def]
    """A trace that is hostile wherever text can stand. Nothing has made it printable."""
    return trace(
        tool(
            f"tool {TEXT}",
            inputs={TEXT: TEXT, "messages": [{"role": TEXT, "content": TEXT}]},
            outputs={"text": TEXT, "list": [TEXT]},
            status="ERROR",
            message=TEXT,
            attributes={TEXT: TEXT},
            exception=(TEXT, TEXT),
        ),
        model(f"model {TEXT}", model=TEXT),
        request=TEXT,
        response=TEXT,
        session=f"session {TEXT}",
        state="ERROR",
        assessments=[feedback(TEXT, TEXT, rationale=TEXT)],
        number=number,
    )


def drawn(app: MlflowTui) -> list[str]:
    """The lines on the screen, as they are sent to the terminal."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def assert_harmless(app: MlflowTui) -> None:
    """Nothing on the screen could be obeyed."""
    for line in drawn(app):
        found = OBEYED.search(line)
        assert found is None, f"{found!r} in {line!r}"
