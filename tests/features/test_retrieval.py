"""How many documents a retriever returned, and the highest score."""

import math
from typing import Any

import pytest

from mlflow_analysis.features.retrieval import retrieved
from trace_factory import features_of, retriever, tool, trace

DOCUMENT = {"page_content": "text", "metadata": {"doc_uri": "a"}}


@pytest.mark.parametrize(
    ("outputs", "count", "score"),
    [
        ([DOCUMENT, {**DOCUMENT, "score": 0.7}, {**DOCUMENT, "score": 0.2}], 2 + 1, 0.7),
        ([{**DOCUMENT, "metadata": {"relevance_score": 0.4}}], 1, 0.4),
        ([[DOCUMENT, 0.8], [DOCUMENT, 0.9]], 2, 0.9),
        ({"documents": [{"content": "a", "score": "0.5"}]}, 1, 0.5),
        ({"matches": [{"id": "a", "score": 0.31}]}, 1, 0.31),
        ({"hits": {"hits": [{"_id": 1, "_score": 7.5}]}}, 1, 7.5),
        ({"source_nodes": [{"node": {"text": "a"}, "score": 0.6}]}, 1, 0.6),
        ({"documents": [["a", "b", "c"]], "distances": [[0.1, 0.2, 0.3]]}, 3, math.nan),
        ({"passages": ["a", "b"]}, 2, math.nan),
        ('[{"page_content": "a", "score": 0.3}]', 1, 0.3),
        ([DOCUMENT], 1, math.nan),
        ([{"score": True}, {"score": "high"}, {"score": math.inf}], 3, math.nan),
        ([], 0, math.nan),
        ({"results": []}, 0, math.nan),
        ("", 0, math.nan),
        ("Some text", -1, math.nan),
        (None, -1, math.nan),
        ({"answer": "x"}, -1, math.nan),
    ],
)
def test_documents_and_top_score(outputs: Any, count: int, score: float) -> None:
    found, top = retrieved(outputs, {})
    assert found == count
    assert top == score or (math.isnan(top) and math.isnan(score))


def test_openinference_attributes() -> None:
    attributes = {
        "retrieval.documents.0.document.content": "a",
        "retrieval.documents.0.document.score": 0.4,
        "retrieval.documents.1.document.content": "b",
        "retrieval.documents.1.document.score": 0.6,
    }
    assert retrieved(None, attributes) == (2, 0.6)


def test_the_columns_of_a_span() -> None:
    features = features_of(
        trace(retriever("search", outputs=[{**DOCUMENT, "score": 0.7}]), tool("other", outputs=[]))
    )
    assert features.calls["documents"].tolist() == [1, -1]
    assert features.calls["top_score"].iloc[0] == 0.7
    assert math.isnan(features.calls["top_score"].iloc[1])
