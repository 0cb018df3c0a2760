"""Group requests that are about the same thing, and name each group by its words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

_FEWEST_TEXTS = 30
_CHOICES = (2, 3, 4, 6, 8, 10, 12, 15)
_LARGEST_SAMPLE = 2_000
_LABEL_WORDS = 3
_FRAGMENTS = frozenset({
    "don", "doesn", "didn", "isn", "wasn", "won", "couldn", "wouldn", "haven", "hasn", "aren", "com", "www",
    "http", "https",
})  # fmt: skip
"""What is left of "don't" and of addresses: such pieces may form a group but never name it."""
_WORD = r"(?u)\b[^\W\d_]{3,}\b"


def topics(requests: pd.Series, seed: int = 0) -> pd.Series:
    """A label such as "return · policy · days" for each request (text); "" where there are too few.

    TF-IDF of words, reduced by truncated SVD (latent semantic analysis, Deerwester et al. 1990), k-means
    with k chosen by silhouette (Rousseeuw 1987). Numbers and ids are left out. The same texts in the same
    order and seed give the same labels.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # sums in parallel would differ in the last digit from run to run
        return _topics(requests, seed)


def _topics(requests: pd.Series, seed: int) -> pd.Series:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import silhouette_score
    from sklearn.preprocessing import normalize

    spoken = requests[requests.str.len() > 0]
    distinct = pd.Series(np.sort(spoken.unique()))
    if len(distinct) < _FEWEST_TEXTS:
        return pd.Series("", index=requests.index)
    vectorizer = TfidfVectorizer(
        token_pattern=_WORD,
        stop_words="english",
        sublinear_tf=True,
        min_df=2,
        max_df=0.5,
        max_features=5_000,
    )
    cut = distinct.str.slice(0, 1_000)
    try:
        weights = vectorizer.fit_transform(cut)
    except ValueError:  # no word is in two requests: nothing to group by
        return pd.Series("", index=requests.index)
    components = min(50, weights.shape[1] - 1, weights.shape[0] - 1)
    if components < 2:
        return pd.Series("", index=requests.index)
    points = normalize(TruncatedSVD(components, random_state=seed).fit_transform(weights))
    generator = np.random.default_rng(seed)
    sample = generator.permutation(len(points))[:_LARGEST_SAMPLE]
    apart = len(np.unique(points[sample].round(6), axis=0))
    best: tuple[float, KMeans] | None = None
    for k in _CHOICES:
        if k * 5 > len(points) or k > apart:
            break
        model = KMeans(k, n_init=2, random_state=seed).fit(points[sample])
        labels = model.labels_
        if len(set(labels.tolist())) < 2:
            continue
        subset = np.arange(len(labels))[:1_000]
        if len(set(labels[subset].tolist())) < 2:
            continue
        score = float(silhouette_score(points[sample][subset], labels[subset]))
        if best is None or score > best[0] + 0.01:
            best = (score, model)
    if best is None:
        return pd.Series("", index=requests.index)
    assigned = best[1].predict(points)
    names = _names(weights, assigned, np.asarray(vectorizer.get_feature_names_out()))
    mapping = dict(zip(distinct, (names[number] for number in assigned), strict=True))
    return requests.map(mapping).fillna("")


def _names(weights: csr_matrix, assigned: np.ndarray, words: np.ndarray) -> dict[int, str]:
    """Words that set each group apart from all requests."""
    matrix = weights.tocsr()
    overall = np.asarray(matrix.mean(axis=0)).ravel()
    names: dict[int, str] = {}
    for number in sorted(set(assigned.tolist())):
        inside = np.asarray(matrix[np.flatnonzero(assigned == number)].mean(axis=0)).ravel()
        ranked = np.argsort(-(inside - overall), kind="stable")
        top = [position for position in ranked if words[position] not in _FRAGMENTS]
        top = top[:_LABEL_WORDS] or list(ranked[:_LABEL_WORDS])
        label = " · ".join(str(words[position]) for position in top)
        names[number] = label if label not in names.values() else f"{label} ({number})"
    return names
