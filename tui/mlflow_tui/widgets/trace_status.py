"""What the line above the trace table says, and what stands in its place when it has no rows."""

from __future__ import annotations

from textual.content import Content

from mlflow_analysis.protocol import Problem, RowQuery
from mlflow_analysis.untrusted import single_line
from mlflow_tui.state import AppState
from mlflow_tui.widgets.figures import grouped
from mlflow_tui.widgets.trace_table import MARK
from mlflow_tui.widgets.watch_words import watch_words

COLUMNS = (
    "start_ms", "state", "duration_ms", "total_tokens", "findings", "session_id", "request", "response",
)  # fmt: skip
"""What rows can be sorted by, as it stands from left to right."""
BY_NUMBER = {
    "start_ms": ("newest first", "oldest first"),
    "duration_ms": ("slowest first", "fastest first"),
    "total_tokens": ("most tokens first", "fewest tokens first"),
    "findings": ("worst findings first", "least findings first"),
}
"""Columns to sort by, and what their order is called descending and ascending."""
BY_TEXT = {"state": "state", "session_id": "session", "request": "request", "response": "response"}
"""Columns of text to sort by, and what they are called."""


def conditions(state: AppState) -> list[str]:
    """What narrows the list, in words, in the order in which it was put on."""
    query = state.query
    card = state.board.card(query.finding) if query.finding else None
    words = {
        "filter": single_line(state.filter_string),
        "finding": f"finding “{single_line(card.title if card is not None else query.finding)}”",
        "failures_only": "failures",
        "slow_only": "slowest tenth",
        "session_id": f"session {single_line(query.session_id)}",
        "text": f"text “{single_line(query.text)}”{_searched(state)}",
    }
    return [words[name] for name in state.applied]


def _searched(state: AppState) -> str:
    """How far tool outputs were looked through, as long as that is not all."""
    searched = state.tools_searched
    if searched is None or searched.text != state.query.text:
        return ", tool outputs …"
    if searched.complete:
        return ""
    return f", tool outputs of {grouped(searched.read)} of {grouped(searched.total)} …"


def status_line(state: AppState, shown: int, problem: Problem | None) -> Content:
    """Counts, conditions and how far the reading is; a problem comes first."""
    parts: list[Content] = []
    if problem is not None:
        kept = " The rows below are from before." if shown else ""
        parts.append(Content.styled(f"✗ {problem.sentence}{kept}", "$error"))
    table = state.table
    total = table.traces if table is not None else None
    narrowed = _narrowed(state.query)
    if narrowed and total is not None:
        parts.append(Content.styled(f"{grouped(shown)} of {grouped(total)} traces", "bold"))
    else:
        count = shown if total is None else total
        parts.append(Content.styled(f"{grouped(count)} trace{'' if count == 1 else 's'}", "bold"))
    if table is not None and not table.complete:
        of = f" of {grouped(table.total)}" if table.total else ""
        parts.append(Content.styled(f"reading {grouped(table.traces)}{of} …", "$warning"))
    if state.marked:
        parts.append(Content.styled(f"{MARK} {grouped(len(state.marked))} marked", "$accent"))
    if state.watch is not None:
        style = "$warning" if state.watch.problem else "$success"
        parts.append(Content.styled(watch_words(state.watch), style))
    parts += [Content.styled(text, "$primary") for text in conditions(state)]
    parts.append(Content.styled(_order(state.query), "$muted"))
    return Content.styled(" · ", "$muted").join(parts)


def empty_note(state: AppState, shown: int, problem: Problem | None) -> Content | None:
    """What to say where the rows would be; ``None`` if there are rows."""
    if shown:
        return None
    if state.experiment is None:
        return Content("No experiment is open. Press 2 and choose one.")
    if problem is not None:
        return Content.assemble((problem.sentence, "$error"), "\n\n", (problem.remedy, "$muted"))
    table = state.table
    if table is None or not table.complete:
        return Content.styled("Reading traces …", "$muted")
    if state.applied and (table.traces or state.filter_string):
        of = f"{grouped(table.traces)} traces" if table.traces else "traces of this experiment"
        on = conditions(state)
        last = " and shows what is without it" if len(on) > 1 else ""
        return Content.assemble(
            f"None of the {of} is in: {', '.join(on)}.",
            (f"\n\nbackspace drops “{on[-1]}”{last}", "$muted"),
            ("\n/ changes the filter" if state.filter_string else "", "$muted"),
        )
    return Content.assemble(
        f"“{single_line(state.experiment.name)}” has no traces yet.",
        ("\n\nR looks again, 2 chooses another experiment", "$muted"),
    )


def _narrowed(query: RowQuery) -> bool:
    return query != RowQuery(sort=query.sort, descending=query.descending)


def _order(query: RowQuery) -> str:
    if query.sort in BY_NUMBER:
        descending, ascending = BY_NUMBER[query.sort]
        return descending if query.descending else ascending
    name = BY_TEXT.get(query.sort, query.sort)
    return f"by {name}, {'z to a' if query.descending else 'a to z'}"
