"""Name groups of texts by the words that tell them apart."""

from __future__ import annotations

from itertools import count

import numpy as np
import scipy

FILLERS = frozenset({
    "able", "absolutely", "actually", "ahead", "alright", "answer", "appreciate", "ask", "asap", "awesome",
    "believe", "bit", "bye", "certainly", "check", "correct", "course", "dear", "definitely", "did", "does",
    "doing", "evening", "everything", "exactly", "fine", "glad", "goes", "going", "gonna", "good", "got",
    "great", "guess", "happy", "hello", "help", "hey", "hope", "hoping", "just", "kind", "kindly", "know",
    "let", "like", "likes", "little", "look", "looking", "looks", "lot", "love", "make", "maybe", "mean",
    "mind", "moment", "morning", "need", "needs", "nice", "nope", "oh", "okay", "ones", "perfect", "please",
    "probably", "proceed", "question", "quick", "quite", "really", "right", "said", "say", "simply", "sir",
    "sorry", "sounds", "speaking", "sure", "tell", "thank", "thanks", "thats", "there", "thing", "things",
    "think", "today", "trying", "understand", "using", "want", "wanted", "wants", "way", "welcome", "wonder",
    "wondering", "worry", "yeah", "yep", "yes", "don", "doesn", "didn", "isn", "wasn", "won", "couldn",
    "wouldn", "haven", "hasn", "aren", "com", "www", "http", "https",
})  # fmt: skip
"""Words of courtesy and assent, and what is left of "don't" and of addresses: of no subject."""
_MOST_WORDS = 3
_FEWEST_SHARE = 0.2
"""Of a group's texts that must hold each word of its name but the first."""
_SAME_STEM = 5
"""Letters at the beginning that make two words forms of one."""
_LOOKED_AT = 20


def names_of(
    weights: scipy.sparse.csr_matrix, groups: np.ndarray, words: np.ndarray
) -> dict[int, str]:
    """A name of up to three words for each group, no name twice.

    ``weights``: texts × words, zero where a text lacks a word; ``groups``: of each text. Class-based
    TF-IDF (Grootendorst 2022, "BERTopic"): the share of a group's texts with the word, times
    log(1 + mean share of all words in all groups / share of this word in all groups).
    """
    held = scipy.sparse.csr_matrix(
        (np.ones(len(weights.data)), weights.indices, weights.indptr), weights.shape
    )
    numbers = np.unique(groups)
    shares = np.vstack([
        np.asarray(held[np.flatnonzero(groups == number)].mean(axis=0)).ravel() for number in numbers
    ])  # fmt: skip
    everywhere = shares.sum(axis=0)
    telling = shares * np.log1p(shares.sum() / len(numbers) / np.maximum(everywhere, 1e-12))
    names: dict[int, str] = {}
    for number, share, score in zip(numbers.tolist(), shares, telling, strict=True):
        ranked = np.argsort(-score, kind="stable")[:_LOOKED_AT]
        chosen: list[str] = []
        for position in ranked:
            word = str(words[position])
            if share[position] >= _FEWEST_SHARE and not any(
                _related(word, each) for each in chosen
            ):
                chosen.append(word)
        name = " · ".join(chosen[:_MOST_WORDS] or [str(words[ranked[0]])])
        tries = (name if again == 1 else f"{name} ({again})" for again in count(1))
        names[number] = next(each for each in tries if each not in names.values())
    return names


def _related(one: str, other: str) -> bool:
    shorter = min(_SAME_STEM, len(one), len(other))
    return one[:shorter] == other[:shorter]
