"""First calls that take longer than the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import (
    AFFECTED_COLUMNS,
    Case,
    Contrast,
    Hypothesis,
    Rule,
    affected_rows,
)
from mlflow_analysis.hypotheses.performance.critical_path import tool_calls
from mlflow_analysis.timing.replay import Mend

_FEWEST_PAIRS = 12
_FELT_MS = 100.0
_IDLE_MS = 300_000.0
_SLOWER = 1.5
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_NOTHING = pd.DataFrame(columns=AFFECTED_COLUMNS)


class ColdStart(Hypothesis):
    """The first call of a tool, in a session or after a pause, takes longer than those that follow it.

    ## Why it matters
    The first answer is the one by which an application is judged, and a connection, a container or a
    cache that is opened for it can be opened before.

    ## Test
    One case for each tool. Unit: sessions (traces, where the experiment has no sessions) with both a cold
    and a later call of it that did not fail, in ended traces. Cold are the session's first call and each
    one that starts 5 minutes or more after the session's last call of the tool ended; the others are
    later. Each session gives one pair: the mean log duration of its cold calls less that of its later
    ones. The effect is the ratio exp(mean of these differences) with the t interval of the mean; p by
    the Wilcoxon signed-rank test. Confirmed if the lower bound is above 1.2 (and q < 0.10), refuted if
    the upper bound is below it. Affected: sessions whose cold calls took at least 1.5 times and 100 ms
    longer in the geometric mean. Impact: a replay with each cold call shorter by the lower bound of the
    ratio.

    ## Not flagged
    Tools that are slow throughout (slow-tool); failed calls; fewer than 12 sessions with such a pair;
    differences under 100 ms in the mean.

    ## Recommendation
    Open connections and load indexes at start-up, keep the endpoint warm (provisioned concurrency,
    keep-alive), or call it once while the user is still typing.

    ## Sources
    Wang et al. 2018, Peeking Behind the Curtains of Serverless Platforms, USENIX ATC. Wilcoxon 1945,
    Individual Comparisons by Ranking Methods, Biometrics Bulletin 1.
    """

    id: ClassVar[str] = "cold-start"
    title: ClassVar[str] = "Slow first calls"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.SESSION
    severity: ClassVar[Severity] = Severity.LOW
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 1.2
    needs: ClassVar[frozenset[Field]] = frozenset(
        {Field.TOOL_SPANS, Field.DURATIONS, Field.DURATIONS_MEASURED}
    )
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Sessions that call some tool cold and again."""
        sessions = {name for pairs in _pairs(features) for name in pairs.session}
        return pd.Index(sorted(sessions), dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """Sessions with slow cold calls of any tool."""
        return pd.concat([case.affected for case in self.cases(features)] or [_NOTHING])

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each tool, in order of the names."""
        for pairs in _pairs(features):
            yield _case(features, pairs)


@dataclass(frozen=True)
class _Pairs:
    """The sessions (s) that call a tool cold and again."""

    tool: str
    session: npt.NDArray[np.object_]
    first: Rows
    """Row in ``features.spans`` of each session's first cold call."""
    cold_ms: Floats
    """Geometric means."""
    later_ms: Floats
    cold: Rows
    """Rows in ``features.spans`` of all cold calls (of these sessions)."""


def _pairs(features: Features) -> list[_Pairs]:
    calls, spans = features.shared(tool_calls), features.spans
    worked = ~spans["failed"].to_numpy(dtype=bool)[calls.row]
    row, code, ms = calls.row[worked], calls.code[worked], calls.ms[worked]
    session = features.session_codes[calls.trace[worked]]
    start, end = (spans[name].to_numpy(dtype=float)[row] for name in ("start_ms", "end_ms"))
    order = np.lexsort((row, start, session, code))
    row, code, ms, session, start, end = (
        each[order] for each in (row, code, ms, session, start, end)
    )
    new = np.ones(len(row), dtype=bool)
    new[1:] = (code[1:] != code[:-1]) | (session[1:] != session[:-1])
    cold = new.copy()
    cold[1:] |= start[1:] - end[:-1] >= _IDLE_MS
    group = np.cumsum(new) - 1
    groups = int(new.sum())
    sizes = [np.bincount(group[side], minlength=groups) for side in (cold, ~cold)]
    logs = [np.bincount(group[side], np.log(ms[side]), groups) for side in (cold, ~cold)]
    both = (sizes[0] > 0) & (sizes[1] > 0)
    first = np.flatnonzero(new)
    sessions = features.traces["session"].to_numpy(dtype=object)[features.trace_at[row[first]]]
    found = []
    for number in np.unique(code[first]).tolist():
        kept = both & (code[first] == number)
        found.append(
            _Pairs(
                calls.names[number],
                sessions[kept],
                row[first][kept],
                np.exp(logs[0][kept] / sizes[0][kept]),
                np.exp(logs[1][kept] / sizes[1][kept]),
                row[cold & kept[group]],
            )
        )
    return found


def _case(features: Features, pairs: _Pairs) -> Case:
    tool, sessions = pairs.tool, pd.Index(pairs.session, dtype=object)
    if len(sessions) < _FEWEST_PAIRS:
        few = f"fewer than {_FEWEST_PAIRS} sessions call {tool} twice or more"
        return Case(sessions, _NOTHING, subject=tool, test_without_effect=few)
    excess, log_ratio = pairs.cold_ms - pairs.later_ms, np.log(pairs.cold_ms / pairs.later_ms)
    mean = float(log_ratio.mean())
    margin = float(scipy.stats.sem(log_ratio) * scipy.stats.t.ppf(0.975, len(log_ratio) - 1))
    p_value = float(scipy.stats.wilcoxon(log_ratio).pvalue) if np.any(log_ratio) else 1.0
    ratio = float(np.exp(mean))
    # Below what anybody feels, the ratio counts as none.
    felt = float(excess.mean()) >= _FELT_MS
    interval = (float(np.exp(mean - margin)), float(np.exp(mean + margin))) if felt else (1.0, 1.0)
    return Case(
        sessions,
        _rows(features, pairs, (pairs.cold_ms >= _SLOWER * pairs.later_ms) & (excess >= _FELT_MS)),
        subject=tool,
        contrast=Contrast(
            Effect("ratio of durations, first over later", ratio if felt else 1.0, interval, 1.0),
            p_value,
        ),
        statement=f"The first call of {tool} in a session or after a pause takes {ratio:.1f} times as long "
        "as those that follow it.",
        mended=_mend(features, pairs, interval[0]) if interval[0] > 1 else None,
    )


def _mend(features: Features, pairs: _Pairs, ratio: float) -> Mend:
    ms = features.spans["duration_ms"].to_numpy(dtype=float)[pairs.cold]
    return Mend(
        f"the first calls of {pairs.tool} {ratio:.2f} times quicker (lower bound of the ratio)",
        durations=pd.Series(ms / ratio, index=pairs.cold),
    )


def _rows(features: Features, pairs: _Pairs, slow: npt.NDArray[np.bool_]) -> pd.DataFrame:
    cold, later = (
        pd.Series(each[slow]).round().astype(int).map("{:,}".format).astype(str)
        for each in (pairs.cold_ms, pairs.later_ms)
    )
    shown = features.spans.take(pairs.first[slow])
    return affected_rows(
        pd.Index(pairs.session[slow], dtype=object),
        shown["trace_id"],
        shown["span_id"],
        "first call " + cold + " ms, later " + later + " ms",
        f"First calls of {pairs.tool} in the session, or after 5 minutes without one, took "
        + cold
        + " ms in the geometric mean, the others "
        + later
        + " ms.",
    )
