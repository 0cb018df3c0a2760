"""Message templates: what is left of an error message when what varies is masked."""

from __future__ import annotations

import pandas as pd

_MASKS = (
    (r"https?://\S+", "<url>"),
    (r"[\w.+-]+@[\w-]+\.[\w.]+", "<email>"),
    (r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{18,}\b", "<id>"),
    (r"\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{12,}\b", "<id>"),
    (r"(?:/[\w.-]+){2,}", "<path>"),
    (r"\b\w*\d\w*[-_]\w+\b|\b[A-Za-z]+[-_#]\d+\b", "<id>"),
    (r"'[^'\n]{1,80}'|\"[^\"\n]{1,80}\"", "<text>"),
    (r"#?\b\d+(?:[.,:]\d+)*\b", "<n>"),
    (r"\s+", " "),
)


def templates(messages: pd.Series) -> pd.Series:
    """Each message (text) as its template, cut at 160 characters; "" stays ""."""
    distinct = pd.Series(messages.unique(), dtype=object)
    masked = distinct.astype(str).str.slice(0, 400)
    for pattern, mask in _MASKS:
        masked = masked.str.replace(pattern, mask, regex=True)
    mapping = dict(zip(distinct, masked.str.strip().str.slice(0, 160), strict=True))
    return messages.map(mapping).astype(str)
