"""Which texts are nearly the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import scipy
from rapidfuzz import fuzz, process

_NUMBERS = re.compile(r"\d+")
_WORDS = re.compile(r"[^\w]+")
_BLOCK = 2_000


def similarity(first: str, second: str) -> float:
    """Normalised indel similarity of two texts, 0 to 1, letters' case and punctuation ignored."""
    return fuzz.ratio(_plain(first), _plain(second)) / 100.0


def near_identical(texts: Sequence[str], threshold: float = 0.9) -> list[int]:
    """A group number for each text; texts in one group are at least ``threshold`` similar to another.

    Texts that name different numbers are never in one group: another order is another question.
    Groups are numbered by first appearance. Compares distinct texts only, within equal numbers.
    """
    plain = [_plain(text) for text in texts]
    distinct = sorted(set(plain))
    by_numbers: dict[tuple[str, ...], list[str]] = {}
    for text in distinct:
        by_numbers.setdefault(tuple(sorted(_NUMBERS.findall(text))), []).append(text)
    label: dict[str, int] = {}
    for members in by_numbers.values():
        for text, group in zip(members, _linked(members, threshold * 100.0), strict=True):
            label[text] = len(label) if group is None else label[members[group]]
    seen: dict[int, int] = {}
    return [seen.setdefault(label[text], len(seen)) for text in plain]


def _linked(members: list[str], cutoff: float) -> list[int | None]:
    """For each text the position of the first text of its group; ``None`` for that first one."""
    rows, columns = [], []
    for start in range(0, len(members), _BLOCK):
        scores = process.cdist(
            members[start : start + _BLOCK],
            members,
            scorer=fuzz.ratio,
            score_cutoff=cutoff,
            dtype=np.uint8,
        )
        near = np.nonzero(scores)
        rows.append(near[0] + start)
        columns.append(near[1])
    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = scipy.sparse.coo_array(
        (np.ones(len(row)), (row, column)), shape=(len(members), len(members))
    )
    _, component = scipy.sparse.csgraph.connected_components(graph, directed=False)
    first: dict[int, int] = {}
    result: list[int | None] = []
    for position, number in enumerate(component.tolist()):
        result.append(first.get(number))
        first.setdefault(number, position)
    return result


def _plain(text: str) -> str:
    return _WORDS.sub(" ", text.lower()).strip()
