"""The numbers in requests: worked out once for all who ask whether two requests may be the same."""

from __future__ import annotations

import re

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.screening import requests

_NUMBER = re.compile(r"\d+")


def numbers(text: str) -> str:
    """The numbers in a text, sorted as texts, joined by spaces: ``"12 445015"``."""
    return " ".join(sorted(_NUMBER.findall(text)))


def numbers_of_requests(features: Features) -> dict[str, str]:
    """By request, for each distinct one of the traces that ended: its ``numbers``."""
    return features.shared(_numbers_of_requests)


def _numbers_of_requests(features: Features) -> dict[str, str]:
    found = requests(features).found_in_each(_NUMBER)
    return {request: " ".join(sorted(numbers)) for request, numbers in found.items()}
