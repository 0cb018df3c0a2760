"""Replay span trees with some spans shorter, side by side or gone, and see how long the traces take.

What comes after what is read from the gaps: a sibling that starts once another has ended follows it
after the recorded gap; siblings that overlap are concurrent and keep their distance from what went
before. A span starts its recorded gap after the *last* of all siblings that had ended by then, so a
change never makes a trace longer, and what is saved is rather under- than overstated. The effect of a
change is that on the whole, not on the part (Curtsinger & Berger 2015, "Coz: Finding Code that Counts
with Causal Profiling", SOSP).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.timing.layout import Floats, Layout, Rows, layout
from mlflow_analysis.timing.schedule import Schedule, schedule

TOLERANCE_MS = 1.0
ENOUGH_ALIKE = 0.99
_NEXT_TO_NOTHING = 1e-12


_NO_SPANS = pd.Index([], dtype=np.int64)
_NO_TIMES, _NO_GROUPS = (pd.Series(dtype=each, index=_NO_SPANS) for each in ("float64", "int64"))


@dataclass(frozen=True)
class Mend:
    """What would be different once the fault is mended. Spans are named by their number in ``features.spans``."""

    what: str
    """As the end of "replayed with …": "search at its median of 300 ms"."""
    durations: pd.Series = field(default_factory=lambda: _NO_TIMES)
    """Milliseconds a span would take; all that it holds shrinks in proportion. Never longer."""
    own_times: pd.Series = field(default_factory=lambda: _NO_TIMES)
    """Milliseconds a span would spend outside its children; these stay as they are. Never longer."""
    side_by_side: pd.Series = field(default_factory=lambda: _NO_GROUPS)
    """Number of the group of siblings a span belongs to; each waits for the start, not for the end, of
    the one before it in its group, and keeps its recorded gap: starting it still takes that."""
    removed: pd.Index = field(default_factory=lambda: _NO_SPANS)
    """Spans that would not be there, nor the pause before them."""


class Replay:
    """The span trees of an experiment, ready to be replayed again and again."""

    def __init__(self, spans: pd.DataFrame, traces: pd.DataFrame) -> None:
        """``spans`` (columns ``LAID_OUT``) and ``traces`` as in ``features.tables``."""
        self.layout: Layout = layout(spans, len(traces))
        self._schedule: Schedule = schedule(self.layout)
        unchanged = np.ones(len(self.layout.parent))
        self._recorded = self.layout.own(self._schedule.durations(unchanged, unchanged))
        spanned = np.bincount(self.layout.trace[: len(spans)], minlength=len(traces)) > 0
        known = traces["duration_ms"].to_numpy(dtype=float)
        counted = traces["complete"].to_numpy(dtype=bool) & spanned & np.isfinite(known)
        alike = np.abs(self._recorded - known) <= TOLERANCE_MS
        self.checked = int(counted.sum())
        """Ended traces with spans and a recorded duration."""
        self.alike = int((alike & counted).sum())
        """Those of them that a replay with no change gives back within a millisecond."""
        self.usable: npt.NDArray[np.bool_] = counted

    @property
    def faithful(self) -> bool:
        """Whether replaying with no change gives the recorded durations back on 99 % of the traces."""
        return self.checked > 0 and self.alike >= ENOUGH_ALIKE * self.checked

    def saved_ms(self, mend: Mend) -> Floats:
        """Milliseconds by which each trace (t,) would be shorter."""
        plan, n = self.layout, self.layout.spans
        scale, own = np.ones(len(plan.parent)), np.ones(len(plan.parent))
        rows, target = _places(mend.durations), mend.durations.to_numpy(dtype=float)
        # something is left of it, for only what is removed takes the pause before it along
        scale[rows] = np.maximum(_ratio(target, plan.duration_ms[rows]), _NEXT_TO_NOTHING)
        rows, target = _places(mend.own_times), mend.own_times.to_numpy(dtype=float)
        own[rows] = _ratio(target, self._schedule.own_ms[rows])
        scale[mend.removed.to_numpy(np.int64)] = 0.0
        follows = self._leaders(mend.side_by_side)
        changed = (scale[:n] < 1) | (own[:n] < 1) | (follows >= 0)
        touched = np.zeros(len(plan.parent) - n, dtype=bool)
        touched[plan.trace[:n][changed]] = True
        if not touched.any():
            return np.zeros(len(touched))
        for rows in plan.by_depth[1:]:
            scale[rows] = np.minimum(scale[rows], scale[plan.parent[rows]])
        lasting = self._schedule.durations(scale, own, follows=follows, only=touched[plan.trace])
        return np.where(touched, self._recorded - plan.own(lasting), 0.0)

    def _leaders(self, groups: pd.Series) -> Rows:
        """For each span (n,) the row of the one before it in its group of siblings, or -1."""
        leader = np.full(self.layout.spans, -1, dtype=np.int64)
        rows, number = _places(groups), groups.to_numpy()
        order = np.lexsort((rows, self.layout.start_ms[rows], self.layout.parent[rows], number))
        rows, number = rows[order], number[order]
        same = (number[1:] == number[:-1]) & (
            self.layout.parent[rows[1:]] == self.layout.parent[rows[:-1]]
        )
        leader[rows[1:][same]] = rows[:-1][same]
        return leader


def _places(values: pd.Series) -> Rows:
    return values.index.to_numpy(np.int64)


def _ratio(target: Floats, recorded: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(recorded > 0, target / recorded, 1.0)
    return np.clip(np.nan_to_num(share, nan=1.0), 0.0, 1.0)
