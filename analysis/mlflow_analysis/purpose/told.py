"""What the user's word on the application changes in the tables."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from mlflow_analysis.brief.focus import pattern_of, terms
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.purpose import Purpose


def as_told(features: Features, purpose: Purpose) -> Features:
    """The tables with what the user declared: the tools there are, and the requests out of scope."""
    declared = purpose.declared_tools
    outside = out_of_scope(features, purpose.out_of_scope)
    return replace(
        features,
        declared_tools=None if declared is None else frozenset(declared),
        out_of_scope=frozenset(outside),
    )


def out_of_scope(features: Features, entries: tuple[str, ...]) -> list[str]:
    """Ids of the traces whose request belongs to one of ``entries``.

    An entry is the label of a request pattern, or words. A trace belongs to it if its own pattern has
    that label or at least two thirds of the label's words (patterns are formed anew with every analysis), or
    if its request holds all the words.
    """
    traces = features.traces
    belongs = pd.Series(False, index=traces.index)
    for entry in entries:
        wanted = set(entry.lower().split(" · "))
        labels = [str(label) for label in traces["topic"].unique() if label]
        near = [
            label
            for label in labels
            if label == entry
            or (len(wanted) > 1 and 3 * len(wanted & set(label.split(" · "))) >= 2 * len(wanted))
        ]
        belongs |= traces["topic"].isin(near)
        patterns = [pattern_of(term) for term in terms(entry.replace(" · ", " "))]
        requests = pd.Series(traces["request"].unique(), dtype=object)
        holds = requests.map(
            lambda text, patterns=patterns: (
                bool(patterns) and all(each.search(text) for each in patterns)
            )
        ).astype(bool)
        belongs |= traces["request"].isin(requests[holds])
    return [str(trace_id) for trace_id in traces.index[belongs]]
