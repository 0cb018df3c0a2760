"""Where the traces are: choose, fill in or type an address, see whether it works, go on."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.connecting.surroundings import (
    EnvFileNotUnderstood,
    Setting,
    databricks_profiles,
    settings,
)
from mlflow_analysis.protocol import (
    Problem,
)
from mlflow_styles import stylesheet
from mlflow_tui.actions import CONNECTION, EXPERIMENTS, bindings_for
from mlflow_tui.addresses import DEMO, Choice, choices, without_credentials
from mlflow_tui.config.profiles import Profile, ProfilesNotUnderstood
from mlflow_tui.connection_form import Kind, kind_of
from mlflow_tui.screens.checking import CheckingScreen
from mlflow_tui.screens.connection_dialog import ConnectionDialog, Filled
from mlflow_tui.widgets.address_list import AddressList
from mlflow_tui.widgets.choice_preview import choice_preview, examples
from mlflow_tui.widgets.line_scroll import LineScroll
from mlflow_tui.widgets.text_field import TextField
from mlflow_tui.widgets.verdict import checking, connected, hanging, refused


class ConnectionScreen(CheckingScreen):
    """An address field, a list of sources, and below them what is known of the one in question."""

    PLACE = CONNECTION
    BINDINGS = bindings_for(CONNECTION)
    CSS_PATH = stylesheet("connection")
    AUTO_FOCUS = "#address"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-usual")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._typed: dict[str, str] = {}
        """Secrets typed for profiles. They live as long as this program runs."""

    def compose_body(self) -> ComposeResult:
        """One column, the width of a page."""
        with Vertical(id="connection"):
            yield Static("Where are the traces?", id="question", markup=False)
            with Horizontal(id="address-line"):
                yield Static("address", id="address-label", markup=False)
                yield TextField(id="address")
            yield Static(self._hint(), id="address-hint", markup=False)
            yield AddressList(id="addresses")
            with VerticalScroll(id="verdict-pane"):
                yield Static(examples(), id="verdict", markup=False)

    def on_mount(self) -> None:
        """Fill the list; jump ahead if the command line, or a profile, says where to."""
        app = self.tui
        start = app.start_connection
        profiles, default = self._show_choices("")
        if start is not None:
            self._jumping = True
            self.query_one(TextField).value = without_credentials(start.tracking_uri)
            self._try(start)
            return
        # The environment says where to for this shell: that goes before what was used last.
        last = "" if os.environ.get("MLFLOW_TRACKING_URI") else default or app.settings.last_profile
        wanted = app.start_profile or last
        if wanted or app.start_experiment is not None:
            self._jumping = True
            self._try_profile(wanted) if wanted else self._try(ConnectionRequest())
        if profiles:
            self.query_one(AddressList).focus()

    @on(events.ScreenResume)
    def _back_again(self) -> None:
        """Whoever is connected comes to look: from the list the digits lead on, in the field they would be typed."""
        if self.state.connection is not None:
            self.set_focus(self.query_one(AddressList))

    def _show_choices(self, profile: str) -> tuple[list[Profile], str]:
        profiles, default = self.read_profiles()
        app = self.tui
        found = choices(
            os.environ, app.settings.recent, Path.cwd(), profiles, default, app.start_env_file
        )
        self.query_one(AddressList).show(found, profile or default or app.settings.last_profile)
        return profiles, default

    def _hint(self) -> Content:
        return Content.assemble(
            ("enter", "bold $primary"), (" tries it   ", "$muted"),
            ("↓", "bold $primary"), (" chooses from the list", "$muted"),
        )  # fmt: skip

    # ---- profiles (KeepingScreen) -------------------------------------------------------

    @property
    def chosen(self) -> Choice | None:
        """What is under the cursor of the list."""
        return self.query_one(AddressList).chosen

    def profiles_changed(self, name: str) -> None:
        """Draw the list anew."""
        self._show_choices(name)
        self.show()

    def keep_as(self, connection: ConnectionRequest, name: str) -> bool:
        """As ``KeepingScreen``; what was tried is that profile from now on."""
        kept = super().keep_as(connection, name)
        if kept and connection == self._tried:
            self._profile, self._looking = name.strip(), False
            self._typed[self._profile] = connection.sign_in.secret
            if self._report is not None:
                self.remember()
            self.show()
        return kept

    def action_save_profile(self) -> None:
        """Keep what was tried, or what is under the cursor, as a profile."""
        connection, name = self._tried, self._profile
        if connection is None or self._looking:
            chosen = self.chosen
            connection = chosen.connection if chosen else None
            name = chosen.profile.name if chosen and chosen.profile else ""
        if connection is not None:
            self.keep(connection, name)

    # ---- choosing -----------------------------------------------------------------------

    @on(Input.Submitted, "#address")
    def _submitted(self, message: Input.Submitted) -> None:
        address = message.value.strip()
        tried = self._tried is not None and not self._looking
        if tried and self._tried and address == without_credentials(self._tried.tracking_uri):
            self.action_go_on() if self._report is not None else self.action_recheck()
            return
        connection = ConnectionRequest(address, self.tui.start_env_file)
        self._set_field(connection)  # a password in it has been seen long enough
        self._try(connection)

    @on(LineScroll.Chosen, "#addresses")
    def _clicked(self) -> None:
        self.action_check()

    @on(LineScroll.Moved, "#addresses")
    def _moved(self) -> None:
        self._looking = self.query_one(AddressList).has_focus
        self.show()

    def action_check(self) -> None:
        """Try what is under the cursor of the list, or go on if it was found to work."""
        chosen = self.chosen
        if chosen is None:
            return
        if self._report is not None and (not self._looking or self._is_tried(chosen)):
            self.action_go_on()
        elif chosen.profile is not None:
            self._try_profile(chosen.profile.name)
        elif chosen.new is not None:
            self._fill_in(chosen.new)
        elif chosen.kind == DEMO:
            self._try(ConnectionRequest(), demo=True)
        elif chosen.connection is not None:
            self._set_field(chosen.connection)
            self._try(chosen.connection)

    def _is_tried(self, chosen: Choice) -> bool:
        if chosen.profile is not None:
            return chosen.profile.name == self._profile
        if chosen.kind == DEMO:
            return self._tried_demo
        return not self._profile and chosen.connection == self._tried

    def _set_field(self, connection: ConnectionRequest) -> None:
        field = self.query_one(TextField)
        field.value = without_credentials(connection.tracking_uri)
        field.cursor_position = len(field.value)

    def _try_profile(self, name: str) -> None:
        """Try a profile; a secret that it does not name is asked for first, once a run."""
        try:
            profile = self.profiles.get(name)
        except ProfilesNotUnderstood as problem:
            self._refuse(Problem(problem.sentence, problem.remedy))
            return
        except OSError as error:
            self._refuse(Problem(f"The profiles cannot be read: {error.strerror or error}."))
            return
        connection = profile.connection
        if self.tui.start_env_file:
            connection = replace(connection, env_file=self.tui.start_env_file)
        if profile.secret_is_typed:
            secret = self._typed.get(name, "")
            connection = replace(connection, sign_in=replace(connection.sign_in, secret=secret))
            if not secret:
                self._fill_in(kind_of(connection), connection, profile, secret_wanted=True)
                return
        self._set_field(connection)
        self._try(connection, profile=name)

    def _refuse(self, problem: Problem) -> None:
        self._tried, self._report, self._problem = None, None, problem
        self._stages, self._looking, self._jumping = {}, False, False
        self.show()

    def action_edit(self) -> None:
        """Fill in what is under the cursor, or what was tried, field by field."""
        chosen = self.chosen
        if chosen is None:
            return
        if chosen.new is not None:
            self._fill_in(chosen.new)
        elif chosen.connection is not None:
            connection = chosen.connection
            if self._is_tried(chosen) and self._tried is not None:
                connection = self._tried
            self._fill_in(kind_of(connection), connection, chosen.profile)

    def _fill_in(
        self,
        kind: Kind,
        connection: ConnectionRequest | None = None,
        profile: Profile | None = None,
        *,
        secret_wanted: bool = False,
    ) -> None:
        try:
            databricks = databricks_profiles()
        except OSError as error:
            self.tell(f"The Databricks config file cannot be read: {error.strerror}.", problem=True)
            databricks = ()
        title = f"{profile.name} · {kind.value}" if profile else kind.value
        dialog = ConnectionDialog(
            kind, connection, title=title, databricks=databricks, secret_wanted=secret_wanted
        )
        name = profile.name if profile else ""

        def filled(answer: Filled | None) -> None:
            if answer is None:
                self._jumping = False
                return
            if name and answer.connection.sign_in.secret:
                self._typed[name] = answer.connection.sign_in.secret
            # With only the secret added it is still the profile; with anything else it is not.
            same = profile is not None and (
                _without_secret(answer.connection) == _without_secret(profile.connection)
            )
            self._set_field(answer.connection)
            self._try(answer.connection, profile=name if same or answer.keep else "")
            if answer.keep and name:
                self.keep_as(answer.connection, name)
            elif answer.keep:
                self.keep(answer.connection, name)

        self.app.push_screen(dialog, filled)

    # ---- what is shown below ------------------------------------------------------------

    def show(self) -> None:
        """Draw what is known of the source in question."""
        width = self.query_one("#verdict-pane").scrollable_content_region.width
        self.query_one("#verdict", Static).update(hanging(self._said(), width))
        self.refresh_bindings()

    def _said(self) -> Content:
        stages = list(self._stages.values())
        chosen = self.chosen
        if self._check is not None and self._tried is not None:
            seconds = time.monotonic() - self._since
            shown = self._profile or without_credentials(self._tried.tracking_uri)
            making = self._tried_demo and not stages
            shown = "the sample store" if self._tried_demo else shown or "what the environment says"
            return checking(shown, seconds, stages, making=making)
        if self._looking and chosen is not None and not self._is_tried(chosen):
            return choice_preview(chosen, self._settings(chosen))
        if self._report is not None:
            return connected(self._report)
        if self._problem is not None:
            return refused(self._problem, stages, details=self._details)
        if self._looking and chosen is not None:
            return choice_preview(chosen, self._settings(chosen))
        return examples()

    def _settings(self, chosen: Choice) -> tuple[Setting, ...] | str:
        """The variables that are in force for a choice, or why they cannot be told."""
        if chosen.connection is None or chosen.kind not in ("environment", "profile"):
            return ()
        try:
            return settings(env_file=chosen.connection.env_file or self.tui.start_env_file)
        except EnvFileNotUnderstood as problem:
            return f"{problem.sentence} {problem.remedy}"

    # ---- moving -------------------------------------------------------------------------

    def action_go_on(self) -> None:
        """To the experiments."""
        self.tui.action_go(EXPERIMENTS)

    def action_back(self) -> None:
        """Give up a check that takes too long; leave the list for the field."""
        if self._check is not None:
            self.give_up()
        else:
            self._looking = False
            self.query_one(TextField).focus()
            self.show()

    def action_cursor(self, where: str) -> None:
        """Move in the list, or scroll what is said below if that has the focus."""
        pane = self.query_one("#verdict-pane", VerticalScroll)
        if self.focused is not pane:
            self.query_one(AddressList).move(where)
        elif where in ("first", "last"):
            (pane.scroll_home if where == "first" else pane.scroll_end)(animate=False)
        else:
            step = pane.size.height - 1 if where.startswith("page") else 1
            pane.scroll_relative(y=step if where.endswith("down") else -step, animate=False)

    def on_resize(self) -> None:
        """What is said wraps elsewhere at another width."""
        self.call_after_refresh(self.show)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Whoever comes to the list sees what is under its cursor, unless there is a verdict to read."""
        verdict = self._report is not None or self._problem is not None
        if isinstance(event.widget, AddressList) and not verdict:
            self._looking = True
        self.show()

    def on_key(self, event: events.Key) -> None:
        """Arrows move between the field and the list."""
        addresses, field = self.query_one(AddressList), self.query_one(TextField)
        if event.key == "down" and self.focused is field:
            addresses.focus()
            event.stop()
        elif event.key == "up" and self.focused is addresses and addresses.cursor == 0:
            self.action_back() if self._check is None else field.focus()
            event.stop()
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are not offered."""
        chosen, in_list = self.chosen, isinstance(self.focused, AddressList)
        if action == "details":
            return self._problem is not None and bool(self._problem.details)
        if action == "back":
            return self._check is not None or not isinstance(self.focused, TextField)
        if action == "go_on":
            return self.state.connection is not None
        if action == "recheck":
            return self._report is not None or self._problem is not None
        if action == "edit":
            return in_list and chosen is not None and chosen.kind != DEMO
        if action == "save_profile":
            here = chosen is not None and chosen.connection is not None
            return (self._tried is not None and not self._tried_demo) or (self._looking and here)
        if action in ("rename_profile", "make_default", "delete_profile"):
            return in_list and chosen is not None and chosen.profile is not None
        return True


def _without_secret(connection: ConnectionRequest) -> ConnectionRequest:
    return replace(connection, sign_in=replace(connection.sign_in, secret=""))
