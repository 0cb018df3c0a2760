"""What a retriever returned: how many documents, and the highest score among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlflow_analysis.features.payload import parsed

_LIST_KEYS = (
    "documents", "results", "matches", "hits", "chunks", "nodes", "source_nodes", "passages",
    "retrieved_documents", "retrieval_results", "retrievalResults", "points", "items", "data",
    "response", "output", "result", "context", "contexts", "ids",
)  # fmt: skip
_SCORE_KEYS = (
    "score", "relevance_score", "similarity_score", "similarity", "relevance", "_score",
    "@search.score", "_relevance_score", "rerank_score",
)  # fmt: skip
"""Higher is better in all of them; distances are left out."""
_FLAT = re.compile(r"(retrieval\.documents\.\d+\.document)\.(\w+)\Z")
_UNKNOWN = (-1, float("nan"))
_DEEPEST = 4


def retrieved(outputs: Any, attributes: Mapping[str, Any]) -> tuple[int, float]:
    """Number of documents (-1 if unknown) and the highest score (NaN if none is recorded).

    ``outputs`` has been through ``payload.parsed``.
    """
    documents = _documents(outputs)
    if documents is None:
        flat = [(m[1], m[2], attributes[key]) for key in attributes if (m := _FLAT.match(key))]
        if not flat:
            return _UNKNOWN
        scores = [
            number for _, field, value in flat if field == "score" for number in _number(value)
        ]
        return len({document for document, _, _ in flat}), max(scores, default=float("nan"))
    scores = [number for document in documents for number in _score(document)]
    return len(documents), max(scores, default=float("nan"))


def _documents(value: Any, depth: int = 0) -> list[Any] | None:
    """The list of documents in a payload; ``None`` if it holds no list."""
    value = parsed(value)
    if value == "":
        return []
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], list) and not _is_pair(value[0]):
            return value[0]  # one query's answer among several: Chroma, batch retrievers
        return value
    if isinstance(value, dict) and depth < _DEEPEST:
        for key in _LIST_KEYS:
            if key in value:
                found = _documents(value[key], depth + 1)
                if found is not None:
                    return found
    return None


def _is_pair(value: list[Any]) -> bool:
    return (
        len(value) == 2
        and isinstance(value[1], (int, float))
        and not isinstance(value[0], (int, float))
    )


def _score(document: Any) -> list[float]:
    if isinstance(document, (list, tuple)):
        return _number(document[1]) if _is_pair(list(document)) else []
    if not isinstance(document, dict):
        return []
    for holder in (document, document.get("metadata"), document.get("kwargs")):
        if isinstance(holder, dict):
            for key in _SCORE_KEYS:
                if key in holder:
                    return _number(holder[key])
    return []


def _number(value: Any) -> list[float]:
    if isinstance(value, bool):
        return []
    try:
        number = float(value)
    except (TypeError, ValueError):
        return []
    return [number] if abs(number) != float("inf") and number == number else []
