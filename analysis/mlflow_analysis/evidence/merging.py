"""Findings that say the same are shown once, and a finding within another points to it.

Two wrong merges are worse than three duplicates, so everything must agree before two become one: both
confirmed, of one family, mended in the same way (``Hypothesis.mends``: what is slow and what is wrong are
not, nor is a call that fails and an answer that hides it), about the same subject or one of them about
none, with ``FEWEST_UNITS`` affected units at least, and a Jaccard similarity of ``SAME`` or more of their
traces, of their units where they count the same, and of the very places (spans) that show them: two
failures in the same traces but at different calls stay two. The better ranked stays, the other becomes
its alias.

A finding is a *part* of another if at least ``WITHIN`` of its traces are among the other's, that one is
clearly larger, and so much overlap is not what its size alone would give (Fisher's exact test, p < 0.001).
Both stay; the smaller names the smallest such parent.

Jaccard (1912), New Phytologist 11:37.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from mlflow_analysis.evidence.composition import Weighed
from mlflow_analysis.findings.finding import Alias, Finding
from mlflow_analysis.findings.kinds import Category, Verdict
from mlflow_analysis.statistics.exact import fisher_p

SAME = 0.8
WITHIN = 0.95
CLEARLY_SMALLER = 0.8
FEWEST_UNITS = 3
_BEYOND_CHANCE = 0.001


def merged(findings: Sequence[Finding], weighed: dict[str, Weighed], traces: int) -> list[Finding]:
    """``findings`` (in rank order) with aliases and parents; ``weighed`` is by fingerprint.

    ``traces`` is the number of all traces.
    """
    chosen = [
        number
        for number, each in enumerate(findings)
        if each.verdict is Verdict.CONFIRMED
        and each.category is not Category.USER
        and each.affected >= FEWEST_UNITS
        and each.fingerprint in weighed
    ]
    if len(chosen) < 2:
        return list(findings)
    candidates = [findings[number] for number in chosen]
    shown = [weighed[each.fingerprint].places.traces for each in candidates]
    ends = np.cumsum([0, *map(len, shown)])
    shows = scipy.sparse.csr_array(
        (np.ones(ends[-1], np.int64), np.concatenate(shown), ends), shape=(len(shown), traces)
    )
    overlap = (shows @ shows.T).toarray()

    kept: list[int] = []
    aliases: dict[int, list[Finding]] = {}
    for number, finding in enumerate(candidates):
        home = next(
            (
                other
                for other in kept
                if _same(candidates[other], finding, _jaccard(overlap, other, number), weighed)
            ),
            None,
        )
        if home is None:
            kept.append(number)
        else:
            aliases.setdefault(home, []).append(finding)
    changed: dict[str, Finding | None] = {
        each.fingerprint: None for some in aliases.values() for each in some
    }
    for number in kept:
        parent = _parent(number, kept, candidates, overlap, traces)
        changed[candidates[number].fingerprint] = replace(
            candidates[number],
            aliases=tuple(_alias(each) for each in aliases.get(number, [])),
            parent="" if parent is None else candidates[parent].fingerprint,
        )
    after = (changed.get(each.fingerprint, each) for each in findings)
    return [each for each in after if each is not None]


def _same(one: Finding, other: Finding, jaccard: float, weighed: dict[str, Weighed]) -> bool:
    if one.category is not other.category or jaccard < SAME:
        return False
    if one.subject and other.subject and one.subject != other.subject:
        return False
    first, second = weighed[one.fingerprint], weighed[other.fingerprint]
    if not first.hypothesis.mends or first.hypothesis.mends != second.hypothesis.mends:
        return False
    if one.unit is other.unit and _alike(_units(first), _units(second)) < SAME:
        return False
    return _alike(_spans(first), _spans(second)) >= SAME


def _jaccard(overlap: npt.NDArray[np.int64], one: int, other: int) -> float:
    both = overlap[one, other]
    either = overlap[one, one] + overlap[other, other] - both
    return float(both / either) if either else 0.0


def _alike(one: pd.Index, other: pd.Index) -> float:
    both = int(one.isin(other).sum())
    either = len(one) + len(other) - both
    return both / either if either else 0.0


def _units(weighed: Weighed) -> pd.Index:
    return pd.Index(weighed.places.units, dtype=object)


def _spans(weighed: Weighed) -> pd.Index:
    """Every place that shows it: ``trace_id/span_id``."""
    return pd.Index(weighed.places.trace_ids + "/" + weighed.places.span_ids).unique()


def _parent(
    number: int,
    kept: list[int],
    candidates: list[Finding],
    overlap: npt.NDArray[np.int64],
    total: int,
) -> int | None:
    size = int(overlap[number, number])
    possible = []
    for other in kept:
        theirs, both = int(overlap[other, other]), int(overlap[number, other])
        if candidates[other].is_issue is not candidates[number].is_issue:
            continue
        if size > CLEARLY_SMALLER * theirs or both < WITHIN * size:
            continue
        if fisher_p(both, theirs, size, total)[0] < _BEYOND_CHANCE:
            possible.append((theirs, other))
    return min(possible)[1] if possible else None


def _alias(finding: Finding) -> Alias:
    return Alias(
        fingerprint=finding.fingerprint,
        hypothesis=finding.hypothesis,
        title=finding.title,
        subject=finding.subject,
        unit=finding.unit,
        affected=finding.affected,
        eligible=finding.eligible,
        interval=finding.interval,
        trace_ids=finding.trace_ids,
    )
