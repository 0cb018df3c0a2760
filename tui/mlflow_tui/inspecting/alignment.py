"""Which span of one trace goes with which of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from mlflow_analysis.records import MODEL_KINDS
from mlflow_tui.inspecting.span_tree import SpanTree

METHOD = "aligned level by level by name and order, then by alike names and model calls"
ALIKE = 80
"""Per cent of similarity from which on two names are taken for one that was changed."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Places of two spans that go together; ``None`` where a span is in one trace only."""

    depth: int
    left: int | None
    right: int | None


def align(left: SpanTree, right: SpanTree) -> list[Pair]:
    """All spans of both, depth first.

    Children of two spans that go together are aligned by the longest common subsequence of their names
    (as ``diff`` aligns lines). Between two pairs, spans of alike names and model calls go together too.
    """
    pairs: list[Pair] = []
    ahead = list(_aligned(left, right, left.roots, right.roots, 0))[::-1]
    while ahead:
        pair = ahead.pop()
        pairs.append(pair)
        below = _aligned(
            left,
            right,
            left.children[pair.left] if pair.left is not None else (),
            right.children[pair.right] if pair.right is not None else (),
            pair.depth + 1,
        )
        ahead += list(below)[::-1]
    return pairs


def _aligned(
    left: SpanTree, right: SpanTree, lefts: Sequence[int], rights: Sequence[int], depth: int
) -> Iterator[Pair]:
    names = [left.spans[place].record.name for place in lefts]
    others = [right.spans[place].record.name for place in rights]
    alone: list[int] = []
    added: list[int] = []
    for step in LCSseq.opcodes(names, others):
        if step.tag == "equal":
            yield from _gap(left, right, alone, added, depth)
            alone, added = [], []
            for offset in range(step.src_end - step.src_start):
                yield Pair(depth, lefts[step.src_start + offset], rights[step.dest_start + offset])
        else:
            alone += lefts[step.src_start : step.src_end]
            added += rights[step.dest_start : step.dest_end]
    yield from _gap(left, right, alone, added, depth)


def _gap(
    left: SpanTree, right: SpanTree, alone: Sequence[int], added: Sequence[int], depth: int
) -> Iterator[Pair]:
    """What is left over between two pairs, in order: those that are alike go together."""
    waiting = list(added)
    for place in alone:
        found = next(
            (
                offset
                for offset, other in enumerate(waiting[:20])
                if _alike(left, place, right, other)
            ),
            None,
        )
        if found is None:
            yield Pair(depth, place, None)
            continue
        for other in waiting[:found]:
            yield Pair(depth, None, other)
        yield Pair(depth, place, waiting[found])
        del waiting[: found + 1]
    for other in waiting:
        yield Pair(depth, None, other)


def _alike(left: SpanTree, place: int, right: SpanTree, other: int) -> bool:
    one, two = left.spans[place].record, right.spans[other].record
    if one.kind in MODEL_KINDS and two.kind in MODEL_KINDS:
        return True
    return one.kind == two.kind and fuzz.ratio(one.name[:200], two.name[:200]) >= ALIKE
