"""The claim "this tool, or model, holds much of the critical path", for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.hypotheses.base import AFFECTED_COLUMNS, Case, Contrast, affected_rows
from mlflow_analysis.statistics.shares import shares_of_totals
from mlflow_analysis.timing.replay import Mend

FEWEST_TRACES = 10
NOTHING = pd.DataFrame(columns=AFFECTED_COLUMNS)
DOMINATES = 0.25
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Calls:
    """Finished calls of some kinds in ended traces, as columns of equal length (m)."""

    row: Rows
    """Row in ``features.spans``."""
    trace: Rows
    """Row in ``features.traces``."""
    code: Rows
    """Number of the name: row of ``names``."""
    names: list[str]
    """In alphabetical order."""
    ms: Floats
    critical_ms: Floats

    def medians(self, values: Floats) -> Floats:
        """Median of ``values`` (m) by name, NaN where none is known."""
        by_name = pd.Series(values).groupby(self.code).median()
        return by_name.reindex(range(len(self.names))).to_numpy(dtype=float)


def calls_of(features: Features, is_one: npt.NDArray[np.bool_], column: str) -> Calls:
    """The spans for which ``is_one`` holds, named by ``column``, in traces that ended after some time."""
    spans, at = features.spans, features.trace_at
    timed = ended(features)[at]
    ms = spans["duration_ms"].to_numpy(dtype=float)
    row = np.flatnonzero(is_one & timed & (ms > 0)).astype(np.int64)
    code, names = spans.coded(column).at(row).met()
    critical = spans["critical_ms"].to_numpy(dtype=float)[row]
    return Calls(row, at[row], code, names.tolist(), ms[row], critical)


def tool_calls(features: Features) -> Calls:
    """The calls of tools, for ``features.shared``."""
    return calls_of(features, features.is_call, "tool")


def model_calls(features: Features) -> Calls:
    """The calls of models, for ``features.shared``."""
    return calls_of(features, features.is_model_call, "model")


def ended(features: Features) -> npt.NDArray[np.bool_]:
    """Which traces (t) ended, and took some time."""
    traces = features.traces
    return np.asarray(
        traces["complete"].to_numpy(dtype=bool) & (traces["duration_ms"].to_numpy(dtype=float) > 0)
    )


def dominance(
    features: Features,
    calls: Calls,
    out_of_line: npt.NDArray[np.bool_],
    target_ms: Floats,
    why: list[str],
) -> Iterator[Case]:
    """For each name, the case that its ``out_of_line`` (m) calls hold much of the critical path.

    ``target_ms`` (m) is how long such a call takes when it is not slow; ``why`` (by name) says what is
    out of line with them.
    """
    whole = features.traces["duration_ms"].to_numpy(dtype=float)
    names = len(calls.names)
    pair, at = np.unique(calls.trace * names + calls.code, return_inverse=True)
    trace, code = pair // names, pair % names
    held = np.bincount(at, np.where(out_of_line, calls.critical_ms, 0.0), minlength=len(pair))
    shares = shares_of_totals(
        np.minimum(held, whole[trace]),
        whole[trace],
        code,
        features.session_codes[trace],
        names,
        features.seed,
    )
    for number, name in enumerate(calls.names):
        mine = code == number
        interval = (float(shares.low[number]), float(shares.high[number]))
        value = float(shares.value[number])
        slow = np.flatnonzero((calls.code == number) & out_of_line)
        subject = name or "the model"
        few = int(mine.sum()) < FEWEST_TRACES
        yield Case(
            pd.Index(trace[mine]),
            _rows(features, calls, slow, trace[mine], held[mine], subject, why[number]),
            subject=subject,
            contrast=Contrast(Effect("share of the critical path", value, interval), None),
            statement=f"{subject} holds {value:.0%} of the waiting in the traces that call it with "
            f"out-of-line calls: {why[number]}.",
            mended=_mend(features, calls, slow, target_ms, subject),
            test_without_effect=f"fewer than {FEWEST_TRACES} traces call {subject}" if few else "",
        )


def _mend(features: Features, calls: Calls, slow: Rows, target_ms: Floats, subject: str) -> Mend:
    return Mend(
        f"the out-of-line calls of {subject} at its own median",
        durations=pd.Series(target_ms[slow], index=calls.row[slow]),
    )


def _rows(
    features: Features,
    calls: Calls,
    slow: Rows,
    traces: Rows,
    held: Floats,
    subject: str,
    why: str,
) -> pd.DataFrame:
    """Affected rows of the traces that the slow calls dominate, each at its longest one."""
    whole = features.traces["duration_ms"].to_numpy(dtype=float)[traces]
    dominated = held / whole > DOMINATES
    if not dominated.any():
        return NOTHING
    longest = slow[np.lexsort((slow, calls.critical_ms[slow], calls.trace[slow]))]
    ends = np.append(calls.trace[longest][1:] != calls.trace[longest][:-1], True)
    longest = longest[ends]
    longest = longest[np.isin(calls.trace[longest], traces[dominated])]
    share = pd.Series(100 * held[dominated] / whole[dominated])
    places = traces[dominated]
    ms = pd.Series(calls.ms[longest]).round().astype(int).map("{:,}".format).astype(str)
    total = pd.Series(whole[dominated]).round().astype(int).map("{:,}".format).astype(str)
    return affected_rows(
        pd.Index(places),
        features.traces.index[places],
        features.spans["span_id"].iloc[calls.row[longest]],
        subject + " took " + ms + " ms of " + total + " ms",
        f"Out-of-line calls of {subject} hold "
        + share.round().astype(int).astype(str)
        + f" % of the critical path; {why}.",
    )
