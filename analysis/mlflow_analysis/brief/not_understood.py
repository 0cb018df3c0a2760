"""What the user said cannot be taken as it stands."""

from __future__ import annotations


class NotUnderstood(ValueError):  # noqa: N818 - shown to people
    """A sentence, and what to do about it."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(f"{sentence} {remedy}")
        self.sentence, self.remedy = sentence, remedy
