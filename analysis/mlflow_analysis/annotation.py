"""What a person writes on traces: feedback, comments, expectations, tags; and what that changed, to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

FEEDBACK_NAME = "user_feedback"
"""Name of the assessment that says pass or fail."""
COMMENT_NAME = "comment"


class AnnotationKind(str, Enum):
    """What is written; the value is how a person calls it."""

    FEEDBACK = "feedback"
    COMMENT = "comment"
    EXPECTATION = "expectation"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One thing to write on each of some traces."""

    kind: AnnotationKind
    name: str
    """Of the assessment; of a tag, its key."""
    value: Any
    """A JSON value: of feedback true or false, of comments and tags a text."""
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class AnnotationChange:
    """What writing on one trace changed."""

    trace_id: str
    assessment_id: str = ""
    """The assessment that was made; "" where it is about a tag."""
    key: str = ""
    before: str | None = None
    """The value that the tag had; ``None``: there was no such tag."""
    after: str = ""


def login_name() -> str:
    """Who writes, if nobody says otherwise: the user of this machine."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
