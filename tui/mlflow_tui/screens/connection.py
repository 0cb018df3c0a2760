"""Where the traces are: choose or type an address, see whether it works, go on."""

from __future__ import annotations

import os
import time
from pathlib import Path

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static
from textual.worker import Worker

from mlflow_analysis.protocol import (
    CheckConnection,
    ConnectionReport,
    ListExperiments,
    Problem,
)
from mlflow_analysis.records import Experiment
from mlflow_styles import stylesheet
from mlflow_tui.actions import BOARD, CONNECTION, EXPERIMENTS, TRACES, bindings_for
from mlflow_tui.addresses import DEMO, EXAMPLES, choices, sign_in, without_credentials
from mlflow_tui.client import EngineProblem
from mlflow_tui.demo_store import make_demo_store
from mlflow_tui.screens.base import StepScreen
from mlflow_tui.widgets.address_list import AddressList
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.text_field import TextField
from mlflow_tui.widgets.verdict import checking, connected, refused


class ConnectionScreen(StepScreen):
    """An address field, a list of likely addresses, and the verdict of the check."""

    PLACE = CONNECTION
    BINDINGS = bindings_for(CONNECTION)
    CSS_PATH = stylesheet("connection")
    AUTO_FOCUS = "#address"

    def __init__(self) -> None:
        super().__init__()
        self._tried = ""
        """What the verdict on the screen is about: what was typed, "" for the environment."""
        self._report: ConnectionReport | None = None
        self._problem: Problem | None = None
        self._details = False
        self._check: Worker[None] | None = None
        self._since = 0.0
        self._clock: Timer | None = None
        self._jumping = False
        """Whether to go on without being asked: the command line said where to."""

    def compose_body(self) -> ComposeResult:
        """One column, the width of a page."""
        with Vertical(id="connection"):
            yield Static("Where are the traces?", id="question", markup=False)
            with Horizontal(id="address-line"):
                yield Static("address", id="address-label", markup=False)
                yield TextField(id="address")
            yield Static(self._hint(), id="address-hint", markup=False)
            yield AddressList(id="addresses")
            with VerticalScroll(id="verdict-pane", can_focus=False):
                yield Static(self._examples(), id="verdict", markup=False)

    def on_mount(self) -> None:
        """Fill the list; jump ahead if the command line says where to."""
        self.query_one(AddressList).show(choices(os.environ, self.tui.settings.recent, Path.cwd()))
        app = self.tui
        if app.start_uri is not None or app.start_experiment is not None:
            self._jumping = True
            address = app.start_uri or ""
            self.query_one(TextField).value = without_credentials(address)
            self._try(address)

    def _hint(self) -> Content:
        lines = [
            Content.assemble(
                ("enter", "bold $primary"), (" tries it   ", "$muted"),
                ("↓", "bold $primary"), (" chooses from the list", "$muted"),
            )
        ]  # fmt: skip
        signs = sign_in(os.environ)
        if signs:
            lines.append(Content.styled("sign-in: " + ", ".join(signs), "$muted"))
        return Content("\n").join(lines)

    def _examples(self) -> Content:
        lines = [Content.styled("An address may look like this", "$muted")]
        width = max(len(example) for example, _ in EXAMPLES)
        for example, meaning in EXAMPLES:
            lines.append(Content.assemble(f"  {example:<{width}}  ", (meaning, "$muted")))
        lines.append(Content.styled("\nReading never changes the store.", "$muted"))
        return Content("\n").join(lines)

    # ---- checking -----------------------------------------------------------------------

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        address = message.value.strip()
        if self._report is not None and address == self._typed_form(self._tried):
            self.action_go_on()
        else:
            self._try(address)

    @on(LineScroll.Chosen, "#addresses")
    def _clicked(self) -> None:
        self.action_check()

    def action_check(self) -> None:
        """Try the address under the cursor of the list, or go on if it was found to work."""
        chosen = self.query_one(AddressList).chosen
        if chosen is None:
            return
        if self._report is not None and self._tried == chosen.address:
            self.action_go_on()
            return
        field = self.query_one(TextField)
        field.value = self._typed_form(chosen.address)
        field.cursor_position = len(field.value)
        self._try(chosen.address)

    def action_recheck(self) -> None:
        """Try once more."""
        self._try(self._tried or self.query_one(TextField).value.strip())

    @staticmethod
    def _typed_form(address: str) -> str:
        return "" if address in ("", DEMO) else without_credentials(address)

    def _try(self, address: str) -> None:
        self._tried = address
        self._report = self._problem = None
        self._details = False
        self._since = time.monotonic()
        if self._clock is None:
            self._clock = self.set_interval(1.0, self._show)
        self._check = self._run_check(address)
        self._show()

    @work(exclusive=True, group="check", exit_on_error=False)
    async def _run_check(self, address: str) -> None:
        app = self.tui
        experiment, demo = app.start_experiment, app.start_demo
        try:
            uri = address
            if address == DEMO:
                uri, experiment = await make_demo_store()
                demo = self._jumping = True
            report = await self.client.ask(CheckConnection(uri))
            self._adopt(uri, report, keep=address != DEMO and not demo)
            if self._jumping:
                self._jumping = False
                await self._jump(experiment, demo)
        except EngineProblem as failure:
            self._problem = failure.problem
        except OSError as error:
            self._problem = Problem(
                "The sample store could not be made.",
                "See whether there is room in your cache directory.",
                str(error),
            )
        finally:
            self._check = None
            if self._clock is not None:
                self._clock.stop()
                self._clock = None
            self._show()

    def _adopt(self, uri: str, report: ConnectionReport, *, keep: bool) -> None:
        """The store is the open one from now on."""
        self._report = report
        self.tui.connected(uri, report)
        if keep and uri:
            try:
                self.tui.settings.remember(uri)
            except OSError as error:
                self.tell(f"The address is not kept for next time: {error}.", problem=True)

    async def _jump(self, wanted: str | None, demo: bool) -> None:
        """Go on to where the command line (or the demo) says."""
        if wanted is None:
            self.app.switch_mode(EXPERIMENTS)
            return
        found = (await self.client.ask(ListExperiments())).experiments
        self.state.experiments = found
        chosen = named(found, wanted)
        if chosen is None:
            self.tell(f"This store has no experiment called {wanted}. Choose one.", problem=True)
            self.app.switch_mode(EXPERIMENTS)
            return
        self.tui.choose_experiment(chosen, self.tui.start_filter)
        self.app.switch_mode(BOARD if demo else TRACES)

    # ---- the verdict --------------------------------------------------------------------

    def _show(self) -> None:
        verdict = self.query_one("#verdict", Static)
        if self._check is not None:
            seconds = time.monotonic() - self._since
            shown = without_credentials(self._tried) or "what the environment says"
            text = checking(shown, seconds, demo=self._tried == DEMO)
            verdict.update(text)
        elif self._report is not None:
            verdict.update(connected(self._report))
        elif self._problem is not None:
            verdict.update(refused(self._problem, details=self._details))
        else:
            verdict.update(self._examples())
        self.refresh_bindings()

    def action_details(self) -> None:
        """Show or hide the full error."""
        self._details = not self._details
        self._show()

    def action_go_on(self) -> None:
        """To the experiments."""
        self.tui.action_go(EXPERIMENTS)

    def action_back(self) -> None:
        """Give up a check that takes too long; leave the list for the field."""
        if self._check is not None:
            self._check.cancel()
            self._check = None
            self._jumping = False
            self.tui.restart_engine()  # it may be waiting for a host for a long time yet
            self._show()
        else:
            self.query_one(TextField).focus()

    def action_cursor(self, where: str) -> None:
        """Move in the list."""
        self.query_one(AddressList).move(where)

    def on_key(self, event: events.Key) -> None:
        """Arrows move between the field and the list."""
        addresses, field = self.query_one(AddressList), self.query_one(TextField)
        if event.key == "down" and self.focused is field:
            addresses.focus()
            event.stop()
        elif event.key == "up" and self.focused is addresses and addresses.cursor == 0:
            field.focus()
            event.stop()
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are not offered."""
        if action == "details":
            return self._problem is not None and bool(self._problem.details)
        if action == "back":
            return self._check is not None or isinstance(self.focused, AddressList)
        if action == "go_on":
            return self.state.connection is not None
        if action == "recheck":
            return self._report is not None or self._problem is not None
        return True


def named(experiments: tuple[Experiment, ...], wanted: str) -> Experiment | None:
    """The experiment of that name, or else of that id."""
    for experiment in experiments:
        if experiment.name == wanted:
            return experiment
    return next((each for each in experiments if each.experiment_id == wanted), None)
