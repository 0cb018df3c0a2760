"""The tools and data sources that the application calls, described from their calls."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from mlflow_analysis.features.payload import parsed
from mlflow_analysis.features.selection import Selection
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.purpose import ToolUse
from mlflow_analysis.untrusted import single_line

_READS = frozenset(
    re.findall(
        r"\w+",
        "search lookup look retrieve retriever retrieval query fetch find list get read load browse show "
        "check view database db kb knowledge index vector docs wiki crm catalog catalogue",
    )
)
_ACTS = frozenset(
    re.findall(
        r"\w+",
        "update create delete remove add cancel send modify write change set book buy pay refund return "
        "exchange transfer issue submit post put insert execute run edit save reset start stop",
    )
)
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MOST_TOOLS = 500
_MOST_FIELDS = 6
_LOOKED_AT = 50
"""Calls of a tool from which its arguments and its output are described."""
_QUOTE = 160
_COLUMNS = ["kind", "failed", "arguments", "output", "documents"]


def tools_of(features: Features) -> tuple[ToolUse, ...]:
    """Tools by number of calls."""
    codes, names = features.calls.coded("tool").met()
    calls = np.bincount(codes)
    by_tool = np.split(np.argsort(codes, kind="stable"), np.cumsum(calls)[:-1])
    most = np.argsort(-calls, kind="stable")[:_MOST_TOOLS].tolist() if len(names) else []
    return tuple(_use_of(names[each], features.calls.take(by_tool[each])) for each in most)


def _use_of(name: str, calls: Selection) -> ToolUse:
    """The tool as all its calls show it, and the first of them more closely."""
    some = calls.take(range(min(len(calls), _LOOKED_AT)))[_COLUMNS]
    p50_ms = calls["duration_ms"].median()
    return ToolUse(
        name,
        str(some["kind"].iat[0]),
        len(calls),
        int(calls["failed"].sum()),
        0.0 if pd.isna(p50_ms) else round(float(p50_ms), 3),
        single_line(str(some["arguments"].iat[0]))[:_QUOTE],
        _argument_names(some["arguments"]),
        _gives(some),
    )


def is_source(tool: ToolUse) -> bool:
    """Whether it is read from: a retriever, or a name that reads and does not act."""
    if tool.kind in ("RETRIEVER", "RERANKER"):
        return True
    parts = {part.lower() for part in _NAME_PART.findall(tool.name)}
    return bool(parts & _READS) and not parts & _ACTS


def _argument_names(arguments: pd.Series) -> tuple[str, ...]:
    """Keys of the arguments, the most frequent first. What is cut off is left out."""
    counts: Counter[str] = Counter()
    for text in arguments:
        value = parsed(text)
        while isinstance(value, dict) and len(value) == 1:
            (inner,) = value.values()
            if not isinstance(inner, dict):
                break
            value = inner  # {"input": {…}}: frameworks wrap the arguments
        if isinstance(value, dict):
            counts.update(single_line(str(key))[:40] for key in value)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(key for key, _ in ranked[:_MOST_FIELDS])


def _gives(calls: pd.DataFrame) -> str:
    """What comes back from calls that did not fail, in a few words; "" if nothing is recorded."""
    good = calls[~calls["failed"] & (calls["output"] != "")]
    documents = good.loc[good["documents"] >= 0, "documents"]
    if len(documents):
        count = int(documents.median())
        return f"{count} document{'' if count == 1 else 's'} at the median"
    shapes: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    words = []
    for text in good["output"]:
        value = parsed(text)
        shape = "list" if isinstance(value, list) else "object" if isinstance(value, dict) else ""
        first = (
            next((each for each in value if isinstance(each, dict)), {})
            if shape == "list"
            else value
        )
        if isinstance(first, dict):
            fields.update(single_line(str(key))[:40] for key in first)
        shapes[shape or ("value" if isinstance(value, (int, float, bool)) else "text")] += 1
        words.append(len(text.split()))
    if not shapes:
        return ""
    (shape, _), *_ = sorted(shapes.items(), key=lambda item: (-item[1], item[0]))
    if shape in ("object", "list"):
        ranked = sorted(fields.items(), key=lambda item: (-item[1], item[0]))
        named = [key for key, _ in ranked[:_MOST_FIELDS]]
        more = f" and {len(ranked) - len(named)} more" if len(ranked) > len(named) else ""
        kind = "JSON" if shape == "object" else "a JSON list"
        return f"{kind}: {', '.join(named)}{more}" if named else kind
    if shape == "value":
        return "a number or a truth value"
    count = sorted(words)[len(words) // 2]
    if count == 1:
        return "a single word"
    return f"text, {count} word{'' if count == 1 else 's'} at the median"
