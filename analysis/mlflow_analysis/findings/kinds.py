"""What kind of thing a finding is: its family, verdict, severity, and what it counts."""

from __future__ import annotations

from enum import Enum


class Category(str, Enum):
    """The family a hypothesis belongs to; the board groups by it, in this order."""

    OPERATIONAL = "operational"
    PERFORMANCE = "performance"
    QUALITY = "quality"
    STRENGTH = "strength"
    USER = "user"


class Verdict(str, Enum):
    """What the traces say of a claim. All four are shown."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not-testable"


class Severity(str, Enum):
    """How bad it is where it happens; impact says how often."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Unit(str, Enum):
    """What is counted."""

    TRACE = "trace"
    SESSION = "session"
    SPAN = "span"
    REQUEST_GROUP = "request group"
