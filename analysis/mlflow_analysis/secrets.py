"""Find and mask credentials and payment data: people share reports, and traces hold what users paste.

Only forms that are credentials by their look, or by the word before them, are found, so that ordinary ids
stay readable. A secret without such a form is not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

_FORMS = re.compile(
    r"""
    (?P<private_key>-----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z))
    | (?P<url>(?<=://)[^\s/:@]+:[^\s/@]+(?=@))                  # user:password@ in an address
    | (?P<bearer>(?<=[Bb]earer\ )[A-Za-z0-9._~+/-]{16,}=*)
    | (?P<web_token>\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+)
    | (?P<aws>\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)
    | (?P<model_key>\bsk-[A-Za-z0-9_-]{20,})                    # OpenAI, Anthropic and others
    | (?P<stripe>\b[sr]k_live_[A-Za-z0-9]{16,})
    | (?P<code_host>\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,}))
    | (?P<slack>\bxox[abeprs]-[A-Za-z0-9-]{10,})
    | (?P<google>\bAIza[0-9A-Za-z_-]{35})
    | (?P<databricks>\bdapi[0-9a-f]{32}\b)
    | (?P<hugging_face>\bhf_[A-Za-z0-9]{30,})
    | (?:\b|_)(?i:password|passwd|pwd|passphrase|secret|(?:api|access|secret|private)[ _-]?key
        |(?:access|auth|refresh|api)[ _-]?token|client[ _-]?secret)[\\"'`*]{0,4}
        \s{0,2}(?:[:=]|\bis\b)[\s\\"'`*]{0,6}
        (?P<assigned>(?=[^\s]{0,40}?\d)(?=[^\s]{0,40}?[A-Za-z])[^\s"'`,;<>(){}\[\]$%*\\]{8,}[^\s"'`,;<>(){}\[\]$%*\\.!?])
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = {
    "private_key": "a private key",
    "url": "a password in an address",
    "bearer": "a bearer token",
    "web_token": "a web token",
    "aws": "an AWS key",
    "model_key": "an API key",
    "stripe": "a Stripe key",
    "code_host": "a token of a code host",
    "slack": "a Slack token",
    "google": "a Google API key",
    "databricks": "a Databricks token",
    "hugging_face": "a Hugging Face token",
    "assigned": "a password or key",
}
_CARD = re.compile(
    r"(?<![\w.-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6(?:011|5\d\d))(?P<gap>[ -]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{4}"
    r"|3[47]\d\d(?P<amex>[ -]?)\d{6}(?P=amex)\d{5})(?![\w-])"
)
_CARD_WORDS = re.compile(
    r"(?i)\bcard|visa|master ?card|amex|american express|\bcredit|\bdebit|\bpan\b"
)
_NEAR = 80
_SOCIAL_SECURITY = re.compile(
    r"(?i)(?:\bssn\b|social[ _]security)[^\d\n]{0,40}(?P<value>(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4})(?!\d)"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
HINT = (
    r"(?i)-----BEGIN |://[^\s/:@]+:[^\s/@]+@|bearer [a-z0-9]|\beyj|\ba[ks]ia[0-9a-z]|\bsk-\w|k_live_"
    r"|\bgh[pousr]_|github_pat_|glpat-|\bxox[a-z]-|\baiza|\bdapi[0-9a-f]|\bhf_\w"
    r"|(?:passw(?:or)?d|pwd|passphrase|secret|(?:api|access|secret|private)[ _-]?key|(?:api|access|auth"
    r"|refresh)[ _-]?token)[\\\"'`*]*\s*(?:[:=]|is)[\s\\\"'`*]*\w"
    r"|\b[2-6]\d\d\d[ -]?\d\d\d\d[ -]?\d\d\d\d|\b3[47]\d\d[ -]?\d\d\d\d\d\d|\bssn\b|social[ _]security|\biban\b"
)
"""A text in which this is not found holds nothing that ``found`` finds: a quick first test, which keeps
to what engines without backtracking (RE2) do fast."""
_SHOWN = 4
_NOTHING_SHOWN = frozenset(
    {_KINDS["url"], _KINDS["bearer"], _KINDS["assigned"], "a social security number"}
)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential or payment data within a text."""

    kind: str
    """In words, with its article: "an API key"."""
    start: int
    end: int


def found(text: str) -> Iterator[Secret]:
    """What in ``text`` is a credential, card number (Luhn), IBAN (mod 97) or social security number."""
    for match in _FORMS.finditer(text):
        kind = match.lastgroup or ""
        yield Secret(_KINDS[kind], *match.span(kind))
    for match in _CARD.finditer(text):
        near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if _luhn(match.group()) and _CARD_WORDS.search(near):
            yield Secret("a card number", *match.span())
    for match in _SOCIAL_SECURITY.finditer(text):
        yield Secret("a social security number", *match.span("value"))
    if "iban" in text.lower():
        for match in _IBAN.finditer(text):
            if _mod_97(match.group()):
                yield Secret("an IBAN", *match.span())


def _luhn(number: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right doubled, the digit sum divisible by ten."""
    digits = [int(sign) for sign in number if sign.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _mod_97(number: str) -> bool:
    """ISO 13616: the first four signs moved to the end, letters as numbers, remainder one."""
    plain = number.replace(" ", "")
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def masked_text(text: str) -> str:
    """``text`` with every credential cut to its first characters."""
    parts, done = [], 0
    for secret in sorted(found(text), key=lambda each: (each.start, -each.end)):
        if secret.start < done:
            continue
        shown = 0 if secret.kind in _NOTHING_SHOWN else _SHOWN
        parts += [text[done : secret.start], text[secret.start : secret.start + shown], "…[masked]"]
        done = secret.end
    return "".join([*parts, text[done:]]) if parts else text


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
