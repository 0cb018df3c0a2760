"""What a status line says of a watch."""

from __future__ import annotations

import time

from mlflow_analysis.protocol import WatchState
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import grouped


def watch_words(watch: WatchState) -> str:
    """That it goes on, how many traces have come since it began, and when the last news did.

    Nothing in it changes while nothing happens: an idle screen sends no bytes.
    """
    if watch.problem:
        return f"watching, but: {single_line(watch.problem)}"
    words = "watching"
    if watch.new:
        words += f" · {grouped(watch.new)} new"
    if watch.last_news_ms is not None:
        words += f" · {time.strftime('%H:%M', time.localtime(watch.last_news_ms / 1000))}"
    if watch.reading:
        words += f" · testing {grouped(watch.reading)} …"
    return words
