"""Which cards the board shows: criteria by kind, and a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.review import Course, Decision
from mlflow_analysis.untrusted import single_line
from mlflow_tui.board.cards import Card, Stage


class Filter(Enum):
    """One criterion. The value is its phrase on the screen."""

    OPERATIONAL = "operational"
    PERFORMANCE = "performance"
    QUALITY = "quality"
    STRENGTH = "strength"
    USER = "yours"
    CONFIRMED = "confirmed"
    OPEN = "inconclusive"
    REFUTED = "refuted"
    NOT_TESTABLE = "not testable"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    TO_DECIDE = "to decide"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    MERGED = "merged"
    DISPUTED = "disputed"
    NEW = "new"
    REGRESSED = "regressed"
    ESCALATING = "escalating"
    ONGOING = "ongoing"
    GONE = "gone"
    MINE = "assigned to me"
    ASSIGNED = "assigned"
    FOCUS = "in your focus"


KINDS: dict[str, tuple[tuple[str, Filter], ...]] = {
    "family": (
        ("o", Filter.OPERATIONAL),
        ("p", Filter.PERFORMANCE),
        ("q", Filter.QUALITY),
        ("s", Filter.STRENGTH),
        ("y", Filter.USER),
    ),
    "verdict": (
        ("c", Filter.CONFIRMED),
        ("i", Filter.OPEN),
        ("u", Filter.REFUTED),
        ("t", Filter.NOT_TESTABLE),
    ),
    "severity": (("h", Filter.HIGH), ("m", Filter.MEDIUM), ("l", Filter.LOW)),
    "decision": (
        ("d", Filter.TO_DECIDE),
        ("a", Filter.ACCEPTED),
        ("r", Filter.REJECTED),
        ("j", Filter.MERGED),
        ("x", Filter.DISPUTED),
    ),
    "course": (
        ("n", Filter.NEW),
        ("b", Filter.REGRESSED),
        ("e", Filter.ESCALATING),
        ("k", Filter.ONGOING),
        ("g", Filter.GONE),
    ),
    "whose": (("z", Filter.MINE), ("w", Filter.ASSIGNED), ("f", Filter.FOCUS)),
}
"""Kinds of criteria, and the letter of each criterion where one chooses them."""

_CATEGORIES = {
    Filter.OPERATIONAL: Category.OPERATIONAL,
    Filter.PERFORMANCE: Category.PERFORMANCE,
    Filter.QUALITY: Category.QUALITY,
    Filter.STRENGTH: Category.STRENGTH,
    Filter.USER: Category.USER,
}
_STAGES = {
    Filter.CONFIRMED: Stage.CONFIRMED,
    Filter.OPEN: Stage.INCONCLUSIVE,
    Filter.REFUTED: Stage.REFUTED,
    Filter.NOT_TESTABLE: Stage.NOT_TESTABLE,
}
_SEVERITIES = {
    Filter.HIGH: Severity.HIGH,
    Filter.MEDIUM: Severity.MEDIUM,
    Filter.LOW: Severity.LOW,
}
_COURSES = {
    Filter.NEW: Course.NEW,
    Filter.REGRESSED: Course.REGRESSED,
    Filter.ESCALATING: Course.ESCALATING,
    Filter.ONGOING: Course.ONGOING,
    Filter.GONE: Course.GONE,
}
_OTHERS: dict[Filter, Callable[[Card], bool]] = {
    Filter.TO_DECIDE: lambda card: card.to_decide,
    Filter.ACCEPTED: lambda card: card.decision is Decision.ACCEPTED and not card.home,
    Filter.REJECTED: lambda card: card.decision is Decision.REJECTED and not card.home,
    Filter.MERGED: lambda card: bool(card.home),
    Filter.DISPUTED: lambda card: card.is_disputed,
    Filter.MINE: lambda card: card.mine,
    Filter.ASSIGNED: lambda card: bool(card.ruling.assignee),
    Filter.FOCUS: lambda card: card.in_focus,
}


def meets(card: Card, criterion: Filter) -> bool:
    """Whether a card is what the criterion asks for. Of severity only issues are, that are or may be."""
    if criterion in _CATEGORIES:
        return card.category is _CATEGORIES[criterion]
    if criterion in _STAGES:
        return card.stage is _STAGES[criterion]
    if criterion in _SEVERITIES:
        return card.severity is _SEVERITIES[criterion] and card.category is not Category.STRENGTH
    if criterion in _COURSES:
        return card.course is _COURSES[criterion]
    return _OTHERS[criterion](card)


@dataclass(frozen=True)
class Shown:
    """What is chosen: of each kind any one of the criteria must be met; and the text must be in the card."""

    criteria: frozenset[Filter] = frozenset()
    text: str = ""

    def passes(self, card: Card) -> bool:
        """Whether the card is shown."""
        for kind in KINDS.values():
            chosen = [each for _, each in kind if each in self.criteria]
            if chosen and not any(meets(card, each) for each in chosen):
                return False
        return speaks_of(card, self.text)

    @property
    def is_all(self) -> bool:
        """Whether it lets every card by."""
        return not self.criteria and not self.text

    @property
    def phrase(self) -> str:
        """``confirmed, high or medium, “refund”``; empty if all are shown."""
        parts = [
            " or ".join(each.value for _, each in kind if each in self.criteria)
            for kind in KINDS.values()
        ]
        if self.text:
            parts.append(f"“{single_line(self.text)[:24]}”")
        return ", ".join(part for part in parts if part)

    def toggled(self, criterion: Filter) -> Shown:
        """With that criterion, or without it."""
        return Shown(self.criteria ^ {criterion}, self.text)


def only(*criteria: Filter) -> Shown:
    """These criteria and no text."""
    return Shown(frozenset(criteria))


def speaks_of(card: Card, text: str) -> bool:
    """Whether all words of ``text`` are in what the card says, case ignored."""
    if not text:
        return True
    parts = [card.title, card.hypothesis, card.ruling.note, card.ruling.assignee, card.home_title]
    if card.finding is not None:
        found = card.finding
        parts += [found.subject, found.statement, found.fingerprint]
        parts += [f"{cause.attribute} {cause.value}" for cause in found.root_causes]
    whole = "\n".join(parts).casefold()
    return all(word in whole for word in text.casefold().split())
