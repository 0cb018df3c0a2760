"""Group requests that are about the same thing, and name each group by its words."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy

from mlflow_analysis.features.numbered import Numbered
from mlflow_analysis.features.topic_names import FILLERS, names_of
from mlflow_analysis.features.words import counted, weighed, worth_weighing

TOPICS = 1
"""To be raised whenever ``topics`` gives other labels for the same texts: kept ones are then formed anew."""
OTHER = "other"
"""Requests that speak of something that no group is about."""
SHORT_REPLIES = "short replies"
"""Requests of a few words without any word of a subject: "yes, please", a name, a number."""
NO_SUBJECT = ("", OTHER, SHORT_REPLIES)
"""Labels of what is left beside the groups: nothing is claimed of them together."""
_LIBRARIES = (
    "scipy.stats",  # scikit-learn loads it anyway; where another thread is about to, this waits for it
    "sklearn.cluster",
    "sklearn.decomposition",
    "sklearn.feature_extraction.text",
    "sklearn.preprocessing",
)
_FEWEST_TEXTS = 30
_LARGEST_SAMPLE = 3_000
_LONGEST_TEXT = 1_000
_DIMENSIONS = 50
_ANSWERS_EACH = 3
"""Answers to one request that are looked at."""
_WORDS_OF_REQUESTS, _WORDS_OF_ANSWERS = 5_000, 2_000
_FEWEST_WORDS = 3
_SHUFFLES = 10
_FEWEST_DIRECTIONS = 2
"""One tells only two kinds of request apart."""
_OWN_WORDS = 0.6
"""Weight of a request's own words beside what they say of the answer."""
_MOST_GROUPS = 40
_TEXTS_A_GROUP = 10
_FEWEST_REQUESTS = 5
"""Of a group; what fewer ask is of no topic."""
_STARTS = 3
_APART = 0.8
"""Cosine distance up to which the centres of two groups are of one subject, by words alone."""
_APART_BY_ANSWERS = 0.55
"""The same where answers tell subjects from incidents, which sets them further apart."""
_NEAREST = 0.3
"""Cosine similarity that a request must have with the centre of its group."""
_LONGEST_REPLY = 12
"""Words."""


def load() -> None:
    """Load what ``topics`` needs if there are enough texts, which takes a third of a second."""
    for library in _LIBRARIES:
        import_module(library)


def topics(
    requests: Numbered, answers: Numbered | None = None, seed: int = 0
) -> npt.NDArray[np.object_]:
    """A label such as "return · policy · days" for each request; "" where there are too few.

    Words of a request are of its subject if they go with what is answered; a place, a date or a story
    told along the way goes with nothing. So each word gets a place by its covariance with the words that
    the answers do not just repeat from the request (``_subjects``), and a request the sum of its words':
    what it is answered itself hardly counts. To that some of the plain words is added (TF-IDF,
    reduced by truncated SVD; Deerwester et al. 1990). Without answers, or where they go with the requests
    hardly better than by chance, the words decide alone.

    Then more groups by k-means than there are likely to be subjects, joined by average linkage where
    their centres are alike, so that no guess of their number decides. Numbers and ids are left out.
    What is near no group is ``OTHER``, a few words about nothing are ``SHORT_REPLIES``. The same texts
    and seed give the same labels in whatever order.

    There are as many ``answers`` as ``requests``; -1 in place of what is no answer (a failure says nothing of
    the subject, and must not make one).
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # sums in parallel would differ in the last digit from run to run
        return _topics(requests, answers, seed)


def _topics(requests: Numbered, answers: Numbered | None, seed: int) -> npt.NDArray[np.object_]:
    request, distinct = _in_order(requests)
    none = np.full(len(request), "", dtype=object)
    if len(distinct) < _FEWEST_TEXTS:
        return none

    from sklearn.preprocessing import normalize  # not for few texts

    cut = [text[:_LONGEST_TEXT] for text in distinct]
    counts, words = counted(cut, leave_out=_of_no_subject())
    kept = worth_weighing(counts, _WORDS_OF_REQUESTS)
    if len(kept) < _FEWEST_WORDS:  # too few are in two requests: nothing to group by
        return none
    weights = weighed(counts[:, kept])
    spoken = np.flatnonzero(np.diff(weights.indptr))
    if len(spoken) < _FEWEST_TEXTS:
        return none
    points, apart = normalize(_reduced(weights[spoken], seed)), _APART
    if answers is not None:
        places = _subjects(weights, cut, request, answers, seed)
        if places is not None:
            about = normalize(weights[spoken] @ places)
            points, apart = np.hstack([about, _OWN_WORDS * points]), _APART_BY_ANSWERS
    group = np.full(len(distinct), -1)
    group[spoken] = _groups(points, apart, seed)
    asked = np.bincount(request[request >= 0])
    number_of = np.bincount(group[spoken] + 1, asked[spoken])
    group[number_of[group + 1] < _FEWEST_REQUESTS] = -1
    names = np.full(len(distinct) + 1, OTHER, dtype=object)
    for place in np.flatnonzero(np.diff(weights.indptr) == 0).tolist():
        if len(distinct[place].split()) <= _LONGEST_REPLY:
            names[place] = SHORT_REPLIES
    grouped = np.flatnonzero(group >= 0)
    if len(grouped):
        name_of = names_of(scipy.sparse.csr_matrix(weights[grouped]), group[grouped], words[kept])
        names[grouped] = [name_of[number] for number in group[grouped]]
    names[-1] = ""  # of no request
    labels: npt.NDArray[np.object_] = names[request]
    return labels


def _in_order(texts: Numbered) -> tuple[npt.NDArray[np.intp], list[str]]:
    """For each text its place among the sorted distinct ones, -1 for ""; and these."""
    met, at = np.unique(texts[0], return_inverse=True)
    distinct = texts[1].take(met)
    rank = pc.rank(distinct, "ascending", tiebreaker="dense").to_numpy().astype(np.intp) - 1
    in_order = pc.unique(distinct.take(pc.sort_indices(distinct))).to_pylist()
    missing = in_order[:1].count("")
    return rank[at] - missing, in_order[missing:]


def _of_no_subject() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS | FILLERS


def _reduced(weights: scipy.sparse.csr_matrix, seed: int) -> np.ndarray:
    from sklearn.decomposition import TruncatedSVD

    components = min(_DIMENSIONS, *(size - 1 for size in weights.shape))
    return np.asarray(TruncatedSVD(components, random_state=seed).fit_transform(weights))


def _subjects(
    weights: scipy.sparse.csr_matrix,
    cut: list[str],
    request: npt.NDArray[np.intp],
    answers: Numbered,
    seed: int,
) -> np.ndarray | None:
    """A place for each word of the requests (words, dimensions), by what is answered where it stands.

    ``weights`` and ``cut`` of the distinct requests; ``request``: which of them each of ``answers`` is to, -1 for
    none.

    The left singular vectors of the covariance of the words of requests with those of answers, times
    their singular values (partial least squares by SVD: Bookstein et al. 1996, NeuroImage 3:143;
    the answers reduced by truncated SVD first). Words that an answer shares with its request are left
    out, or every name would be a subject of its own. Kept are the directions whose value is above the
    mean of the largest of ``_SHUFFLES`` pairings of requests and answers by chance (parallel analysis:
    Horn 1965, Psychometrika 30:179): weaker ones would fit the groups to the answers that happened to be
    given, and a claim about answers would then find its cause in the groups. ``None`` where less than two
    are, or fewer than ``_FEWEST_TEXTS`` requests are answered.
    """
    from sklearn.preprocessing import normalize

    generator = np.random.default_rng(seed)
    codes, texts = answers
    is_answer = (request >= 0) & (codes >= 0)
    is_answer[is_answer] = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)[codes[is_answer]]
    answered = np.unique(request[is_answer])
    answered = np.sort(generator.permutation(answered)[:_LARGEST_SAMPLE])
    if len(answered) < _FEWEST_TEXTS:
        return None
    told = is_answer & np.isin(request, answered)
    both = _told(request[told], texts.take(codes[told])) + [cut[place] for place in answered]
    counts, _ = counted(both, leave_out=_of_no_subject())
    counts = counts[:, worth_weighing(counts[: len(answered)], _WORDS_OF_ANSWERS)]
    if counts.shape[1] < _FEWEST_WORDS:  # too few are in two answers
        return None
    said, repeated = weighed(counts[: len(answered)]), counts[len(answered) :] > 0
    own = normalize(said - said.multiply(repeated))
    telling = np.flatnonzero(own.getnnz(axis=1))
    if len(telling) < _FEWEST_TEXTS:
        return None
    replies = _reduced(own[telling], seed)
    replies -= replies.mean(axis=0)
    asked = scipy.sparse.csr_matrix(weights[answered[telling]]).T.tocsr()
    directions, sizes, _ = np.linalg.svd(asked @ replies, full_matrices=False)
    by_chance = [
        np.linalg.norm(asked @ replies[generator.permutation(len(replies))], 2)
        for _ in range(_SHUFFLES)
    ]
    kept = int((sizes > np.mean(by_chance)).sum())
    return np.asarray(directions * sizes)[:, :kept] if kept >= _FEWEST_DIRECTIONS else None


def _told(request: npt.NDArray[np.intp], answers: pa.StringArray) -> list[str]:
    """The first different answers to each request, in one text; requests in order."""
    said: dict[int, set[str]] = {place: set() for place in np.unique(request).tolist()}
    for place, answer in zip(request.tolist(), answers.to_pylist(), strict=True):
        said[place].add(answer)
    return [
        " ".join(each[:_LONGEST_TEXT] for each in sorted(texts)[:_ANSWERS_EACH])
        for texts in said.values()
    ]


def _groups(points: np.ndarray, apart: float, seed: int) -> np.ndarray:
    """The number of the group of each point, -1 where none is near."""
    from sklearn.cluster import AgglomerativeClustering, KMeans
    from sklearn.preprocessing import normalize

    directions = normalize(points)
    sample = np.random.default_rng(seed).permutation(len(points))[:_LARGEST_SAMPLE]
    different = len(np.unique(directions[sample].round(6), axis=0))
    number = min(_MOST_GROUPS, len(sample) // _TEXTS_A_GROUP, different)
    if number < 2:
        return np.zeros(len(points), dtype=np.int64)
    fine = KMeans(number, n_init=_STARTS, random_state=seed).fit(directions[sample])
    centres = fine.cluster_centers_
    joined = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=apart
    ).fit_predict(centres)
    nearest = fine.predict(directions)
    likeness = np.einsum("ij,ij->i", directions, normalize(centres)[nearest])
    return np.where(likeness >= _NEAREST, joined[nearest], -1)
