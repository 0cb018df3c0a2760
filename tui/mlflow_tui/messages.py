"""What travels inside the app. Every message carries plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from mlflow_analysis.protocol import Pushed


class EnginePushed(Message, bubble=False):
    """The engine said something; ``AppState`` has taken it in already. Sent to the current screen.

    ``bodies`` are in order; of a flood, only the newest of each kind is left.
    """

    def __init__(self, bodies: tuple[Pushed, ...]) -> None:
        super().__init__()
        self.bodies = bodies


class StateChanged(Message, bubble=False):
    """The connection, the experiment or the review changed. Sent to every screen that exists."""


class EngineRestarted(Message, bubble=False):
    """The engine process died and a new one has taken its place. Sent to the current screen."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence
