"""Group requests that are about the same thing, and name each group by its words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from mlflow_analysis.features.topic_names import FILLERS, names_of

OTHER = "other"
"""Requests that speak of something that no group is about."""
SHORT_REPLIES = "short replies"
"""Requests of a few words without any word of a subject: "yes, please", a name, a number."""
NO_SUBJECT = ("", OTHER, SHORT_REPLIES)
"""Labels of what is left beside the groups: nothing is claimed of them together."""
_FEWEST_TEXTS = 30
_LARGEST_SAMPLE = 3_000
_LONGEST_TEXT = 1_000
_DIMENSIONS = 50
_MOST_GROUPS = 40
_TEXTS_A_GROUP = 10
_FEWEST_REQUESTS = 5
"""Of a group; what fewer ask is of no topic."""
_STARTS = 3
_APART = 0.8
"""Cosine distance up to which the centres of two groups are of one subject."""
_NEAREST = 0.3
"""Cosine similarity that a request must have with the centre of its group."""
_LONGEST_REPLY = 12
"""Words."""
_WORD = r"(?u)\b[^\W\d_]{3,}\b"


def topics(requests: pd.Series, seed: int = 0) -> pd.Series:
    """A label such as "return · policy · days" for each request (text); "" where there are too few.

    TF-IDF of words, reduced by truncated SVD (latent semantic analysis, Deerwester et al. 1990), then
    more groups by k-means than there are likely to be subjects, joined by average linkage where their
    centres are alike. That way neither a guess of their number nor the many wordings of one subject
    decide: on the demo's fifteen known subjects it agrees better than k-means with any number of groups,
    or than HDBSCAN. Numbers and ids are left out. What is near no group is ``OTHER``, a few words about
    nothing are ``SHORT_REPLIES``. The same texts and seed give the same labels in whatever order.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # sums in parallel would differ in the last digit from run to run
        return _topics(requests, seed)


def _topics(requests: pd.Series, seed: int) -> pd.Series:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    distinct = pd.Series(np.sort(requests[requests.str.len() > 0].unique()), dtype=object)
    if len(distinct) < _FEWEST_TEXTS:
        return pd.Series("", index=requests.index)
    vectorizer = TfidfVectorizer(
        token_pattern=_WORD,
        stop_words=sorted(ENGLISH_STOP_WORDS | FILLERS),
        sublinear_tf=True,
        min_df=2,
        max_df=0.5,
        max_features=5_000,
    )
    try:
        weights = vectorizer.fit_transform(distinct.str.slice(0, _LONGEST_TEXT))
    except ValueError:  # no word is in two requests: nothing to group by
        return pd.Series("", index=requests.index)
    spoken = np.flatnonzero(np.diff(weights.indptr))
    components = min(_DIMENSIONS, weights.shape[1] - 1, len(spoken) - 1)
    if components < 2 or len(spoken) < _FEWEST_TEXTS:
        return pd.Series("", index=requests.index)
    points = TruncatedSVD(components, random_state=seed).fit_transform(weights[spoken])
    group = np.full(len(distinct), -1)
    group[spoken] = _groups(points, seed)
    asked = distinct.map(requests.value_counts()).to_numpy()
    number_of = np.bincount(group[spoken] + 1, asked[spoken])
    group[number_of[group + 1] < _FEWEST_REQUESTS] = -1
    labels = np.full(len(distinct), OTHER, dtype=object)
    short = distinct.str.split().str.len().to_numpy() <= _LONGEST_REPLY
    labels[short & (np.diff(weights.indptr) == 0)] = SHORT_REPLIES
    grouped = np.flatnonzero(group >= 0)
    words = np.asarray(vectorizer.get_feature_names_out())
    if len(grouped):
        names = names_of(csr_matrix(weights[grouped]), group[grouped], words)
        labels[grouped] = [names[number] for number in group[grouped]]
    mapping = dict(zip(distinct, labels, strict=True))
    return requests.map(mapping).fillna("")


def _groups(points: np.ndarray, seed: int) -> np.ndarray:
    """The number of the group of each point, -1 where none is near."""
    from sklearn.cluster import AgglomerativeClustering, KMeans
    from sklearn.preprocessing import normalize

    directions = normalize(points)
    sample = np.random.default_rng(seed).permutation(len(points))[:_LARGEST_SAMPLE]
    apart = len(np.unique(directions[sample].round(6), axis=0))
    number = min(_MOST_GROUPS, len(sample) // _TEXTS_A_GROUP, apart)
    if number < 2:
        return np.zeros(len(points), dtype=np.int64)
    fine = KMeans(number, n_init=_STARTS, random_state=seed).fit(directions[sample])
    centres = fine.cluster_centers_
    joined = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=_APART
    ).fit_predict(centres)
    nearest = fine.predict(directions)
    likeness = np.einsum("ij,ij->i", directions, normalize(centres)[nearest])
    return np.where(likeness >= _NEAREST, joined[nearest], -1)
