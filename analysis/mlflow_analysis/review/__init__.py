"""What people decided about findings: a journal that is only ever added to, and the rulings that follow from it."""

from __future__ import annotations

from mlflow_analysis.review.journal import JournalTooNew, last_decision_ms
from mlflow_analysis.review.reviewing import ANALYSES, Review, has_grown, review_path
from mlflow_analysis.review.ruling import (
    REJECTION_REASONS,
    Change,
    Course,
    Decision,
    Opinion,
    Ruling,
)

__all__ = [
    "ANALYSES",
    "REJECTION_REASONS",
    "Change",
    "Course",
    "Decision",
    "JournalTooNew",
    "Opinion",
    "Review",
    "Ruling",
    "has_grown",
    "last_decision_ms",
    "review_path",
]
