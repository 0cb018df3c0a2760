"""Hypothesis ``timeout``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.hypotheses.base import Case
from mlflow_analysis.hypotheses.failure_class import (
    FailureClass,
    leading_cause,
    names_of_operations,
    operation_names,
)
from mlflow_analysis.timing.replay import Mend

# Failures whose own words do not say what they are: only these may be told from their duration.
_UNTOLD = frozenset({"", "other", "api-failure"})
_TOLERANCE = 0.02
_FEWEST = 3
_DENSITY = 5.0
_SHORTEST_MS = 1_000.0
_MOST_SUCCESSES_AT_LIMIT = 0.1
_MOST_BEYOND_LIMIT = 0.01
_CHANCE = 0.01


@dataclass(frozen=True)
class InferredLimit:
    """A duration at which calls of one operation end in failure."""

    operation: str
    limit_ms: float
    failures: int
    keys: pd.Index


class Timeout(FailureClass):
    """Calls run into a time limit.

    ## Why it matters
    A call that times out costs its whole limit in waiting and gives nothing. If the work behind it goes
    on, a retry doubles the load on what was slow already.

    ## Test
    Unit: calls. Eligible: calls of tools and models, spans without children, and spans in which a
    failure began, in complete traces. A failure that is passed up the tree counts once, where it began.
    Affected: the failure is a deadline or timeout error (status 408, 504, 522, 524, 598 or 599, gRPC 4,
    JSON-RPC -32001, exit code 124). A failure also counts without such words if at least 3 failures of
    one operation last a second or more and lie within ±2 % of a common value, at 5 times or more the
    density around it and beyond chance (binomial scan, p < 0.01 over all operations and positions),
    while the operation's successes neither crowd there nor last longer: then the value is named as the
    inferred limit. Confirmed with 3 calls or 1 %, refuted if the upper bound of the share is below 1 %.
    Impact: a replay with these calls as long as the median call of the same operation that succeeded
    (as none, if none did).

    ## Not flagged
    What the user cancelled; operations that always take that long, whether they fail or not.

    ## Recommendation
    Compare the limit with the operation's p99 when it succeeds: raise it if work is cut off just before
    the end, lower it if nothing ever comes back that late. Stream, page or split what is long, and cancel
    the work behind a call that was given up.

    ## Sources
    gRPC, "Deadlines", https://grpc.io/docs/guides/deadlines/; M. Brooker, "Timeouts, retries, and backoff
    with jitter", Amazon Builders' Library; Naus (1965), J. Am. Stat. Assoc. 60:532 (scan statistic).
    """

    id = "timeout"
    title = "Calls time out"
    severity = Severity.HIGH
    what_happened = "ran into a time limit"

    def cases(self, features: Features) -> Iterable[Case]:
        """One case: what says that it timed out, and what ends at an inferred limit."""
        limits = list(inferred_limits(features))
        spans = self._with_inferred(features, limits)
        named = "".join(
            f" {each.failures} failures of {each.operation} end at {each.limit_ms / 1000:.1f} s: "
            "a limit that no message names."
            for each in limits
        )
        yield Case(
            self.eligible(features),
            self.rows(features, spans),
            statement=self.statement(features, spans) + named,
            mended=_mend(features, spans) if len(spans) else None,
        )

    def affected(self, features: Features) -> pd.DataFrame:
        """Calls that say so, and calls that end at an inferred limit."""
        return self.rows(features, self._with_inferred(features, list(inferred_limits(features))))

    def recommend(self, finding: Finding) -> str:
        """Names the operation whose limit to look at."""
        target = leading_cause(finding) or leading_cause(finding, "model")
        advice = self.documentation().recommendation
        return f"Begin with {target}. {advice}" if target else advice

    def _with_inferred(self, features: Features, limits: list[InferredLimit]) -> pd.DataFrame:
        told = self.spans(features)
        if not limits:
            return told
        parts = [told]
        for each in limits:
            spans = features.failures.loc[each.keys]
            message = f"failed after the inferred limit of {each.limit_ms / 1000:.1f} s: "
            parts.append(
                spans.assign(error_message=message + spans["error_message"], error_offset=-1)
            )
        return pd.concat(parts)


def _mend(features: Features, spans: pd.DataFrame) -> Mend:
    """The calls that ran into a limit at their operation's median when it succeeds, at 0 if it never does."""
    operations, names = features.operations, operation_names(spans)
    all_names = features.shared(names_of_operations)
    concerned = all_names.among(*names.unique()) & ~operations["failed"].to_numpy(dtype=bool)
    durations = operations[concerned]["duration_ms"]
    medians = durations.groupby(all_names.codes[concerned]).median()
    medians.index = all_names.values[medians.index]
    usual = names.map(medians).fillna(0.0).astype(float)
    return Mend(
        "the calls that timed out as long as the same operation takes when it succeeds",
        durations=usual[~usual.index.duplicated()],
    )


def inferred_limits(features: Features) -> Iterator[InferredLimit]:
    """The operations whose untold failures end at one duration, by name."""
    failures, operations = features.failures, features.operations
    untold = failures[
        failures["error_class"].isin(_UNTOLD) & (failures["duration_ms"] >= _SHORTEST_MS)
    ]
    names = operation_names(untold)
    frequent = names.value_counts()
    candidates = sorted(frequent[frequent >= _FEWEST].index)
    of_all = features.shared(names_of_operations)
    for operation in candidates:
        durations = untold.loc[names == operation, "duration_ms"]
        found = _crowded_value(durations.to_numpy(dtype=float), tests=len(candidates))
        if found is None:
            continue
        low, high = found
        calls = operations[of_all.among(operation)][["failed", "duration_ms"]]
        succeeded = calls.loc[~calls["failed"].astype(bool), "duration_ms"]
        at_limit = succeeded.between(low, high).mean() if len(succeeded) else 0.0
        beyond = (calls["duration_ms"] > high).mean()
        if at_limit > _MOST_SUCCESSES_AT_LIMIT or beyond > _MOST_BEYOND_LIMIT:
            continue
        at = durations[durations.between(low, high)]
        yield InferredLimit(operation, float(at.median()), len(at), at.index)


def _crowded_value(durations: np.ndarray, tests: int) -> tuple[float, float] | None:
    """The window of ±2 % that holds the most durations, if it holds more than chance would give it.

    The expectation is that of durations spread evenly, on the log scale, from half to twice the value.
    """
    ordered = np.sort(durations)
    width = (1 + _TOLERANCE) / (1 - _TOLERANCE)
    inside = np.searchsorted(ordered, ordered * width, side="right") - np.arange(len(ordered))
    first = int(inside.argmax())
    count = int(inside[first])
    low, high = float(ordered[first]), float(ordered[first] * width)
    around = int(((ordered >= low / 2) & (ordered <= high * 2)).sum())
    share = float(np.log(width) / np.log(4 * width))
    chance = around * tests * float(scipy.stats.binom.sf(count - 2, around - 1, share))
    if count < _FEWEST or count < _DENSITY * share * around or chance >= _CHANCE:
        return None
    return low, high
