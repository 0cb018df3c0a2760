"""Retrieved documents as a table: rank, score, where from, how they begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rich.cells import cell_len

from mlflow_analysis.untrusted import single_line
from mlflow_tui.inspecting.as_json import as_json, size_of
from mlflow_tui.inspecting.lines import Fold, Item, Line
from mlflow_tui.inspecting.values import entry_items, text_items

_TEXTS = ("page_content", "content", "text", "document", "chunk")
_SCORES = ("score", "similarity", "relevance_score", "relevance", "_score", "distance")
_SOURCES = ("doc_uri", "source", "uri", "url", "title", "file", "path", "doc_id", "id", "chunk_id")
_LISTS = ("documents", "results", "docs", "matches", "chunks", "hits")
WIDEST_SOURCE = 32
LONGEST_BEGINNING = 120


def documents_in(value: Any) -> list[Mapping[str, Any]] | None:
    """The documents that ``value`` is or holds; ``None`` if it is anything else."""
    if isinstance(value, Mapping):
        found = [documents_in(value[key]) for key in _LISTS if isinstance(value.get(key), list)]
        return found[0] if len(found) == 1 else None
    if not isinstance(value, list) or not value:
        return None
    return value if all(_is_document(each) for each in value) else None


def _is_document(value: Any) -> bool:
    if not isinstance(value, Mapping) or _text(value) is None or "role" in value:
        return False
    return "page_content" in value or "metadata" in value or _score(value) is not None


def document_items(documents: Sequence[Mapping[str, Any]]) -> list[Item]:
    """A line for each, which opens to the whole text and what else is known of it."""
    scores = [_score(each) for each in documents]
    sources = [_source(each) for each in documents]
    width = min(WIDEST_SOURCE, max(map(cell_len, [*sources, "source"])))
    number = len(str(len(documents)))
    scored = any(score is not None for score in scores)
    head = f"{'#':>{number}}  {'score':>7}  " if scored else f"{'#':>{number}}  "
    lines: list[Item] = [Line("muted", f"  {head}{'source':<{width}}  text")]
    for place, each in enumerate(documents, start=1):
        text, score, source = _text(each) or "", scores[place - 1], sources[place - 1]
        figure = f"{'–' if score is None else f'{score:.3f}':>7}  " if scored else ""
        padding = " " * max(0, width - cell_len(source))
        beginning = single_line(text[:LONGEST_BEGINNING])
        lines.append(
            Fold(
                Line("text", f"{place:>{number}}  {figure}{source}{padding}  {beginning}"),
                partial(_whole, each, text),
                partial(as_json, each, indent=False),
                eager=False,
            )
        )
    return lines


def _whole(document: Mapping[str, Any], text: str) -> list[Item]:
    rest = {
        key: item
        for key, item in document.items()
        if not (key in _TEXTS and item is text) and item is not None
    }
    size = Line("muted", f"    {size_of(len(text.encode('utf-8', 'replace')))}")
    return [size, *text_items(text, 2), *entry_items(rest, 1)]


def _text(value: Mapping[str, Any]) -> str | None:
    return next((value[key] for key in _TEXTS if isinstance(value.get(key), str)), None)


def _places(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    metadata = value.get("metadata")
    return [value, metadata] if isinstance(metadata, Mapping) else [value]


def _score(value: Mapping[str, Any]) -> float | None:
    for place in _places(value):
        for key in _SCORES:
            score = place.get(key)
            if isinstance(score, int | float) and not isinstance(score, bool):
                return float(score)
    return None


def _source(value: Mapping[str, Any]) -> str:
    for place in reversed(_places(value)):
        for key in _SOURCES:
            if isinstance(place.get(key), str | int) and place[key] != "":
                source = single_line(str(place[key]))
                return source if len(source) <= WIDEST_SOURCE else "…" + source[1 - WIDEST_SOURCE :]
    return "–"
