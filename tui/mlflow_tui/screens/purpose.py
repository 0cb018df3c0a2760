"""Before the board: what the application does, as drafted from its traces, and what worries you.

Reading goes on meanwhile; every answer can be left out.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.protocol import ConfirmPurpose, Pushed
from mlflow_analysis.untrusted import single_line
from mlflow_styles import stylesheet
from mlflow_tui.actions import BOARD, PURPOSE, bindings_for
from mlflow_tui.client import EngineProblem
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.screens.claim import claim_of
from mlflow_tui.screens.dialog import comes_to_the_top
from mlflow_tui.screens.text_dialog import TextDialog
from mlflow_tui.widgets.board_status import READING, BoardStatus, Standing
from mlflow_tui.widgets.chrome import FooterLine, HeaderLine, RoomNotice
from mlflow_tui.widgets.glyphs import UNICODE, Glyphs, glyphs_for
from mlflow_tui.widgets.palette import ROLES, palette_of
from mlflow_tui.widgets.purpose_page import TOOL, TOPIC, Item, has_tool, purpose_page
from mlflow_tui.widgets.strip_view import StripView


def with_tool(purpose: Purpose, name: str, has_it: bool) -> Purpose:
    """``purpose`` with that tool declared or not; the first word on tools declares those it shows."""
    declared = purpose.declared_tools
    names = tuple(tool.name for tool in purpose.tools) if declared is None else declared
    others = tuple(each for each in names if each != name)
    return replace(purpose, declared_tools=(*others, name) if has_it else others)


def with_topic(purpose: Purpose, name: str, *, out_of_scope: bool) -> Purpose:
    """``purpose`` with that kind of request out of its scope, or in it."""
    others = tuple(each for each in purpose.out_of_scope if each != name)
    return replace(purpose, out_of_scope=(*others, name) if out_of_scope else others)


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
    """Tools, data sources and request patterns, each to be ticked; the cursor is on one of them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*ROLES}

    def __init__(self, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._purpose: Purpose | None = None
        self._items: tuple[Item, ...] = ()
        self._chosen = ("", "")
        """Kind and name of the item under the cursor: it stays on it as the draft grows."""

    @property
    def item(self) -> Item | None:
        """What the cursor is on."""
        return self._items[self._cursor] if self._items else None

    @property
    def _cursor(self) -> int:
        names = [(each.kind, each.name) for each in self._items]
        return names.index(self._chosen) if self._chosen in names else 0

    def show_purpose(self, purpose: Purpose) -> None:
        """Show another draft, without moving."""
        if purpose != self._purpose:
            self._purpose = purpose
            self._draw()

    def on_resize(self) -> None:
        """Columns end elsewhere."""
        self._draw()

    def step(self, by: int) -> None:
        """Move the cursor, and where there is nothing more to tick, scroll."""
        target = self._cursor + by
        if not 0 <= target < len(self._items):
            self.move("down" if by > 0 else "up")
            return
        self._choose(target)

    def choose(self, kind: str, name: str) -> None:
        """Put the cursor on that item, if it is there."""
        for number, each in enumerate(self._items):
            if (each.kind, each.name) == (kind, name):
                self._choose(number)

    def _choose(self, number: int) -> None:
        item = self._items[number]
        self._chosen = (item.kind, item.name)
        self._draw()
        # With the heading above the first ones, so that one sees what they are.
        self.bring_into_view(max(0, item.line - 1), item.line + item.lines - 1)

    def _draw(self) -> None:
        if self._purpose is None or not self.scrollable_size.width:
            return
        width, palette = self.scrollable_size.width, palette_of(self)
        self._items = purpose_page(self._purpose, width, self._glyphs, palette).items
        drawn = purpose_page(self._purpose, width, self._glyphs, palette, self._cursor)
        self.show(drawn.lines, keep_place=True)


class PurposeScreen(StepScreen):
    """Confirm or correct the purpose, then say what worries you, or skip both."""

    PLACE: ClassVar[str] = PURPOSE
    BINDINGS = bindings_for(PURPOSE)
    CSS_PATH = stylesheet("purpose")

    def __init__(self) -> None:
        super().__init__()
        self._glyphs = glyphs_for(os.environ)
        self._corrected = False
        self._answered = False
        self._touched = False
        """Whether a tick was set or taken."""

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
                            "  It is tested as a claim of your own, and those that speak of it "
                            "come first. Enter alone goes on.",
                            "$muted",
                        ),
                    )
                )
                worry = Input(placeholder="refund -> latency, say; or just words", id="worry")
                worry.cursor_blink = False
                yield worry
        yield FooterLine()
        yield RoomNotice()

    def on_mount(self) -> None:
        """Nothing is edited before it is asked for."""
        self.query_one(PurposeView).focus()
        self._draw()
        self.call_after_refresh(self._draw)  # the description, which had the keys until now

    # ---- what is shown --------------------------------------------------------------------

    def engine_pushed(self, bodies: tuple[Pushed, ...]) -> None:
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
        progress = self.state.board.progress if self.state.analysing else None
        reading = progress is not None and progress.stage == READING
        shown = "so far, failing traces first" if reading else "as the traces show it"
        return Content.assemble(
            ("What the application does", "bold $primary"),
            (f"  {shown}; untick what is not so", "$muted"),
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

    def action_cursor(self, where: str) -> None:
        """To the next or previous thing that can be ticked."""
        self.query_one(PurposeView).step(1 if where == "down" else -1)

    def action_tick(self) -> None:
        """Tick or untick what the cursor is on."""
        view = self.query_one(PurposeView)
        item, purpose = view.item, self.state.board.purpose
        if item is None or purpose is None:
            return
        if item.kind == TOOL:
            self._say(with_tool(purpose, item.name, not has_tool(purpose, item.name)))
        else:
            inside = item.name not in purpose.out_of_scope
            self._say(with_topic(purpose, item.name, out_of_scope=inside))

    @work(exclusive=True, group="dialog")
    async def action_add_tool(self) -> None:
        """A tool that no trace calls, so that calling it is no surprise."""
        name = await self.app.push_screen_wait(
            TextDialog(
                "A tool that the application has",
                hint="Its name as it stands in a trace. A call of a tool that is neither named nor "
                "ticked here becomes a finding.",
                verb="add",
            )
        )
        purpose = self.state.board.purpose
        if name and purpose is not None:
            self._say(with_tool(purpose, single_line(name), True))
            self.query_one(PurposeView).choose(TOOL, single_line(name))

    @work(exclusive=True, group="dialog")
    async def action_add_topic(self) -> None:
        """Words of requests that are none of the application's business."""
        words = await self.app.push_screen_wait(
            TextDialog(
                "A topic that is out of scope",
                hint="Requests that hold all these words need not be answered: refusing them is no "
                "finding.",
                verb="add",
            )
        )
        purpose = self.state.board.purpose
        if words and purpose is not None:
            self._say(with_topic(purpose, single_line(words), out_of_scope=True))
            self.query_one(PurposeView).choose(TOPIC, single_line(words))

    def _say(self, purpose: Purpose) -> None:
        self._touched = True
        self.state.board.correct_purpose(purpose)
        self._draw()

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

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close, if need be when it would be seen again; nothing if it is closed already."""
        self._answered = True
        return super().dismiss(result) if comes_to_the_top(self) else AwaitComplete()

    @on(events.ScreenResume)
    def _answered_meanwhile(self) -> None:
        if self._answered:
            self.dismiss()

    def action_skip_questions(self) -> None:
        """To the board, with the purpose as it was and no focus."""
        self.state.board.settle_purpose(self.state.charter.purpose)
        self.dismiss()

    def _finish(self, worry: str) -> None:
        board = self.state.board
        draft = board.purpose
        assert draft is not None, "the focus is asked for after the purpose"
        described = self.query_one(DescriptionField).text.strip()
        purpose = replace(draft, description=described, confirmed_by_user=True)
        # In the words of a draft it is confirmed as the last one says it, which knows all traces.
        said = (
            purpose
            if self._corrected or not self.state.analysing
            else replace(purpose, description="")
        )
        board.settle_purpose(said)
        if worry.strip():
            board.set_focus(worry)
        self.tui.keep_charter(self.state.charter.with_purpose(purpose))
        claim = claim_of(worry)
        if claim is not None:
            self.tui.ask_claims((*self.state.charter.focuses, claim))
        if self.state.analysing:
            # A worker of the app: this screen is gone before the engine answers.
            self.app.run_worker(self._send(said), group="purpose", exit_on_error=False)
        elif self._touched:
            self.tell("S analyses again, with these tools and this scope.")
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
        if action in ("tick", "add_tool", "add_topic"):
            return not editing and self.state.board.purpose is not None
        if action == "cursor":
            return not editing
        return True
