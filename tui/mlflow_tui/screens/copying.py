"""What of a trace can be copied."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from mlflow_analysis.protocol import SpanView, TraceView
from mlflow_tui.inspecting.as_json import as_json
from mlflow_tui.inspecting.export import snippet, span_value, trace_markdown
from mlflow_tui.screens.dialog import Dialog
from mlflow_tui.terminal import clipboard

if TYPE_CHECKING:
    from mlflow_tui.application import MlflowTui

CHOICES = (
    ("i", "id", "trace id"),
    ("p", "span_id", "span id"),
    ("v", "value", "what is shown of the span"),
    ("s", "span", "span as JSON"),
    ("t", "trace", "trace as Markdown"),
    ("c", "code", "Python code that fetches it"),
)


class CopyDialog(Dialog[None]):
    """One key says what to copy."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"copy('{what}')", label) for key, what, label in CHOICES),
        Binding("m", "copy('marked')", "ids of the marked traces"),
        Binding("escape,q", "dismiss", "close"),
    ]

    def __init__(
        self,
        trace: TraceView,
        span: SpanView,
        shown: str,
        tracking_uri: str,
        marked: Collection[str] = (),
    ) -> None:
        """``tracking_uri`` is without credentials; ``marked`` are ids of traces."""
        super().__init__()
        self._marked = tuple(marked)
        self._tracking_uri = tracking_uri
        self._trace = trace
        self._span = span
        self._shown = shown

    def compose(self) -> ComposeResult:
        """The choices, one a line."""
        with Vertical(classes="dialog -small"):
            yield Static(Content.styled("Copy", "bold $primary"), classes="dialog-title")
            for key, _, label in CHOICES:
                yield Static(Content.assemble((f"{key}  ", "bold $primary"), label))
            if self._marked:
                count = f"{len(self._marked):,} marked"
                yield Static(Content.assemble(("m  ", "bold $primary"), f"ids of the {count}"))

    def action_copy(self, what: str) -> None:
        """Copy it and say where it went."""
        if what == "marked" and not self._marked:
            return
        text = {
            "marked": lambda: "\n".join(self._marked),
            "id": lambda: self._trace.info.trace_id,
            "span_id": lambda: self._span.record.span_id,
            "value": lambda: self._shown,
            "span": lambda: as_json(span_value(self._span)),
            "trace": lambda: trace_markdown(self._trace),
            "code": lambda: snippet(
                self._tracking_uri, self._trace.info.trace_id, self._span.record.span_id
            ),
        }[what]()
        self._copy(text)

    @work(exit_on_error=False)
    async def _copy(self, text: str) -> None:
        app = cast("MlflowTui", self.app)
        try:
            sentence = await clipboard.copy(
                text,
                to_terminal=app.copy_to_clipboard,
                file=app.settings.log_directory / "copied.txt",
            )
        except OSError as error:
            app.notify(f"It could not be copied: {error}.", severity="error")
        else:
            app.notify(sentence)
        self.dismiss()
