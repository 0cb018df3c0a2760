"""Hypothesis ``fast-and-slow-failures``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Outcome, Rule, affected_rows
from mlflow_analysis.hypotheses.failure_class import EXCERPT_LENGTH, most_frequent
from mlflow_analysis.statistics.clustering import bootstrap_counts, cluster_codes
from mlflow_analysis.statistics.modality import two_modes

_FEWEST_FAILURES = 20
_SMALLEST_SHARE = 0.1
_RESAMPLES = 499


class FastAndSlowFailures(Hypothesis):
    """Failures come in two kinds: those that fail at once and those that fail after long waiting.

    ## Why it matters
    The fast ones are refused (validation, credentials), the slow ones give up (time limits, exhausted
    retries): two causes, two cures, and one average duration that describes neither.

    ## Test
    Log durations of failing traces, with 20 failures or more: Silverman's test of one mode against more,
    and the cut at the lowest density between the two highest modes. The effect is the median of the slow
    ones over that of the fast ones, with a bootstrap interval over sessions at the same cut.
    Confirmed if the lower bound is above 3 and q < 0.10. A trace counts if it failed slowly; eligible are
    the failing traces.

    ## Not flagged
    Fewer than 20 failures; one heap, however wide; a second heap with less than a tenth of the failures.

    ## Recommendation
    Mend the slow failures first if users wait for them: lower the time limit or the retries. Mend the fast
    ones first if they are more: they are refused for a reason that the error text names.

    ## Sources
    Silverman (1981), J. R. Stat. Soc. B 43:97; Dean & Barroso, "The Tail at Scale" (2013), Communications
    of the ACM 56(2):74.
    """

    id = "fast-and-slow-failures"
    title = "Failures are either fast or slow"
    category = Category.OPERATIONAL
    is_outcome = frozenset({Outcome.STATE})
    severity = Severity.LOW
    rule = Rule.EFFECT
    minimum_effect = 3.0
    needs = frozenset({Field.DURATIONS, Field.DURATIONS_MEASURED})
    live = False

    def eligible(self, features: Features) -> pd.Index:
        """Failing complete traces with a duration."""
        return _failing(features).index

    def affected(self, features: Features) -> pd.DataFrame:
        """Failing traces beyond the cut."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the cut and what stands on each side of it."""
        failing = _failing(features)
        nobody = _rows(failing.iloc[:0], 0.0)
        if len(failing) < _FEWEST_FAILURES:
            reason = f"{len(failing)} traces failed, fewer than 20"
            yield Case(failing.index, nobody, test_without_effect=reason)
            return
        logs = np.log(failing["duration_ms"].to_numpy(dtype=float))
        found = two_modes(logs, features.seed)
        slow = logs > found.cut if found is not None else np.zeros(len(logs), dtype=bool)
        if found is None or not _SMALLEST_SHARE <= slow.mean() <= 1 - _SMALLEST_SHARE:
            reason = "the durations of failures form no two heaps of at least a tenth each"
            yield Case(failing.index, nobody, test_without_effect=reason)
            return
        cut_ms = float(np.exp(found.cut))
        effect = _ratio_of_modes(logs, slow, failing["session"].to_numpy(), features.seed)
        yield Case(
            failing.index,
            _rows(failing[slow], cut_ms),
            contrast=Contrast(effect, found.p_value),
            statement=_told(failing, slow, cut_ms),
        )

    def recommend(self, finding: Finding) -> str:
        """Says which of the two is the larger part."""
        larger = "slow" if finding.rate > 0.5 else "fast"
        return f"The {larger} failures are the larger part. {self.documentation().recommendation}"


def _failing(features: Features) -> pd.DataFrame:
    traces = features.complete
    return traces[traces["failed"].astype(bool) & (traces["duration_ms"] > 0)]


def _ratio_of_modes(logs: np.ndarray, slow: np.ndarray, session: np.ndarray, seed: int) -> Effect:
    codes = cluster_codes(session)
    counts = bootstrap_counts(int(codes.max()) + 1, _RESAMPLES, np.random.default_rng(seed))
    order = np.argsort(logs, kind="stable")
    ordered, of_slow, codes = logs[order], slow[order], codes[order]
    medians = np.array(
        [
            _median(ordered[of_slow], drawn[codes[of_slow]])
            - _median(ordered[~of_slow], drawn[codes[~of_slow]])
            for drawn in counts.astype(np.int64)
            if drawn[codes[of_slow]].any() and drawn[codes[~of_slow]].any()
        ]
    )
    low, high = np.exp(np.percentile(medians, [2.5, 97.5]))
    fast_ms = float(np.exp(np.median(logs[~slow])))
    value = float(np.exp(np.median(logs[slow]))) / fast_ms
    return Effect("ratio of medians, slow over fast", value, (float(low), float(high)), fast_ms)


def _median(ordered: np.ndarray, times: np.ndarray) -> float:
    """The median of values (n,) in order, each of which is there some ``times``."""
    through = np.cumsum(times)
    middle = (through[-1] - 1) // 2, through[-1] // 2
    low, high = ordered[np.searchsorted(through, middle, side="right")]
    return float((low + high) / 2)


def _told(failing: pd.DataFrame, slow: np.ndarray, cut_ms: float) -> str:
    seconds = failing["duration_ms"] / 1000
    kinds = failing["error_class"].where(failing["error_class"] != "", "of no known class")
    return (
        f"{int((~slow).sum()):,} failures end before {cut_ms / 1000:.1f} s (median "
        f"{seconds[~slow].median():.1f} s, {most_frequent(kinds[~slow], '')}), {int(slow.sum()):,} after it "
        f"(median {seconds[slow].median():.1f} s, {most_frequent(kinds[slow], '')})."
    )


def _rows(slow: pd.DataFrame, cut_ms: float) -> pd.DataFrame:
    took = (slow["duration_ms"].astype(float) / 1000).map("{:.1f}".format).astype(str)
    return affected_rows(
        slow.index,
        slow.index,
        slow["first_failed_span_id"],
        slow["error_message"].str[:EXCERPT_LENGTH],
        "Failed after "
        + took
        + f" s, beyond the cut of {cut_ms / 1000:.1f} s between fast and slow failures.",
    )
