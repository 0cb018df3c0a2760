"""The inspector half of the traces screen: what the keys do with the open trace."""

from __future__ import annotations

from mlflow_tui.screens.trace_list import TraceListScreen


class InspectingScreen(TraceListScreen):
    """Spans and payload of the open trace. ``TracesScreen`` says which trace that is."""

    # ---- spans --------------------------------------------------------------------------

    def action_section(self, step: int) -> None:
        """Another part of the chosen span."""
        self.inspector.step_section(step)

    def action_sideways(self, step: int) -> None:
        """Among the spans, in and out of the tree; elsewhere another part of the chosen span."""
        waterfall = self.inspector.waterfall
        if self.focused is not waterfall:
            self.inspector.step_section(step)
        elif step > 0:
            waterfall.go_in()
        else:
            waterfall.go_out()

    def action_failed_span(self) -> None:
        """The next span that failed."""
        if not self.inspector.waterfall.choose_next_failure():
            self.tell("No span of this trace failed.")

    def action_fold_alike(self) -> None:
        """Fold alike spans otherwise."""
        if self.inspector.trace is not None:
            self.tell(f"{self.inspector.waterfall.fold_otherwise().value.capitalize()}.")

    def action_zoom(self, inwards: bool) -> None:
        """A part of the time axis, or all of it."""
        if self.inspector.trace is not None and not self.inspector.zoom(inwards=inwards):
            self.tell("This span took no time that could be shown larger.")
