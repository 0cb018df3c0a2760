"""What was asked and answered, from the previews of a trace: JSON, or the beginning of it, or plain text."""

from __future__ import annotations

import orjson

from mlflow_analysis.features.conversation import answer_text, request_text
from mlflow_analysis.untrusted import printable


def spoken_request(preview: str) -> str:
    """What the user said, from a request preview, which is JSON or the beginning of it."""
    said = _unquoted(preview)
    return printable(request_text(said) or said)


def spoken_response(preview: str) -> str:
    """What was answered, from a response preview."""
    said = _unquoted(preview)
    return printable(answer_text(said) or said)


def _unquoted(preview: str) -> str:
    """A preview that is one JSON string as that string; "" for ``null``."""
    if preview == "null":
        return ""
    if preview.startswith('"'):
        try:
            return str(orjson.loads(preview))
        except orjson.JSONDecodeError:
            return preview
    return preview
