"""Which class a failure belongs to.

The class is the id of the hypothesis that asks about it, ``cancelled``, or ``other``. It comes, in
this order, from what a provider or framework says in words of its own (a context limit inside a 400
is a context limit), from an explicit HTTP or gRPC status, from the exception's type, and from
general words: always before numbers are masked, since a mask would turn 401 into <n>.

What a message merely quotes is no part of it: generated code, the arguments of a call, the model's
reply, the tool's own description. ``essence`` cuts these out first, else a line of code with
``max_iterations`` in it would be taken for a step limit.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mlflow_analysis.features.failure_patterns import (
    API,
    ARGUMENTS,
    AUTHENTICATION,
    BLOCKED,
    CANCELLED,
    CODE,
    CONTENTION,
    EXCEPTION_TYPES,
    GENERAL,
    NOT_FOUND,
    OTHER,
    RATE_LIMITED,
    SPECIFIC,
    TIMEOUT,
    UNDECLARED,
    WEAK_TYPES,
)

_HTTP = {
    400: ARGUMENTS, 401: AUTHENTICATION, 403: AUTHENTICATION, 404: NOT_FOUND, 405: ARGUMENTS, 406: ARGUMENTS,
    407: AUTHENTICATION, 408: TIMEOUT, 410: NOT_FOUND, 411: ARGUMENTS, 413: ARGUMENTS, 414: ARGUMENTS,
    415: ARGUMENTS, 419: AUTHENTICATION, 422: ARGUMENTS, 423: CONTENTION, 429: RATE_LIMITED, 431: ARGUMENTS,
    451: BLOCKED, 498: AUTHENTICATION, 499: CANCELLED, 504: TIMEOUT, 522: TIMEOUT, 524: TIMEOUT,
    598: TIMEOUT, 599: TIMEOUT,
}  # fmt: skip
"""Beyond RFC 9110: 419, 498, 499, 52x, 59x are what proxies and frameworks use."""
_GRPC = {
    1: CANCELLED, 3: ARGUMENTS, 4: TIMEOUT, 5: NOT_FOUND, 7: AUTHENTICATION, 8: RATE_LIMITED,
    11: ARGUMENTS, 13: API, 14: API, 15: API, 16: AUTHENTICATION,
}  # fmt: skip
_JSON_RPC = {-32602: ARGUMENTS, -32600: ARGUMENTS, -32603: API, -32001: TIMEOUT, -32000: API}
"""The JSON-RPC codes that the Model Context Protocol uses."""

_Table = tuple[tuple[str, tuple[str, ...]], ...]


def _compiled(table: _Table, flags: int = re.IGNORECASE) -> list[tuple[str, re.Pattern[str]]]:
    return [(name, re.compile("|".join(alternatives), flags)) for name, alternatives in table]


_SPECIFIC, _GENERAL = _compiled(SPECIFIC), _compiled(GENERAL)
_EXCEPTION_TYPES, _WEAK_TYPES = _compiled(EXCEPTION_TYPES, 0), _compiled(WEAK_TYPES, 0)
_CODES_OWN = frozenset({OTHER, NOT_FOUND, ARGUMENTS, API, AUTHENTICATION, UNDECLARED})
"""What generated code runs into by itself, where no status of a service says otherwise."""

# What messages quote, each with the end of the quotation; the cause follows or came before.
_QUOTED = (
    re.compile(r"(execution failed at line ).{0,2000}?(?=(?:['\"`]?\s*due to: ))", re.DOTALL),
    re.compile(r"(with (?:kwargs|inputs) )\{.{0,2000}?\}(?= with error|:| failed)", re.DOTALL),
    re.compile(r"(with (?:arguments|parameters) )[\{\[].{0,2000}?[\}\]](?=[:.]\s)", re.DOTALL),
    re.compile(
        r"(Here is your code snippet:|LM Response:|JSON blob was:|Got:? |Invalid json output:"
        r"|As a reminder, this tool's description|accepts these inputs:|The model output was:"
        r"|Troubleshooting URL:|For troubleshooting, visit:|For further information visit ).*",
        re.DOTALL,
    ),
    re.compile(r"(could not parse llm output: ).*", re.DOTALL | re.IGNORECASE),
    re.compile(r"(input_value=).{0,200}?(?=, input_type=\w+)"),
)
_LONGEST = 1_500

_REASON = (
    r"(?:bad request|unauthori[sz]ed|payment required|forbidden|not found|method not|not acceptable|proxy auth"
    r"|request time|conflict|gone|payload|unsupported|unprocessable|locked|too many|internal server"
    r"|not implemented|bad gateway|service|gateway|client error|server error|resource_exhausted|unavailable"
    r"|permission_denied|invalid_argument)"
)
_NUMBER = re.compile(
    r"(?:\bhttp(?:s|/\d(?:\.\d)?)?(?: error| status)?|\bstatus(?:[ _]?code)?|\berror(?:[ _]code)?|\bcode"
    r"|\bresponse|\breturned|\bresponded with|\bfailed with|\brejected with)(?: is| was| with| code| status)*"
    r"\W{0,4}([45]\d\d)\b(?![.,:]?\d)(?! ?(?:ms|s|seconds|items|characters|tokens|bytes|words|rows)\b)"
    rf"|\b([45]\d\d)\W{{1,3}}{_REASON}|\A\W*([45]\d\d)\s*(?::|-|\Z)|<Response \[([45]\d\d)\]>",
    re.IGNORECASE,
)
_RPC_NUMBER = re.compile(r"\bMCP error (-32\d{3})\b|\"code\": ?(-32\d{3})\b")
_EXIT_STATES = {124: TIMEOUT, 130: CANCELLED, 143: CANCELLED}
"""What ``timeout``, SIGINT and SIGTERM leave behind."""


@lru_cache(maxsize=1_024)
def essence(message: str) -> str:
    """``message`` without the code, arguments, replies and descriptions that it quotes."""
    text = message[:12_000]
    for quoted in _QUOTED:
        text = quoted.sub(r"\1", text)
    return text[:_LONGEST]


def status_in(message: str) -> int:
    """The HTTP status that a message states ("HTTP 503", "404 Not Found"), or 0.

    A number of three digits alone is none: it needs the word before it or the reason behind it.
    """
    found = _NUMBER.search(essence(message)[:400])
    return int(next(group for group in found.groups() if group)) if found else 0


@lru_cache(maxsize=4_096)
def classify(
    message: str,
    code: int = 0,
    exception_type: str = "",
    grpc: int = 0,
    *,
    of_code: bool = False,
    exit_code: int = 0,
) -> str:
    """The class of an error, or ``other``.

    ``code`` and ``grpc`` are statuses that were recorded apart from the message, 0 if none.
    ``of_code`` says that generated code or a shell command was run: what it runs into by itself is
    its own failure. ``exit_code`` is what the process ended with.
    """
    text = essence(message)
    kind = exception_type.rsplit(".", 1)[-1]
    found = _class_of(text, code, kind, grpc)
    if found in (OTHER, CODE, API) and exit_code in _EXIT_STATES:
        return _EXIT_STATES[exit_code]
    return CODE if of_code and not code and not grpc and found in _CODES_OWN else found


def _class_of(text: str, code: int, kind: str, grpc: int) -> str:
    for name, pattern in _SPECIFIC:
        if pattern.search(text):
            return name
    code = code or status_in(text)
    if code in _HTTP:
        return _HTTP[code]
    if 500 <= code < 600:
        return API
    if grpc in _GRPC:
        return _GRPC[grpc]
    rpc = _RPC_NUMBER.search(text)
    if rpc and int(rpc[1] or rpc[2]) in _JSON_RPC:
        return _JSON_RPC[int(rpc[1] or rpc[2])]
    tables = [(kind, _EXCEPTION_TYPES)] if kind else []
    stated = [each for each in _STATED_TYPE.findall(text) if each != kind]
    tables += [(each, _EXCEPTION_TYPES) for each in reversed(stated)]
    for each, table in tables:
        for name, pattern in table:
            if pattern.search(each):
                return name
    if "_" in kind:  # a provider's code, such as rate_limit_error
        text += f"\n{kind}"
    for name, pattern in _GENERAL:
        if pattern.search(text):
            return name
    for name, pattern in _WEAK_TYPES:
        if any(pattern.search(each) for each, _ in tables):
            return name
    return OTHER


_STATED_TYPE = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Timeout|Interrupt|Exceeded))\b")
