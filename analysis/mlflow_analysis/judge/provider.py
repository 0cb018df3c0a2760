"""What asks a model, as the judge sees it. Which there are: ``providers``, loaded once a model is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class CallFailed(Exception):  # noqa: N818 - told to a person
    """A request without a usable answer, and why, as a clause without its full stop."""

    def __init__(
        self,
        reason: str,
        *,
        passing: bool = False,
        final: bool = False,
        wait_s: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.passing = passing
        """Whether the same request may succeed later."""
        self.final = final
        """Whether every other request will fail too."""
        self.wait_s = wait_s
        """How long the server asks to wait."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said."""

    text: str
    used: tuple[int, int] | None
    """Input and output tokens, where the provider reports them."""


class Provider(Protocol):
    """Where a model is asked; safe to use from several threads."""

    def ask(self, instructions: str, question: str, most_output: int, time_out_s: float) -> Answer:
        """The model's answer, in at most ``most_output`` tokens. Raises ``CallFailed``."""
