"""One thing that a key can do, and the places where keys do things."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlflow_tui.actions.key_names import written

EVERYWHERE = "everywhere"
CONNECTION = "connection"
EXPERIMENTS = "experiments"
TRACES = "traces"
BOARD = "board"
REPORT = "report"
PURPOSE = "purpose"
"""The question before the board starts; a part of the board, not a step of its own."""
COMPARE = "compare"
"""Two traces side by side; a part of the traces."""

STEPS = (
    (CONNECTION, "1", "Connect"),
    (EXPERIMENTS, "2", "Experiments"),
    (TRACES, "3", "Traces"),
    (BOARD, "4", "Board"),
    (REPORT, "5", "Report"),
)
"""Place, key and name of each screen, in the order of the work."""

PLACE_NAMES = {place: name for place, _, name in STEPS} | {
    PURPOSE: "Purpose",
    COMPARE: "Two traces",
}

LISTS = (CONNECTION, EXPERIMENTS, TRACES, BOARD, REPORT, COMPARE)


@dataclass(frozen=True)
class Action:
    """One thing that a key can do."""

    id: str
    """Also the name of the method (``action_<id>``) on the screen or app, unless ``call`` says otherwise."""
    keys: str
    """Textual key names, parted by commas."""
    label: str
    """A word or two, for the footer."""
    help: str
    """One sentence, for help and palette."""
    where: tuple[str, ...] = (EVERYWHERE,)
    footer: bool = True
    call: str = ""
    """The Textual action, where it is not ``id``."""
    shown_keys: str = ""
    """How the keys are written in footer and help, where ``keys`` would not read well."""
    palette: bool = True
    needs: str = ""
    """What it needs where it does not always apply, for the help: "a trace that is shown"; or in ``needs.py``."""
    named: str = ""
    """Its name in the user's key file, where the one made from ``id`` would not do."""

    @property
    def name(self) -> str:
        """What it is called in the user's key file: letters and underscores."""
        return self.named or re.sub(r"\W+", "_", self.id).strip("_")

    @property
    def key_label(self) -> str:
        """The keys as a person writes them."""
        return self.shown_keys or written(self.keys)
