"""Hypothesis ``error-burst``."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Outcome, Rule, affected_rows
from mlflow_analysis.hypotheses.failure_class import EXCERPT_LENGTH, most_frequent
from mlflow_analysis.statistics.bursts import PERMUTATIONS, Burst, scan
from mlflow_analysis.statistics.intervals import Interval


class ErrorBurst(Hypothesis):
    """Failures crowd together in one window of time.

    ## Why it matters
    A burst has one cause that came and went: a deployment, an outage, an expired credential, a batch job.
    Spread over the whole period its rate looks harmless.

    ## Test
    Kulldorff's scan statistic over windows of half an hour to twelve hours, conditional on how many traces
    ran when, so that busy hours do not count as bursts; p by exchanging whole sessions. The effect is the
    failures in the window over those that its traces would have at the overall rate, with an exact
    Poisson interval. Confirmed if the lower bound is above 2 and q < 0.10.

    ## Not flagged
    A constant rate, however high; more failures only because there is more traffic; a rise that stays
    (see regression).

    ## Recommendation
    Look at what changed at the start of the window and what ended it: deployments, configuration, the
    status pages of the providers, batch jobs. Then alert on the failure that fills it.

    ## Sources
    Kulldorff (1997), Communications in Statistics: Theory and Methods 26:1481; Garwood (1936),
    Biometrika 28:437 (exact Poisson interval).
    """

    id = "error-burst"
    title = "Failures come in a burst"
    category = Category.OPERATIONAL
    is_outcome = frozenset({Outcome.STATE})
    severity = Severity.MEDIUM
    rule = Rule.EFFECT
    formed_from_data = True
    minimum_effect = 2.0
    not_causes = frozenset({"hour"})
    live = False

    def eligible(self, features: Features) -> pd.Index:
        """Complete traces."""
        return features.every_complete

    def affected(self, features: Features) -> pd.DataFrame:
        """Failing traces in the window, whether the burst is beyond chance or not."""
        return next(iter(self.estimates(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case: the window where failures are most crowded."""
        return [_case(features, _scan(features))]

    def estimates(self, features: Features) -> Iterable[Case]:
        """The same without the permutations, which are nearly all of the work."""
        return [_case(features, _scan(features, permutations=0))]


def _case(features: Features, burst: Burst | None) -> Case:
    if burst is None:
        return Case(
            features.every_complete,
            _rows(features.complete.iloc[:0], ""),
            test_without_effect="fewer than 5 traces failed, or all of them did",
        )
    traces = _inside(features, burst)
    low, high = _poisson(burst.observed)
    effect = Effect(
        "failures over those expected",
        burst.observed / burst.expected,
        (low / burst.expected, high / burst.expected),
        1.0,
    )
    began = traces["first_failed_name"].where(traces["first_failed_name"] != "", "the root")
    return Case(
        features.every_complete,
        _rows(traces, _when(burst)),
        contrast=Contrast(effect, burst.p_value),
        onset_ms=int(burst.start_ms),
        statement=(
            f"{burst.observed:,} of the {int(features.complete['failed'].sum()):,} failures fall between "
            f"{_when(burst)}, where {burst.expected:.1f} would at the overall rate; the first "
            f"failing span is {most_frequent(began, '')}."
        ),
    )


def _scan(features: Features, permutations: int = PERMUTATIONS) -> Burst | None:
    traces = features.complete
    if traces.empty:
        return None
    return scan(
        traces["failed"].to_numpy(dtype=bool),
        traces["start_ms"].to_numpy(dtype=float),
        features.session_codes[features.complete_at],
        features.seed,
        permutations,
    )


def _inside(features: Features, burst: Burst) -> pd.DataFrame:
    traces = features.complete
    within = traces["start_ms"].between(burst.start_ms, burst.end_ms)
    return traces[within & traces["failed"].astype(bool)]


def _poisson(count: int) -> Interval:
    """Garwood's exact 95 % interval of a Poisson mean."""
    low = float(scipy.stats.chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return low, float(scipy.stats.chi2.ppf(0.975, 2 * count + 2)) / 2


def _when(burst: Burst) -> str:
    start, end = (pd.Timestamp(each, unit="ms") for each in (burst.start_ms, burst.end_ms))
    last = end.strftime("%H:%M" if start.date() == end.date() else "%Y-%m-%d %H:%M")
    return f"{start.strftime('%Y-%m-%d %H:%M')} and {last} UTC"


def _rows(traces: pd.DataFrame, when: str) -> pd.DataFrame:
    at = pd.to_datetime(traces["start_ms"], unit="ms").dt.strftime("%H:%M:%S")
    kind = traces["error_class"].where(traces["error_class"] != "", "no class")
    return affected_rows(
        traces["place"],
        traces.index,
        traces["first_failed_span_id"],
        traces["error_message"].str[:EXCERPT_LENGTH],
        "Failed at " + at + " UTC (" + kind + f"), within the burst between {when}.",
    )
