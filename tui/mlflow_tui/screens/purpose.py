"""Before the board: what the application does, as drafted from its traces, and what worries you.

Reading goes on meanwhile; every answer can be left out.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from mlflow_analysis.events import Event
from mlflow_analysis.findings import Purpose
from mlflow_analysis.protocol import ConfirmPurpose, TableGrew
from mlflow_styles import stylesheet
from mlflow_tui.actions import BOARD, PURPOSE, bindings_for
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.widgets.board_status import BoardStatus, Standing
from mlflow_tui.widgets.chrome import FooterLine, HeaderLine, RoomNotice
from mlflow_tui.widgets.glyphs import UNICODE, Glyphs, glyphs_for
from mlflow_tui.widgets.palette import ROLES, palette_of
from mlflow_tui.widgets.purpose_page import purpose_page
from mlflow_tui.widgets.strip_view import StripView


class DescriptionField(TextArea):
    """One paragraph of text; enter is the end of it, not a new line."""

    class Submitted(Message):
        """Enter was pressed."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted())
            return
        await super()._on_key(event)


class PurposeView(StripView):
    """Tools, data sources and request patterns."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*ROLES}

    def __init__(self, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._purpose: Purpose | None = None

    def show_purpose(self, purpose: Purpose) -> None:
        """Show another draft, without moving."""
        if purpose != self._purpose:
            self._purpose = purpose
            self._draw()

    def on_resize(self) -> None:
        """Columns end elsewhere."""
        self._draw()

    def _draw(self) -> None:
        if self._purpose is not None and self.scrollable_size.width:
            lines = purpose_page(
                self._purpose, self.scrollable_size.width, self._glyphs, palette_of(self)
            )
            self.show(lines, keep_place=True)


class PurposeScreen(StepScreen):
    """Confirm or correct the purpose, then say what worries you, or skip both."""

    PLACE: ClassVar[str] = PURPOSE
    BINDINGS = bindings_for(PURPOSE)
    CSS_PATH = stylesheet("purpose")

    def __init__(self) -> None:
        super().__init__()
        self._glyphs = glyphs_for(os.environ)
        self._corrected = False

    def compose(self) -> ComposeResult:
        """As every step; the header names the board, which this belongs to."""
        yield HeaderLine(BOARD)
        yield BoardStatus(self._glyphs)
        with Vertical(id="purpose-body"):
            yield Static(id="purpose-title")
            description = DescriptionField(id="description", soft_wrap=True, tab_behavior="focus")
            description.cursor_blink = False
            yield description
            yield PurposeView(self._glyphs)
            with Vertical(id="focus-question"):
                yield Static(
                    Content.assemble(
                        ("What worries you?", "bold $primary"),
                        (
                            "  Claims that speak of it are marked and come first; nothing is "
                            "left out. Enter alone goes on.",
                            "$muted",
                        ),
                    )
                )
                worry = Input(placeholder="refunds that time out, say", id="worry")
                worry.cursor_blink = False
                yield worry
        yield FooterLine()
        yield RoomNotice()

    def on_mount(self) -> None:
        """Nothing is edited before it is asked for."""
        self.query_one(PurposeView).focus()
        self._draw()

    # ---- what is shown --------------------------------------------------------------------

    def engine_pushed(self, bodies: tuple[Event | TableGrew, ...]) -> None:
        """The draft grows with what is read, until someone corrects it."""
        self._draw()

    def state_changed(self) -> None:
        """The run ended or failed."""
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        state = self.state
        purpose = state.board.purpose
        progress = state.board.progress if state.analysing else None
        done = state.board.analysis
        problem = state.analysis_problem
        self.query_one(BoardStatus).say(
            Standing(
                progress=progress,
                traces_read=done.traces_read if done is not None else None,
                waiting="Starting …",
                to_decide=None,
                problem=f"{problem.sentence} {problem.remedy}" if problem is not None else "",
            )
        )
        self.query_one("#purpose-title", Static).update(self._title(purpose), layout=False)
        if purpose is not None:
            field = self.query_one(DescriptionField)
            if not self._corrected and not field.has_focus and field.text != purpose.description:
                field.load_text(purpose.description)
            self.query_one(PurposeView).show_purpose(purpose)
        self.refresh_bindings()

    def _title(self, purpose: Purpose | None) -> Content:
        if purpose is None:
            return Content.styled(
                "Reading the first traces to see what the application does …", "$muted"
            )
        return Content.assemble(
            ("What the application does", "bold $primary"),
            ("  as the traces show it; confirm or correct", "$muted"),
        )

    # ---- answering ------------------------------------------------------------------------

    @property
    def _asks_focus(self) -> bool:
        return self.has_class("-asks-focus")

    async def action_confirm(self) -> None:
        """Enter outside the text fields: the purpose is right as it stands."""
        if self._asks_focus:
            self._finish(self.query_one("#worry", Input).value)
        elif self.state.board.purpose is not None:
            self.add_class("-asks-focus")
            self.query_one("#worry", Input).focus()
            self.refresh_bindings()

    def action_correct(self) -> None:
        """Put the cursor into the description."""
        field = self.query_one(DescriptionField)
        field.move_cursor(field.document.end)
        field.focus()

    @on(TextArea.Changed)
    def _changed(self) -> None:
        if self.query_one(DescriptionField).has_focus:
            self._corrected = True

    @on(DescriptionField.Submitted)
    async def _described(self) -> None:
        self.query_one(PurposeView).focus()
        await self.action_confirm()

    @on(Input.Submitted)
    def _worried(self, event: Input.Submitted) -> None:
        self._finish(event.value)

    def action_back(self) -> None:
        """Out of the text field."""
        self.remove_class("-asks-focus")
        self.query_one(PurposeView).focus()
        self.refresh_bindings()

    def action_skip_questions(self) -> None:
        """To the board, with the purpose as a draft and no focus."""
        self.state.board.settle_purpose(None)
        self.dismiss()

    def _finish(self, worry: str) -> None:
        board = self.state.board
        draft = board.purpose
        assert draft is not None, "the focus is asked for after the purpose"
        described = self.query_one(DescriptionField).text.strip()
        purpose = replace(draft, description=described, confirmed_by_user=True)
        board.settle_purpose(purpose)
        board.set_focus(worry)
        if self.state.analysing:
            # A worker of the app: this screen is gone before the engine answers.
            self.app.run_worker(self._send(purpose), group="purpose", exit_on_error=False)
        self.dismiss()

    async def _send(self, purpose: Purpose) -> None:
        try:
            await self.client.ask(ConfirmPurpose(purpose))
        except EngineProblem as failure:
            # The report takes the purpose from the board, so nothing is lost.
            self.app.notify(failure.problem.sentence, severity="warning")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a field has the keys only what ends it is offered."""
        if not self.is_mounted or not self.query(DescriptionField):
            return True
        editing = self.query_one(DescriptionField).has_focus or self._asks_focus
        if action == "back":
            return editing
        if action == "confirm":
            return self.state.board.purpose is not None
        if action == "correct":
            return not editing and self.state.board.purpose is not None
        if action == "skip_questions":
            return not editing
        return True
