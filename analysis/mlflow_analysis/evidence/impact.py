"""What fixing it would give, at the least, and so how findings rank."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.evidence.prevalence import Flags, Places, places_in
from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.impact import Impact, Retimed
from mlflow_analysis.findings.kinds import Category, Severity, Verdict
from mlflow_analysis.hypotheses.base import Case, Hypothesis
from mlflow_analysis.statistics.clustering import ClusterExchange, design_effect
from mlflow_analysis.statistics.intervals import wilson
from mlflow_analysis.statistics.totals import lower_total
from mlflow_analysis.timing.layout import LAID_OUT, Floats
from mlflow_analysis.timing.replay import ENOUGH_ALIKE, TOLERANCE_MS, Replay

WEIGHTS = {Severity.HIGH: 3.0, Severity.MEDIUM: 2.0, Severity.LOW: 1.0}
_VERDICT_ORDER = (Verdict.CONFIRMED, Verdict.INCONCLUSIVE, Verdict.REFUTED, Verdict.NOT_TESTABLE)
_LEAST_SAVED_MS = 1.0
_QUANTILES = (50, 95)


def replay_of(features: Features) -> Replay:
    """The span trees of ``features``, ready to be replayed; use it through ``features.shared``."""
    return Replay(features.spans[LAID_OUT], features.traces)


def impact(hypothesis: Hypothesis, case: Case, affected: Places, features: Features) -> Impact:
    """What mending the case would give; ``affected`` is where its traces stand in the table of traces.

    The rank rests on the lower bound of the affected traces: of Wilson's interval over all traces, by
    session. Counted in traces whatever the unit of the claim, so that findings can be ranked against
    each other. Seconds are those by which a replay with the mend makes the traces shorter, tokens and
    money what the case says it spares, each the lower bound of the total (``lower_total``) by session;
    traces rescued are the failed ones whose first failing span is an affected one. Seconds are unavailable,
    with the reason, where durations were made up or a replay does not give the recorded ones back.
    """
    traces = features.traces
    shows = np.zeros(len(traces), dtype=bool)
    shows[affected] = True
    lower = _lower_count(shows, features)
    weight = WEIGHTS[hypothesis.severity]
    told = [
        f"{int(shows.sum()):,} of {len(traces):,} traces show it; at least {lower:,.0f} "
        "(lower bound of the 95% interval)."
    ]
    seconds, retimed = case.seconds_lost, None
    if not features.durations_measured and (seconds is not None or case.mended is not None):
        seconds = None
        told.append(f"Time saved is unavailable: {Field.DURATIONS_MEASURED.value}.")
    elif case.mended is not None:
        seconds, retimed, how = _replayed(case, features)
        told.append(how)
    elif seconds is not None:
        told.append("The seconds are those recorded in what shows it; they were not replayed.")
    rescued = _rescued(hypothesis, case, features)
    if rescued.any():
        told.append(f"In {int(rescued.sum()):,} failed traces it is the first span that failed.")
    return Impact(
        traces=round(lower, 3),
        failures=int(features.shared(_failed)[shows].sum()),
        seconds=seconds,
        tokens=_tokens(case, features),
        score=round(lower * weight, 3),
        severity_weight=weight,
        reason=" ".join(told),
        rescued=round(_lower_count(rescued, features), 3),
        money=_total(case.money_spared, features),
        retimed=retimed,
    )


def _lower_count(shows: np.ndarray, features: Features) -> float:
    """Lower bound of the number of traces (t, bool) that show it."""
    if not shows.any():
        return 0.0
    spread = design_effect(shows, features.shared(_sessions))
    return wilson(int(shows.sum()), len(shows), spread)[0] * len(shows)


def _sessions(features: Features) -> ClusterExchange:
    return ClusterExchange(features.session_codes)


def _replayed(case: Case, features: Features) -> tuple[float | None, Retimed | None, str]:
    assert case.mended is not None
    replay = features.shared(replay_of)
    check = (
        f"with no change {replay.alike:,} of {replay.checked:,} traces replay to their recorded duration "
        f"within {TOLERANCE_MS:.0f} ms"
    )
    if not replay.faithful:
        return (
            None,
            None,
            f"Time saved is unavailable: {check}, and {ENOUGH_ALIKE:.0%} would be needed.",
        )
    saved = np.where(replay.usable, replay.saved_ms(case.mended), 0.0)
    saved[saved < _LEAST_SAVED_MS] = 0.0
    before, quantiles_before = features.shared(_recorded)
    quantiles_after = np.percentile(before - saved[replay.usable] / 1000, _QUANTILES)
    retimed = Retimed(
        p50_before_s=float(quantiles_before[0]),
        p50_after_s=float(quantiles_after[0]),
        p95_before_s=float(quantiles_before[1]),
        p95_after_s=float(quantiles_after[1]),
        traces=int((saved > 0).sum()),
    )
    seconds = lower_total(saved / 1000, features.session_codes)
    how = (
        f"Replayed with {case.mended.what}: {retimed.traces:,} traces would be shorter, by "
        f"{saved.sum() / 1000:,.0f} s in all and at least {seconds:,.0f} s ({check})."
    )
    return seconds, retimed, how


def _recorded(features: Features) -> tuple[Floats, Floats]:
    """Seconds that each trace took that can be replayed, and their median and 95th percentile."""
    usable = features.shared(replay_of).usable
    seconds = features.traces["duration_ms"].to_numpy(dtype=float)[usable] / 1000
    return seconds, np.percentile(seconds, _QUANTILES)


def _tokens(case: Case, features: Features) -> int | None:
    if case.tokens_spared is None:
        return case.tokens_lost
    total = _total(case.tokens_spared, features)
    return None if total is None else int(total)


def _total(spared: pd.Series | None, features: Features) -> float | None:
    """Lower bound of the sum of what is spared by trace; ``None`` where nothing was recorded."""
    if spared is None or not spared.notna().any():
        return None
    by_trace = np.zeros(len(features.traces))
    by_trace[places_in(features.traces.index, spared.index)] = spared
    return lower_total(by_trace, features.session_codes)


def _rescued(hypothesis: Hypothesis, case: Case, features: Features) -> np.ndarray:
    """Failed traces (t, bool) whose first failing span is one that shows the case."""
    traces = features.traces
    rescued = np.zeros(len(traces), dtype=bool)
    if hypothesis.category is not Category.OPERATIONAL:
        return rescued
    place = places_in(traces.index, case.affected["trace_id"])
    first = features.shared(_first_failed)[place]
    is_first = case.affected["span_id"].to_numpy(dtype=object) == first
    rescued[place[is_first & (place >= 0)]] = True
    return rescued & features.shared(_failed)


def _first_failed(features: Features) -> npt.NDArray[np.object_]:
    """The id of the first failing span of each trace, "" where there is none."""
    return features.traces["first_failed_span_id"].to_numpy(dtype=object)


def _failed(features: Features) -> Flags:
    """Which traces failed."""
    return features.traces["failed"].to_numpy(dtype=bool)


def in_rank_order(findings: list[Finding]) -> list[Finding]:
    """Confirmed first, then by score; ties by hypothesis and subject."""
    return sorted(
        findings,
        key=lambda each: (
            _VERDICT_ORDER.index(each.verdict),
            -(each.impact.score if each.impact else 0.0),
            each.hypothesis,
            each.subject,
        ),
    )
