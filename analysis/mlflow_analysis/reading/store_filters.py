"""The filters of the user's own claims, evaluated by the store."""

from __future__ import annotations

from collections.abc import Callable

from mlflow_analysis.brief.focus import Focus
from mlflow_analysis.hypotheses.base import Hypothesis
from mlflow_analysis.hypotheses.own import own_hypothesis
from mlflow_analysis.source import FilterRefused, TraceSource, never


def asked_of_store(
    source: TraceSource, focus: Focus, window: str = "", cancelled: Callable[[], bool] = never
) -> Hypothesis:
    """The hypothesis that tests ``focus`` on the traces of ``window``, its filter evaluated by the store.

    A filter that the source cannot evaluate makes it not testable, with the reason.
    """
    if not focus.filter:
        return own_hypothesis(focus)
    both = " AND ".join(part for part in (focus.filter, window) if part)
    selected: set[str] = set()
    try:
        for page in source.infos(both, cancelled=cancelled):
            selected.update(info.trace_id for info in page)
    except FilterRefused as refused:
        return own_hypothesis(focus, frozenset(), f"{refused.sentence} {refused.remedy}".strip())
    return own_hypothesis(focus, frozenset(selected))
