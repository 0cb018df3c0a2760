"""A claim of the user's own: which traces, and what may be wrong with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from mlflow_analysis.brief.focus import OUTCOMES, PLACES, Focus, FocusNotUnderstood, focus_of, parse
from mlflow_analysis.protocol import Problem
from mlflow_analysis.untrusted import single_line
from mlflow_tui.screens.dialog import Dialog
from mlflow_tui.widgets.text_field import TextField

_FIELDS = (
    (
        "words",
        "Words",
        "all of them; “a phrase” in quotes; or judge: and a sentence that the judge decides on",
    ),
    ("places", "Look in", f"{', '.join(PLACES)}; everywhere if empty"),
    ("filter", "Filter", "tags.region = 'eu' AND trace.status = 'OK'; MLflow's syntax"),
    ("outcome", "Outcome", f"{', '.join(OUTCOMES)} or an assessment's name; failure if empty"),
)


def claim_of(worry: str) -> Focus | None:
    """The claim that a worry makes; ``None`` if it names nothing to look for."""
    try:
        return parse(worry)
    except FocusNotUnderstood:
        return None


class ClaimDialog(Dialog[Focus | None]):
    """Four fields; enter tests. ``check`` has the store look at the filter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "back"),
        Binding("down", "app.focus_next", "next"),
        Binding("up", "app.focus_previous", "previous"),
    ]

    def __init__(
        self, check: Callable[[str], Awaitable[Problem | None]], claim: Focus | None = None
    ) -> None:
        super().__init__()
        self._check = check
        self._claim = claim

    def compose(self) -> ComposeResult:
        """The fields with what they are good for, an objection, the keys."""
        claim = self._claim
        values = {
            "words": (claim.text if claim.judge else claim.words) if claim else "",
            "places": ", ".join(claim.places) if claim else "",
            "filter": claim.filter if claim else "",
            "outcome": claim.outcome if claim and not claim.judge else "",
        }
        with Vertical(classes="dialog", id="claim"):
            title = "Change the claim" if claim else "A claim of your own"
            yield Static(
                Content.assemble(
                    (title, "bold $primary"),
                    ("  Do these traces do worse than the others?", "$muted"),
                ),
                classes="dialog-title",
            )
            with VerticalScroll(can_focus=False):
                for name, label, hint in _FIELDS:
                    with Horizontal(classes="claim-row"):
                        yield Static(label, classes="claim-label", markup=False)
                        with Vertical():
                            yield TextField(values[name], id=f"claim-{name}", select_on_focus=False)
                            yield Static(Content.styled(hint, "$muted"), classes="claim-hint")
            yield Static(id="claim-objection", classes="problem", markup=False)
            yield Static(
                Content.assemble(
                    ("enter", "bold $primary"),
                    (" test it    ", "$muted"),
                    ("↑↓ tab", "bold $primary"),
                    (" field    ", "$muted"),
                    ("esc", "bold $primary"),
                    (" back", "$muted"),
                ),
                classes="dialog-keys",
            )

    def on_mount(self) -> None:
        """Nothing is objected to yet."""
        self.query_one("#claim-objection").display = False

    def _value(self, name: str) -> str:
        return self.query_one(f"#claim-{name}", Input).value

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._take()

    @work(exclusive=True)
    async def _take(self) -> None:
        """Close with the claim, or say what is wrong with it."""
        words = self._value("words")
        try:
            if not any(map(self._value, ("places", "filter", "outcome"))):
                claim = parse(words)  # as on the command line: refund -> latency
            else:
                claim = focus_of(*map(self._value, ("words", "filter", "places", "outcome")))
        except FocusNotUnderstood as error:
            self._object(str(error))
            return
        problem = await self._check(claim.filter) if claim.filter else None
        if problem is not None:
            self._object(f"{problem.sentence} {problem.remedy}")
            self.query_one("#claim-filter").focus()
            return
        self.dismiss(claim)

    def _object(self, sentence: str) -> None:
        objection = self.query_one("#claim-objection", Static)
        objection.update(Content(single_line(sentence)))
        objection.display = True

    def action_give_up(self) -> None:
        """Close without a claim."""
        self.dismiss(None)
