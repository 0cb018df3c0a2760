"""Hypothesis ``regression``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Outcome, Rule, affected_rows
from mlflow_analysis.hypotheses.failure_class import EXCERPT_LENGTH, leading_cause
from mlflow_analysis.statistics.change_points import Change, level_change, rate_change
from mlflow_analysis.statistics.clustering import ClusterExchange, design_effect

_FEWEST_TRACES = 40
_DAY_MS = 86_400_000.0
_VERSIONS = ("app_version", "prompt_version", "model")
_COLUMNS = [
    "start_ms", "duration_ms", "failed", "load", "root_span_id", "first_failed_span_id",
    "error_message", *_VERSIONS,
]  # fmt: skip
_TAKEN_UP = 0.3
_SLOW_QUANTILE = 0.9
_CLEAR = 0.10


@dataclass(frozen=True)
class _Level:
    """How a level after the change compares with the one before, as a ratio."""

    ratio: float
    interval: tuple[float, float]


class Regression(Hypothesis):
    """From some moment on, traces fail more often or take longer.

    ## Why it matters
    A step that stays is nearly always something that was changed, and what was changed can be taken back.

    ## Test
    Two claims, about failures and about latency, each with one change point: the cut that parts the
    traces in time into the most different two (standardised, over all cuts), with a p-value by permuting
    whole sessions in time. The effect is the ratio of failure rates (Katz's interval, widened by the design
    effect) or of typical durations of traces that ended well (Welch's interval on log durations, after
    taking out what load and, over two days and more, the hour of day explain). If the last third
    of what follows the change is below 1.2 times the level before, that is the effect: a regression lasts.
    Without a change point the second half is compared with the first. Confirmed if the lower bound is
    above 1.2 and q < 0.10.

    ## Not flagged
    Drifts below 1.2 times; a spell that passed (see error-burst); slow hours that come back every day.

    ## Recommendation
    Compare what was deployed just before the change with what ran before it: application, prompt, model,
    tools, data. Roll back the newest, or bisect, and keep an evaluation of the affected traces as a test.

    ## Sources
    James, James & Siegmund (1987), Biometrika 74:71; Katz et al. (1978), Biometrics 34:469; Killick,
    Fearnhead & Eckley (2012), J. Am. Stat. Assoc. 107:1590.
    """

    id = "regression"
    title = "Worse since a moment in time"
    category = Category.OPERATIONAL
    is_outcome = frozenset({Outcome.STATE})
    severity = Severity.HIGH
    rule = Rule.EFFECT
    minimum_effect = 1.2
    live = False

    def eligible(self, features: Features) -> pd.Index:
        """Complete traces."""
        return features.complete.index

    def affected(self, features: Features) -> pd.DataFrame:
        """Failing and slow traces after the changes, whether these are beyond chance or not."""
        return pd.concat([case.affected for case in self.cases(features)], ignore_index=True)

    def cases(self, features: Features) -> Iterable[Case]:
        """A case about failures and one about latency."""
        yield _failures(features)
        yield _latency(features)

    def recommend(self, finding: Finding) -> str:
        """Names the version that goes with the affected traces."""
        advice = self.documentation().recommendation
        for column in _VERSIONS:
            version = leading_cause(finding, column)
            if version:
                return f"Begin with {column} {version}. {advice}"
        return advice


def _failures(features: Features) -> Case:
    traces = features.complete[_COLUMNS]
    failed = traces["failed"].to_numpy(dtype=bool)
    nobody = _rows(traces.iloc[:0], "")
    if len(traces) < _FEWEST_TRACES or not failed.any() or failed.all():
        few = len(traces) < _FEWEST_TRACES
        reason = "fewer than 40 complete traces" if few else "all traces ended alike"
        return Case(features.every_complete, nobody, "failures", test_without_effect=reason)
    sessions = ClusterExchange(features.session_codes[features.complete_at])
    change = rate_change(failed, sessions, features.seed)
    if change is None:
        reason = "a session is too long to see a change beside it"
        return Case(features.every_complete, nobody, "failures", test_without_effect=reason)
    cut = change.index if change.p_value <= _CLEAR else len(failed) // 2
    widening = design_effect(failed, sessions)
    level = _lasting(
        _rate_ratio(failed[:cut], failed[cut:], widening),
        _rate_ratio(failed[:cut], failed[cut + 2 * (len(failed) - cut) // 3 :], widening),
    )
    before, after = float(failed[:cut].mean()), float(failed[cut:].mean())
    since = traces.iloc[cut:]
    affected = since[since["failed"].astype(bool)] if after > before else since.iloc[:0]
    when = _when(since["start_ms"].iloc[0])
    return Case(
        features.every_complete,
        _rows(
            affected,
            f"failed after {when}, when the failure rate rose from {before:.1%} to {after:.1%}",
        ),
        "failures",
        Contrast(
            Effect("ratio of failure rates", level.ratio, level.interval, before),
            _one_sided(change),
        ),
        statement=(
            f"{before:.1%} of traces failed until {when}, {after:.1%} since then.{_nearest(traces, cut)}"
        ),
        onset_ms=int(since["start_ms"].iloc[0]),
    )


def _latency(features: Features) -> Case:
    traces = features.complete[_COLUMNS]
    well = (~traces["failed"].astype(bool) & (traces["duration_ms"] > 0)).to_numpy()
    traces, eligible = traces[well], pd.Index(features.complete_at[well])
    if len(traces) < _FEWEST_TRACES:
        reason = "fewer than 40 complete traces ended well with a duration"
        return Case(eligible, _rows(traces.iloc[:0], ""), "latency", test_without_effect=reason)
    seconds = traces["duration_ms"].to_numpy(dtype=float) / 1000
    logs = _without_load_and_hour(traces, np.log(seconds))
    sessions = ClusterExchange(features.session_codes[eligible])
    change = level_change(logs, sessions, features.seed)
    if change is None:
        reason = "durations do not vary, or a session is too long to see a change beside it"
        return Case(eligible, _rows(traces.iloc[:0], ""), "latency", test_without_effect=reason)
    cut = change.index if change.p_value <= _CLEAR else len(logs) // 2
    logs = _without_load_and_hour(traces, np.log(seconds), cut)
    widening = design_effect(logs, sessions)
    level = _lasting(
        _level_ratio(logs[:cut], logs[cut:], widening),
        _level_ratio(logs[:cut], logs[cut + 2 * (len(logs) - cut) // 3 :], widening),
    )
    before, after = float(np.median(seconds[:cut])), float(np.median(seconds[cut:]))
    since = traces.iloc[cut:]
    slow = since[seconds[cut:] > np.quantile(seconds[:cut], _SLOW_QUANTILE)]
    slow = slow if level.ratio > 1 else slow.iloc[:0]
    when = _when(since["start_ms"].iloc[0])
    took = (slow["duration_ms"] / 1000).map("{:.1f}".format).astype(str)
    told = (
        "took " + took + f" s after {when}, when the median went from {before:.1f} to {after:.1f} s"
    )
    return Case(
        eligible,
        _rows(slow, told),
        "latency",
        Contrast(
            Effect("ratio of durations", level.ratio, level.interval, before), _one_sided(change)
        ),
        statement=(
            f"The median trace took {before:.1f} s until {when}, {after:.1f} s since then."
            f"{_nearest(traces, cut)}"
        ),
        seconds_lost=float(np.maximum(seconds[cut:] - before, 0).sum()) if after > before else None,
        onset_ms=int(since["start_ms"].iloc[0]),
    )


def _one_sided(change: Change) -> float:
    """A change for the better says nothing for the claim."""
    return change.p_value if change.after > change.before else 1.0


def _lasting(whole: _Level, end: _Level) -> _Level:
    """The effect over all that follows, unless it is gone at its end."""
    return end if end.ratio <= Regression.minimum_effect else whole


def _rate_ratio(before: np.ndarray, after: np.ndarray, widening: float) -> _Level:
    """Ratio of rates with Katz's log interval; half an event is added so that none is no problem."""
    k1, n1, k2, n2 = before.sum() + 0.5, len(before) + 0.5, after.sum() + 0.5, len(after) + 0.5
    log_ratio = float(np.log((k2 / n2) / (k1 / n1)))
    error = float(np.sqrt(max(0.0, 1 / k1 - 1 / n1 + 1 / k2 - 1 / n2) * widening))
    return _exponential(log_ratio, error)


def _level_ratio(before: np.ndarray, after: np.ndarray, widening: float) -> _Level:
    """Ratio of geometric means with Welch's interval on the logs."""
    variance = before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after)
    return _exponential(float(after.mean() - before.mean()), float(np.sqrt(variance * widening)))


def _exponential(log_ratio: float, error: float) -> _Level:
    half = float(scipy.stats.norm.ppf(0.975)) * error
    return _Level(
        float(np.exp(log_ratio)), (float(np.exp(log_ratio - half)), float(np.exp(log_ratio + half)))
    )


def _without_load_and_hour(
    traces: pd.DataFrame, logs: np.ndarray, cut: int | None = None
) -> np.ndarray:
    """Log durations less what load explains and, where the traces span two days, the hour of day.

    With a ``cut`` the step there is fitted too, and left in: it must not be taken for load or hour.
    """
    start = traces["start_ms"].to_numpy(dtype=float)
    load = np.log1p(traces["load"].to_numpy(dtype=float))
    nuisance = [load - load.mean()]
    if np.ptp(start) >= 2 * _DAY_MS:
        angle = 2 * np.pi * (start % _DAY_MS) / _DAY_MS
        nuisance += [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    kept = [np.ones(len(logs))]
    if cut is not None:
        kept.append((np.arange(len(logs)) >= cut).astype(float))
    coefficients = np.linalg.lstsq(np.column_stack(nuisance + kept), logs, rcond=None)[0]
    explained = np.column_stack(nuisance) @ coefficients[: len(nuisance)]
    return np.asarray(logs - explained, dtype=float)


def _nearest(traces: pd.DataFrame, cut: int) -> str:
    """The version that was taken up closest to the cut, or ""."""
    found: list[tuple[int, str]] = []
    for column in _VERSIONS:
        codes, versions = pd.factorize(traces[column].to_numpy(dtype=object), sort=True)
        after = np.bincount(codes[cut:], minlength=len(versions)) / (len(codes) - cut)
        before = np.bincount(codes[:cut], minlength=len(versions)) / cut
        risen = np.where(versions != "", after - before, -np.inf)
        taken_up = int(risen.argmax())
        if risen[taken_up] < _TAKEN_UP:
            continue
        version, first = versions[taken_up], int((codes == taken_up).argmax())
        at = _when(traces["start_ms"].iloc[first])
        found.append(
            (abs(first - cut), f" The nearest change is {column} {version}, first seen {at}.")
        )
    return min(found, default=(0, ""))[1]


def _when(start_ms: float) -> str:
    return pd.Timestamp(start_ms, unit="ms").strftime("%Y-%m-%d %H:%M UTC")


def _rows(traces: pd.DataFrame, told: pd.Series | str) -> pd.DataFrame:
    message = traces["error_message"].astype(str).str[:EXCERPT_LENGTH]
    span = traces["first_failed_span_id"].where(
        traces["failed"].astype(bool), traces["root_span_id"]
    )
    return affected_rows(traces.index, traces.index, span, message, "The trace " + told + ".")
