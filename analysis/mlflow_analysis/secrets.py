"""Mask credentials in what leaves the program: people share reports, and traces hold what users paste.

Only forms that are credentials by their look are masked, so that ordinary ids stay readable. A secret
without such a form (a password in a sentence) is not recognised.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

_FORMS = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | (?P<url>(?<=://)[^\s/:@]+:[^\s/@]+(?=@))                  # user:password@ in an address
    | (?P<bearer>(?<=[Bb]earer\ )[A-Za-z0-9._~+/-]{16,}=*)
    | \beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+  # JSON web token
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                             # AWS
    | \bsk-[A-Za-z0-9_-]{20,}                                   # OpenAI, Anthropic and others
    | \b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,})
    | \bxox[abeprs]-[A-Za-z0-9-]{10,}                           # Slack
    | \bAIza[0-9A-Za-z_-]{35}                                   # Google
    | \bdapi[0-9a-f]{32}\b                                      # Databricks
    | \bhf_[A-Za-z0-9]{30,}                                     # Hugging Face
    """,
    re.VERBOSE | re.DOTALL,
)
_SHOWN = 4

Value = TypeVar("Value")


def masked_text(text: str) -> str:
    """``text`` with every credential cut to its first characters."""
    return _FORMS.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    shown = 0 if match["url"] or match["bearer"] else _SHOWN
    return f"{match[0][:shown]}…[masked]"


def masked(value: Value) -> Value:
    """``value`` (plain data, an analysis, say) with every string in it masked."""
    masked_value: Value = _masked(value)
    return masked_value


def _masked(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, tuple):
        return tuple(_masked(item) for item in value)
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, dict):
        return {_masked(key): _masked(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{field.name: _masked(getattr(value, field.name)) for field in fields(value)}
        )
    return value
