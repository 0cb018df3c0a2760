"""What the five screens have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen

from mlflow_analysis.untrusted import single_line
from mlflow_tui.actions import CONNECTION
from mlflow_tui.client import EngineClient
from mlflow_tui.messages import EnginePushed, EngineRestarted, StateChanged
from mlflow_tui.widgets.chrome import MINIMUM_SIZE, FooterLine, HeaderLine, HintLine, RoomNotice

if TYPE_CHECKING:
    from mlflow_analysis.protocol import Problem, Pushed
    from mlflow_tui.application import MlflowTui
    from mlflow_tui.state import AppState


class StepScreen(Screen[None]):
    """One step of the work: header line, body, footer line.

    A subclass says where it is (``PLACE``, one of ``actions``), takes its keys from
    ``BINDINGS = bindings_for(PLACE)``, composes its body, and overrides the hooks it needs. Shared
    values are in ``state``; the engine is asked with ``await self.client.ask(request)``.
    """

    PLACE: ClassVar[str] = CONNECTION
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012  as in Screen
        (0, "-narrow"),
        (110, "-wide"),
    ]

    def compose(self) -> ComposeResult:
        """The frame around ``compose_body``."""
        yield HeaderLine(self.PLACE)
        yield from self.compose_body()
        yield FooterLine()
        if self.tui.settings.hint_due:
            yield HintLine()
        yield RoomNotice()

    # ---- for subclasses -----------------------------------------------------------------

    def compose_body(self) -> ComposeResult:
        """What stands between header and footer."""
        yield from ()

    def state_changed(self) -> None:
        """Connection, experiment or review is another one. Called when visible again."""

    def engine_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        """The engine spoke; ``state`` has it already. Called on every screen, seen or not."""

    def engine_restarted(self, sentence: str) -> None:
        """The engine died and is back; whatever was asked for must be asked for again."""

    def before_leaving(self, place: str) -> None:
        """The user goes to another screen by its number."""

    # ---- what they can use --------------------------------------------------------------

    @property
    def tui(self) -> MlflowTui:
        """The app."""
        return cast("MlflowTui", self.app)

    @property
    def state(self) -> AppState:
        """What all screens share."""
        return self.tui.state

    @property
    def client(self) -> EngineClient:
        """The engine."""
        return self.tui.client

    def tell(self, sentence: str, *, problem: bool = False) -> None:
        """Say something in passing."""
        self.app.notify(
            single_line(sentence), severity="error" if problem else "information", markup=False
        )

    def tell_problem(self, problem: Problem) -> None:
        """Say what failed and what to do."""
        self.tell(f"{problem.sentence} {problem.remedy}".strip(), problem=True)

    def action_watch(self) -> None:
        """Begin or end to look for new traces."""
        self.tui.toggle_watching()

    # ---- routing ------------------------------------------------------------------------

    @on(events.Mount)
    def _take_keys(self) -> None:
        self._bindings = self.tui.keys.remapped(self._bindings)

    @on(events.Resize)
    def _measure(self, event: events.Resize) -> None:
        columns, lines = MINIMUM_SIZE
        self.set_class(event.size.width < columns or event.size.height < lines, "-no-room")

    @on(events.ScreenResume)
    def _resumed(self) -> None:
        if not self.tui.settings.hint_due:
            self.query(HintLine).remove()
        self.state_changed()
        self.query_one(HeaderLine).refresh()

    @on(StateChanged)
    def _state_changed(self) -> None:
        self.query_one(HeaderLine).refresh()
        if self.is_current:
            self.state_changed()

    @on(EnginePushed)
    def _engine_pushed(self, message: EnginePushed) -> None:
        self.engine_pushed(message.bodies)

    @on(EngineRestarted)
    def _engine_restarted(self, message: EngineRestarted) -> None:
        self.engine_restarted(message.sentence)
