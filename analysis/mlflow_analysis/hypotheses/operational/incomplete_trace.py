"""Hypothesis ``incomplete-trace``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Outcome, Rule, affected_rows

_HOUR_MS = 3_600_000.0


class IncompleteTrace(Hypothesis):
    """Traces were never finished: still in progress after an hour, without a root span, or without outputs.

    ## Why it matters
    Nothing can be said about what such a trace did. They are left out of the other tests, so if they
    are the traces that crashed, every failure rate here is too low.

    ## Test
    A trace counts if it is still in progress and started over an hour before the newest time in the
    traces that were read, if it ended without a root span, or if its root ended well without recording an
    output. Confirmed with 3 traces or 1 %.

    ## Not flagged
    Traces that are running now: those started within the last hour of the window.

    ## Recommendation
    Flush traces before the process exits (workers, serverless functions), end spans in a finally clause or
    with the context manager, keep the trace context across threads and tasks, and set the output of
    the root span.

    ## Sources
    MLflow Tracing, "Production monitoring" and "Manual tracing", https://mlflow.org/docs/latest/genai/tracing/;
    OpenTelemetry specification, trace SDK, "ForceFlush" and "Shutdown".
    """

    id = "incomplete-trace"
    title = "Traces are incomplete"
    category = Category.OPERATIONAL
    is_outcome = frozenset({Outcome.STATE})
    severity = Severity.LOW
    rule = Rule.FACT
    not_causes = frozenset({"state", "error_class", "error_template"})

    def eligible(self, features: Features) -> pd.Index:
        """Every trace that was read, but those that may still be running."""
        traces = features.traces
        return pd.Index(np.flatnonzero(~_running_now(traces)))

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces in progress for over an hour, without a root, or without outputs."""
        read = ~_running_now(features.traces).to_numpy(dtype=bool)
        traces = features.traces[read]
        in_progress = traces["state"] == "IN_PROGRESS"
        # without any span there is nothing to say: only what the store knows of the trace was read
        no_root = ~in_progress & (traces["root_span_id"] == "") & (traces["span_count"] > 0)
        roots = features.spans[features.spans["depth"] == 0]
        silent_roots = roots[(roots["output"] == "") & ~roots["failed"].astype(bool)]
        no_output = (
            ~in_progress
            & ~no_root
            & ~traces["failed"].astype(bool)
            & (traces["response"] == "")
            & features.traces_with(silent_roots)[read]
        )
        shown = in_progress | no_root | no_output
        traces = traces[shown]
        hours = (_newest_ms(features.traces) - traces["start_ms"]) / _HOUR_MS
        spans = traces["span_count"].fillna(0).astype(int).astype(str)
        why = "still in progress after " + hours.map("{:.1f}".format).astype(str) + " h"
        why = why.mask(no_root[shown], "ended without a root span")
        why = why.mask(no_output[shown], "ended well without a recorded output")
        return affected_rows(
            traces.index,
            traces.index,
            traces["root_span_id"],
            why,
            "The trace "
            + why.replace("^still", "is still", regex=True)
            + "; it has "
            + spans
            + " spans.",
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with how many traces lack what."""
        affected = self.affected(features)
        lacking = affected["excerpt"].astype(str).str.replace(r" after .*", "", regex=True)
        counts = [f"{count:,} {why}" for why, count in sorted(lacking.value_counts().items())]
        claim = self.documentation().claim
        statement = f"{claim} In numbers: {', '.join(counts)}." if counts else claim
        yield Case(self.eligible(features), affected, statement=statement)


def _newest_ms(traces: pd.DataFrame) -> float:
    """The last moment that the traces know of; the clock would make two runs differ."""
    return (
        float((traces["start_ms"] + traces["duration_ms"].fillna(0)).max()) if len(traces) else 0.0
    )


def _running_now(traces: pd.DataFrame) -> pd.Series:
    recent = traces["start_ms"] > _newest_ms(traces) - _HOUR_MS
    return (traces["state"] == "IN_PROGRESS") & recent
