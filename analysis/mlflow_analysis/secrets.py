"""Find and mask credentials and payment data: people share reports, and traces hold what users paste.

Only forms that are credentials by their look, or by the word before them, are found, so that ordinary ids
stay readable. A secret without such a form is not recognised.

Masking goes further than finding: a claim that something leaked must be right, while a report loses little
by a mask too many. So masks also cover e-mail addresses, card numbers that nothing around them names, and
whatever stands as the value of a password or key.
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
    | (?P<basic>(?i:(?<=authorization:\ basic\ )|(?<=authorization":\ "basic\ ))[A-Za-z0-9+/]{8,}=*)
    | (?P<bearer>(?<=[Bb]earer\ )[A-Za-z0-9._~+/-]{16,}=*)
    | (?P<web_token>\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+)
    | (?P<aws>\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)
    | (?P<model_key>\bsk-[A-Za-z0-9_-]{20,})                    # OpenAI, Anthropic and others
    | (?P<provider_key>\b(?:gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{60,}|pplx-[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{35,}
        |lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}|[sp]k-lf-[0-9a-f-]{36}))
    | (?P<stripe>\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}=*))
    | (?P<code_host>\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}
        |gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt)-[A-Za-z0-9_-]{20,}|ATATT3[A-Za-z0-9_=-]{50,}|ATBB[A-Za-z0-9]{24,}))
    | (?P<slack>\bxox[abeprs]-[A-Za-z0-9-]{10,}|(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{20,})
    | (?P<package_index>\b(?:npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{50,}|AKC[a-zA-Z0-9]{20,}))
    | (?P<cloud>\b(?:GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{20,}|do[orp]_v1_[0-9a-f]{64}
        |(?<=AccountKey=)[A-Za-z0-9+/]{86}==|hv[sb]\.[A-Za-z0-9_-]{24,}|dp\.(?:pt|st|ct)\.[A-Za-z0-9]{40,}
        |AGE-SECRET-KEY-1[0-9A-Z]{58}))
    | (?P<service>\b(?:SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|SK[0-9a-f]{32}\b|[0-9a-f]{32}-us[0-9]{1,2}\b
        |shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0(?:csp|atp)-[A-Za-z0-9_-]{22,}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}
        |NRAK-[A-Z0-9]{27}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|lin_api_[A-Za-z0-9]{40}|ntn_[A-Za-z0-9]{40,}
        |sntry[su]_[A-Za-z0-9+/=_]{40,}|[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b))
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
    "basic": "a password in a header",
    "bearer": "a bearer token",
    "web_token": "a web token",
    "aws": "an AWS key",
    "model_key": "an API key",
    "provider_key": "an API key",
    "stripe": "a Stripe key",
    "code_host": "a token of a code host",
    "slack": "a Slack token",
    "package_index": "a token of a package index",
    "cloud": "a cloud credential",
    "service": "a key of a web service",
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
    r"|\bgh[pousr]_|github_pat_|\bgl[a-z]{2,5}-\w|\batatt3|\batbb\w|\bxox[a-z]-|hooks\.slack\.com|\baiza"
    r"|\bdapi[0-9a-f]|\bhf_\w|authorization\W{1,4}basic|\bgsk_|\bxai-\w|\bpplx-|\br8_|\blsv2_|\b[sp]k-lf-"
    r"|[sr]k_test_|whsec_|\bnpm_\w|\bpypi-age|\bakc\w|\bgocspx-|\bya29\.|\bdo[orp]_v1_|accountkey="
    r"|\bhv[sb]\.\w|\bdp\.[psc]t\.|age-secret-key|\bsg\.\w|\bsk[0-9a-f]|[0-9a-f]-us[0-9]|\bshp[acps][ats]_"
    r"|\bsq0[ca]|\bglsa_|\bnrak-|\bpmak-|\blin_api_|\bntn_|\bsntry[su]_|[0-9]:aa"
    r"|(?:passw(?:or)?d|pwd|passphrase|secret|(?:api|access|secret|private)[ _-]?key|(?:api|access|auth"
    r"|refresh)[ _-]?token)[\\\"'`*]*\s*(?:[:=]|is)[\s\\\"'`*]*\w"
    r"|\b[2-6]\d\d\d[ -]?\d\d\d\d[ -]?\d\d\d\d|\b3[47]\d\d[ -]?\d\d\d\d\d\d|\bssn\b|social[ _]security|\biban\b"
)
"""A text in which this is not found holds nothing that ``found`` finds: a quick first test, which keeps
to what engines without backtracking (RE2) do fast."""
_E_MAIL = re.compile(
    r"(?<![\w.%+@/-])(?P<name>[A-Za-z0-9][A-Za-z0-9._%+-]{0,63})@(?![A-Za-z0-9.-]+:[A-Za-z])"
    r"(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z]{2,24})\b"
)
_NAMED = (
    r"(?i:passwo?r?d|passwd|pwd|passphrase|passcode|secret|(?:api|access|secret|private|encryption)[ _-]?key"
    r"|(?:access|auth|refresh|api|session|bearer|id)[ _-]?token|client[ _-]?secret|credentials?)"
)
_VALUE_OF_A_NAME = re.compile(
    rf"""
    (?:\b|_){_NAMED}(?:\\?["'])\s{{0,2}}[:=]\s{{0,2}}\\?["'](?P<quoted>[^"'\n\\]{{4,200}})(?=\\?["'])  # "password": "…"
    | (?:\b|_){_NAMED}=(?P<set>[^\s"'&;,<>(){{}}\[\]$%*\\]{{4,200}})  # password=…
    | (?:\b|_){_NAMED}(?:\ is|:)\s{{1,2}}(?P<said>
        (?=[^\s]{{0,40}}[0-9!@#^&+])[^\s"'`,;<>(){{}}\[\]$%*\\]{{5,}}[^\s"'`,;<>(){{}}\[\]$%*\\.!?])
    | [?&](?:token|key|sig|signature|code|auth)=(?P<query>[^\s"'&<>]{{8,200}})
    """,
    re.VERBOSE,
)
_NO_VALUE = re.compile(
    r"(?i)(?:string|str|text|required|optional|null|none|true|false|your.*|<.*|\*+|x+|\.+|.*\[masked\].*|os\.environ.*)\Z"
)
_MARKS = (
    "@", "key", "token", "passw", "passphrase", "passcode", "pwd", "secret", "credential",
    "bearer ", "authorization", "eyj", "akia", "asia", "sk-", "k_live_", "k_test_", "whsec_",
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "atatt3", "atbb", "xox", "hooks.slack",
    "npm_", "pypi-age", "akc", "aiza", "dapi", "hf_", "gsk_", "xai-", "pplx-", "r8_", "lsv2_",
    "k-lf-", "gocspx-", "ya29.", "_v1_", "hvs.", "hvb.", "dp.", "sg.", "shpat_", "shpca_",
    "shppa_", "shpss_", "sq0", "glsa_", "nrak-", "pmak-", "lin_api_", "ntn_", "sntry", ":aa",
    "ssn", "social", "iban", "code=", "sig=", "signature=", "auth=", "glpat-", "gldt-", "glrt-",
    "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-", "glimt-",
)  # fmt: skip
_NUMBERS = re.compile(r"\d{4}[ -]?\d{4}|[0-9a-f]{32}", re.ASCII)
"""Without one of these marks or numbers there is nothing to mask. Looking for them takes a hundredth of the
time that the patterns take, and most texts have none."""
_FOLDED = {ord("ı"): "i", 0x307: None}
"""What ``re.IGNORECASE`` takes for a plain letter and ``str.casefold`` does not."""
_SHOWN = 4
_NOTHING_SHOWN = frozenset(
    {
        _KINDS["url"],
        _KINDS["basic"],
        _KINDS["bearer"],
        _KINDS["assigned"],
        "a social security number",
        "a value of a password or key",
        "an e-mail address",
    }
)
_IDENTIFIERS = frozenset({"fingerprint", "trace_id", "span_id", "trace_ids", "span_ids", "parent"})
"""Fields whose values are ids that were made, never text that somebody wrote."""
_PLACES = frozenset({"experiment_name", "tracking_uri"})
"""Fields that may stand in a folder of their owner's: there an e-mail address is a part of the name."""

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


def _to_mask(text: str, people: bool) -> Iterator[Secret]:
    """What ``found`` finds, and what is masked to be on the safe side."""
    yield from found(text)
    for match in _CARD.finditer(text):
        if _luhn(match.group()):
            yield Secret("a card number", *match.span())
    for match in _VALUE_OF_A_NAME.finditer(text):
        kind = match.lastgroup or ""
        if not _NO_VALUE.match(match[kind]):
            yield Secret("a value of a password or key", *match.span(kind))
    for match in _E_MAIL.finditer(text) if people else ():
        # the first letter and the domain tell a reader who is meant, and nobody else
        yield Secret("an e-mail address", match.start() + 1, match.end("name"))


def masked_text(text: str, *, people: bool = True) -> str:
    """``text`` with every credential cut to its first characters, and e-mail addresses too if ``people``."""
    if not _may_hold_any(text):
        return text
    parts, done = [], 0
    for secret in sorted(_to_mask(text, people), key=lambda each: (each.start, -each.end)):
        if secret.start < done:
            continue
        shown = 0 if secret.kind in _NOTHING_SHOWN else _SHOWN
        parts += [text[done : secret.start], text[secret.start : secret.start + shown], "…[masked]"]
        done = secret.end
    return "".join([*parts, text[done:]]) if parts else text


def _may_hold_any(text: str) -> bool:
    plain = text.lower() if text.isascii() else text.casefold().translate(_FOLDED)
    return any(mark in plain for mark in _MARKS) or _NUMBERS.search(text) is not None


def masked(value: Value) -> Value:
    """``value`` (plain data, an analysis, say) with every string in it masked, apart from ids.

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
            if all(self[each] == each for each in set(items)):  # few texts, said of many traces
                return items
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
            if field.name in _IDENTIFIERS:
                continue
            column = list(map(attrgetter(field.name), records))
            if field.name in _PLACES:
                after: Any = [masked_text(each, people=False) for each in column]
            else:
                after = self._of_items(column)
            if after is not column:
                for at in (at for at, each in enumerate(after) if each is not column[at]):
                    shown[at] = replace(shown[at], **{field.name: after[at]})
        return shown
