"""Words are counted as scikit-learn counts them, of pieces that many texts share."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from mlflow_analysis.features.words import counted, weighed, worth_weighing

_PIECES = [
    "parcel", "Parcel's", "(refund)", "ORD-48408", "ORD-1", "order_7", "shop4you", "a", "to", "the", "THE",
    "ΟΔΟΣ", "ΟΔΟΣ.", "Straße,", "naïve", "e-mail@shop.example", "İstanbul", "x²yz", "配送料", "٣٤٥", "—", "",
    "don't", "under_scored", "12kg", "kg12", "…depot…",
]  # fmt: skip


@pytest.fixture
def texts() -> list[str]:
    draw = np.random.default_rng(7)
    gaps = [" ", "  ", "\n", "\t", " ", " ", "\x1f", "\u2028"]
    return [
        "".join(
            str(draw.choice(_PIECES)) + str(draw.choice(gaps)) for _ in range(draw.integers(0, 12))
        )
        for _ in range(300)
    ]


def test_a_word_is_three_letters_with_nothing_but_letters_beside_them() -> None:
    _, words = counted(["Ship order_7 to shop4you: a THE parcel's ORD-48"], leave_out={"the"})
    assert list(words) == ["ord", "parcel", "ship"]


def test_counts_are_those_of_scikit_learn(texts: list[str]) -> None:
    counts, words = counted(texts, leave_out={"the"})
    reference = CountVectorizer(token_pattern=r"(?u)\b[^\W\d_]{3,}\b", stop_words=["the"])
    assert (counts.toarray() == reference.fit_transform(texts).toarray()).all()
    assert list(words) == list(reference.get_feature_names_out())


@pytest.mark.parametrize("most", [5, 1_000])
def test_weights_are_those_of_scikit_learn_to_the_last_digit(texts: list[str], most: int) -> None:
    reference = TfidfVectorizer(
        token_pattern=r"(?u)\b[^\W\d_]{3,}\b",
        stop_words=["the"],
        sublinear_tf=True,
        min_df=2,
        max_df=0.5,
        max_features=most,
    )
    expected = reference.fit_transform(texts)
    counts, words = counted(texts, leave_out={"the"})
    kept = worth_weighing(counts, most)
    assert list(words[kept]) == list(reference.get_feature_names_out())
    weights = weighed(counts[:, kept])
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(weights, part), getattr(expected, part))


def test_texts_without_a_word_have_no_counts() -> None:
    counts, words = counted(["", "12 34", "a b"], leave_out=frozenset())
    assert counts.shape == (3, 0)
    assert not len(words)
