"""What is sought among the traces of the open experiment: words for a filter, and a text in tool outputs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from mlflow_analysis.protocol import FilterSuggestions, SuggestFilter, ToolsSearched
from mlflow_analysis.records import TraceInfo
from mlflow_analysis.service.filter_completion import Vocabulary, suggestions
from mlflow_analysis.service.tool_search import search_tools
from mlflow_analysis.service.trace_table import TraceTable
from mlflow_analysis.source import TraceSource


class Seeking:
    """One search of tool outputs at a time: another one, or another table, ends it."""

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        """Set to stop the search that is running."""

    def begin_anew(self, *, same_experiment: bool) -> None:
        """Another table is shown; of another experiment, other words are known."""
        self._ended.set()
        if not same_experiment:
            self._vocabulary = Vocabulary()

    def learn(self, infos: Iterable[TraceInfo]) -> None:
        """Traces that have been listed."""
        self._vocabulary.learn(infos)

    def suggest(self, request: SuggestFilter) -> FilterSuggestions:
        """What may come next in a filter."""
        return suggestions(request.text, request.cursor, self._vocabulary)

    def search_tools(
        self,
        text: str,
        table: TraceTable,
        source: TraceSource,
        told: Callable[[ToolsSearched], None],
    ) -> ToolsSearched:
        """End the search before and begin this one; of "", none."""
        ended = threading.Event()
        with self._lock:
            self._ended.set()
            self._ended = ended
        if not text:
            return ToolsSearched(text, 0, 0, complete=True)
        return search_tools(text, table, source, told, ended.is_set)
