"""How often each word stands in each text, and what weight it has there.

Texts of one experiment are made of the same pieces, if they are not the same: so they are divided at spaces
first, and only the distinct pieces are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy

_WORD = re.compile(r"\b[^\W\d_]{3,}\b")
_FEWEST_TEXTS = 2
"""That must hold a word: what is said once is alike with nothing."""
_LARGEST_SHARE = 0.5
"""Of the texts that may hold it: what most say tells none of them apart."""


def counted(
    texts: Sequence[str], *, leave_out: Set[str]
) -> tuple[scipy.sparse.csr_matrix, npt.NDArray[np.object_]]:
    """How often each text has each word (texts × words), and the words, sorted.

    A word is three letters or more without a digit or underscore beside them, in lower case.
    """
    # numbers are no words: with one digit for all of them, far fewer pieces are distinct
    masked = pc.replace_substring_regex(pa.array(texts, pa.large_string()), "[0-9]+", "0")
    divided = pc.utf8_split_whitespace(masked)
    pieces = divided.values.dictionary_encode()
    found = [_WORD.findall(piece.lower()) for piece in pieces.dictionary.to_pylist()]
    place: dict[str, int] = {}
    held = [
        [place.setdefault(word, len(place)) for word in each if word not in leave_out]
        for each in found
    ]
    of_pieces = _ones(list(chain.from_iterable(held)), np.cumsum([0, *map(len, held)]), len(place))
    of_texts = _ones(pieces.indices.to_numpy(), divided.offsets.to_numpy(), len(found))
    counts = scipy.sparse.csr_matrix(of_texts @ of_pieces)
    counts.sort_indices()  # in each row as words were met, which is how scikit-learn sums them
    words, order = np.unique(np.array(list(place), dtype=object), return_inverse=True)
    counts.indices = order.astype(np.int32)[counts.indices]
    return counts, words


def worth_weighing(counts: scipy.sparse.csr_matrix, most: int) -> npt.NDArray[np.int64]:
    """The places of the words that are in some texts, but not in most; the ``most`` frequent of them."""
    texts = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = np.flatnonzero((texts >= _FEWEST_TEXTS) & (texts <= _LARGEST_SHARE * counts.shape[0]))
    if len(kept) > most:
        times = np.asarray(counts.sum(axis=0)).ravel()
        kept = np.sort(kept[np.argsort(-times[kept])[:most]])
    return kept


def weighed(counts: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """TF-IDF with 1 + log(count) for the count, each text of length 1."""
    from sklearn.feature_extraction.text import TfidfTransformer

    return scipy.sparse.csr_matrix(TfidfTransformer(sublinear_tf=True).fit_transform(counts))


def _ones(columns: npt.ArrayLike, starts: npt.ArrayLike, width: int) -> scipy.sparse.csr_matrix:
    """A row for each of ``starts`` but the last, in which each column counts as often as it is listed."""
    at, begin = np.asarray(columns, np.int32), np.asarray(starts, np.int32)
    return scipy.sparse.csr_matrix((np.ones(len(at)), at, begin), (len(begin) - 1, width))
