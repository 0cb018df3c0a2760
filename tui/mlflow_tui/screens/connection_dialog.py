"""A source filled in field by field: where it is, and how to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.connecting.surroundings import DatabricksProfile
from mlflow_tui.connection_form import (
    METHOD,
    SECRET,
    Field,
    Kind,
    connection_of,
    fields_of,
    values_of,
)
from mlflow_tui.screens.dialog import Dialog
from mlflow_tui.widgets.choice_field import ChoiceField
from mlflow_tui.widgets.text_field import TextField

_NEEDED = {
    Kind.SQLITE: ("path",),
    Kind.FILES: ("path",),
    Kind.POSTGRESQL: ("host", "database"),
    Kind.MYSQL: ("host", "database"),
    Kind.SERVER: ("address",),
    Kind.DATABRICKS: (),
    Kind.ENVIRONMENT: (),
}


@dataclass(frozen=True)
class Filled:
    """What was filled in. ``keep``: as a profile, before it is tried."""

    connection: ConnectionRequest
    keep: bool = False


class ConnectionDialog(Dialog[Filled | None]):
    """Enter tries it, ctrl+s keeps it as a profile, escape gives up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "back"),
        Binding("ctrl+s", "keep", "save as profile"),
        Binding("up", "app.focus_previous", "previous", show=False),
        Binding("down", "app.focus_next", "next", show=False),
    ]

    def __init__(
        self,
        kind: Kind,
        connection: ConnectionRequest | None = None,
        *,
        title: str = "",
        databricks: tuple[DatabricksProfile, ...] = (),
        secret_wanted: bool = False,
    ) -> None:
        super().__init__()
        self._kind = kind
        self._title = title or kind.value
        self._values = {} if connection is None else values_of(connection)
        if kind is Kind.DATABRICKS and connection is None and not databricks:
            self._values[METHOD] = "token"
        self._fields = fields_of(kind, databricks)
        self._secret_wanted = secret_wanted
        self._missing = ""
        """The field that has to be filled in."""

    def compose(self) -> ComposeResult:
        """Title, a line for each field, what the field is about, and the keys."""
        with Vertical(classes="dialog", id="connection-dialog"):
            yield Static(Content.styled(self._title, "bold $primary"), classes="dialog-title")
            with VerticalScroll(id="fields", can_focus=False):
                for field in self._fields:
                    with Horizontal(classes="field", id=f"line-{field.name}"):
                        yield Static(field.label, classes="field-label", markup=False)
                        yield self._widget(field)
            yield Static(id="field-hint", markup=False)
            yield Static(
                Content.assemble(
                    ("enter", "bold $primary"), (" try   ", "$muted"),
                    ("^s", "bold $primary"), (" keep as a profile   ", "$muted"),
                    ("esc", "bold $primary"), (" back", "$muted"),
                )
            )  # fmt: skip

    def _widget(self, field: Field) -> TextField | ChoiceField:
        value = self._values.get(field.name, "")
        if field.choices:
            return ChoiceField(field.choices, value, id=f"field-{field.name}")
        return TextField(
            value, password=field.masked, select_on_focus=False, id=f"field-{field.name}"
        )

    def on_mount(self) -> None:
        """The cursor where something is missing."""
        self._fit()
        wanted = SECRET if self._secret_wanted else self._fields[0].name
        self.query_one(f"#field-{wanted}").focus()

    # ---- fields -------------------------------------------------------------------------

    def _value(self, name: str) -> str:
        widget = self.query_one(f"#field-{name}")
        return widget.value if isinstance(widget, (TextField, ChoiceField)) else ""

    @on(ChoiceField.Changed)
    def _fit(self) -> None:
        """Only the fields of the chosen way to sign in."""
        names = [field.name for field in self._fields]
        method = self._value(METHOD) if METHOD in names else ""
        for field in self._fields:
            fits = not field.methods or method in [each.value for each in field.methods]
            self.query_one(f"#line-{field.name}").display = fits

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the field is about."""
        for field in self._fields:
            if event.widget.id == f"field-{field.name}":
                self._explain(field)

    def _explain(self, field: Field) -> None:
        if field.name == self._missing:
            text = Content.styled(f"Fill in: {field.label}. {field.hint}", "$error")
        else:
            text = Content.styled(field.hint, "$muted")
        self.query_one("#field-hint", Static).update(text)

    # ---- answers ------------------------------------------------------------------------

    def _filled(self) -> ConnectionRequest | None:
        """What was filled in; of nothing where it is needed, say so and go there."""
        for field in self._fields:
            if field.name in _NEEDED[self._kind] and not self._value(field.name).strip():
                self._missing = field.name
                self.query_one(f"#field-{field.name}").focus()
                self._explain(field)
                return None
        self._missing = ""
        shown = {field.name: self._value(field.name) for field in self._fields}
        return connection_of(self._kind, {**self._values, **shown})

    @on(Input.Submitted)
    @on(ChoiceField.Submitted)
    def _submitted(self) -> None:
        connection = self._filled()
        if connection is not None:
            self.dismiss(Filled(connection))

    def action_keep(self) -> None:
        """Keep it as a profile, then try it."""
        connection = self._filled()
        if connection is not None:
            self.dismiss(Filled(connection, keep=True))

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
