"""Find and mask credentials and payment data: people share reports, and traces hold what users paste.

Only forms that are credentials by their look, or by the word before them, are found, so that ordinary ids
stay readable. A secret without such a form is not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from operator import attrgetter, is_
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
_HEXADECIMAL = re.compile(r"(?:tr-)?[0-9a-f]*\Z")
_MARKS = (
    "-----begin ", "://", "bearer ", "eyj", "akia", "asia", "sk-", "k_live_", "ghp_", "gho_", "ghu_", "ghs_",
    "ghr_", "github_pat_", "glpat-", "xox", "aiza", "dapi", "hf_", "passw", "pwd", "passphrase", "secret",
    "ssn", "social", "iban",
)  # fmt: skip
_MARKS_TOGETHER = (
    (("key", "token"), ("api", "access", "private", "auth", "refresh")),
    (("card", "visa", "amex", "express", "credit", "debit", "pan"), tuple("23456")),
)
_FOLDED = {ord("ı"): "i", 0x307: None}
"""What ``re.IGNORECASE`` takes for a plain letter and ``str.casefold`` does not."""
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


def _may_hold_any(text: str) -> bool:
    """Whether ``found`` can find anything: a quick look for what each form has in it."""
    if _HEXADECIMAL.match(text):
        return False
    plain = text.lower() if text.isascii() else text.casefold().translate(_FOLDED)
    return any(mark in plain for mark in _MARKS) or any(
        any(one in plain for one in some) and any(other in plain for other in others)
        for some, others in _MARKS_TOGETHER
    )


def masked_text(text: str) -> str:
    """``text`` with every credential cut to its first characters."""
    if not _may_hold_any(text):
        return text
    parts, done = [], 0
    for secret in sorted(found(text), key=lambda each: (each.start, -each.end)):
        if secret.start < done:
            continue
        shown = 0 if secret.kind in _NOTHING_SHOWN else _SHOWN
        parts += [text[done : secret.start], text[secret.start : secret.start + shown], "…[masked]"]
        done = secret.end
    return "".join([*parts, text[done:]]) if parts else text


def masked(value: Value) -> Value:
    """``value`` (plain data, an analysis, say) with every string in it masked.

    What holds nothing to mask is not copied.
    """
    masked_value: Value = _Masking().of(value)
    return masked_value


class _Masking(dict[str, str]):
    """Texts and what they are masked to: an analysis names each trace many times."""

    def __missing__(self, text: str) -> str:
        shown = self[text] = masked_text(text)
        return shown

    def of(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return self[value]
        if isinstance(value, (tuple, list)):
            return self._of_items(value)
        if isinstance(value, dict):
            return {self.of(key): self.of(item) for key, item in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            (shown,) = self._of_records([value])
            return shown
        return value

    def _of_items(self, items: tuple[Any, ...] | list[Any]) -> Any:
        kinds = set(map(type, items))
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind is str:
            shown = list(map(self.__getitem__, items))
        elif kind is not None and is_dataclass(kind):
            shown = self._of_records(items)
        else:
            shown = [self.of(item) for item in items]
        if all(map(is_, items, shown)):
            return items
        return tuple(shown) if isinstance(items, tuple) else shown

    def _of_records(self, records: tuple[Any, ...] | list[Any]) -> list[Any]:
        """Dataclasses of one kind, column by column: there may be one for each trace."""
        shown = list(records)
        for field in fields(records[0]):
            column = list(map(attrgetter(field.name), records))
            after = self._of_items(column)
            if after is not column:
                for at in (at for at, each in enumerate(after) if each is not column[at]):
                    shown[at] = replace(shown[at], **{field.name: after[at]})
        return shown
