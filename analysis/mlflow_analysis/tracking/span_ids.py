"""Ids of spans as MLflow stores them → as they are shown."""

from __future__ import annotations

import binascii

from mlflow_analysis.untrusted import printable


def hexadecimal(span_id: str) -> str:
    """Stored span ids are base64 of 8 bytes; everywhere else they are 16 hexadecimal digits."""
    if len(span_id) == 12 and span_id[-1] == "=":
        try:
            decoded = binascii.a2b_base64(span_id)
        except ValueError:
            return printable(span_id)
        if len(decoded) == 8:
            return decoded.hex()
    return printable(span_id)


class Hexadecimal(dict[str, str]):
    """``hexadecimal`` of the spans of a trace by how they are stored: most are met again, as those of parents."""

    def __missing__(self, span_id: str) -> str:
        found = self[span_id] = hexadecimal(span_id)
        return found
