"""Text for Markdown: everything that a template prints is escaped, unless it is ``Markdown`` already.

What comes from traces may hold headings, links, HTML, table borders or fences. Printed by a template
it becomes inert text: the environment escapes by default, so that forgetting a filter is safe.
"""

from __future__ import annotations

import re
from typing import Any

from jinja2 import Environment

from mlflow_analysis.report import figures
from mlflow_analysis.untrusted import printable, single_line

_CODE_SPAN = re.compile(r"(?<!`)(?:`([^`\n]+)`|``([^`\n]+)``)(?!`)")
_INLINE = re.compile(
    r"([\\`*\[\]|~$]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|:(?=//)|(?<=\w)@(?=\w)|(?<=[wW]{3})\.)"
)
# an underscore within a word is text in Markdown; at the edge of one it may open emphasis
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
# what opens a block at the start of a line: heading, list, quotation, rule, underline of a heading
_BLOCK_START = re.compile(r"^(?:#{1,6}(?=\s|$)|[-+](?=\s|$)|>|[-=]+$|\d{1,9}[.)](?=\s|$))")
_ADDRESS = re.compile(
    r"(?:https?://|ftp://|www\.)[^\s<>]*[^\s<>.,;:!?'\"()\[\]*_~|]"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    re.IGNORECASE,
)
_BACKTICKS = re.compile(r"`+")


class Markdown(str):
    """Text that is Markdown already and is printed as it is."""

    __slots__ = ()


def _escape(text: str, *, in_table: bool = False) -> str:
    """``text`` with what Markdown would obey escaped, and with addresses as code.

    Some viewers, MLflow's among them, make links of addresses after they have resolved the escapes.
    """
    escaped, end = "", 0
    for address in _ADDRESS.finditer(text):
        escaped += _escape_signs(text[end : address.start()])
        code_span = _code_span(address[0])
        escaped += code_span.replace("|", "\\|") if in_table else code_span
        end = address.end()
    return escaped + _escape_signs(text[end:])


def _escape_signs(text: str) -> str:
    return _UNDERSCORE.sub(r"\\_", _INLINE.sub(r"\\\1", text))


def inline(text: object) -> Markdown:
    """One line of running text, inert. Words in backticks stay code, as our own texts use it."""
    line = single_line(str(text))
    escaped, end = "", 0
    for span in _CODE_SPAN.finditer(line):
        escaped += _escape(line[end : span.start()]) + _code_span(span[1] or span[2])
        end = span.end()
    escaped += _escape(line[end:])
    start = _BLOCK_START.match(escaped)
    if start is not None:
        at = start.end() - 1
        escaped = f"{escaped[:at]}\\{escaped[at:]}"
    return Markdown(escaped)


def paragraphs(text: str) -> Markdown:
    """Running text whose blank lines part paragraphs."""
    blocks = re.split(r"\n\s*\n", printable(text))
    return Markdown("\n\n".join(inline(block) for block in blocks if block.strip()))


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def _code_span(line: str) -> str:
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line[:1] == "`" or line[-1:] == "`" else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def clip(text: str, limit: int) -> str:
    """``text`` cut to ``limit`` characters, saying how many are missing; a rest no longer than that stays."""
    missing = f" … ({len(text) - limit:,} more characters)"
    if len(text) <= limit + len(missing):
        return text
    return text[:limit].rstrip() + missing


def code(text: object, limit: int = 200) -> Markdown:
    """One line of code, inert whatever is in it; empty text is a dash."""
    line = clip(single_line(str(text)), limit)
    return Markdown(_code_span(line) if line else "–")


def code_cell(text: object, limit: int = 120) -> Markdown:
    """``code`` for a table: there a bar parts cells even within code."""
    return Markdown(code(text, limit).replace("|", "\\|"))


def cell(text: object, limit: int = 240) -> Markdown:
    """``inline`` text for a table. Code in it would need other escapes, so there is none but for
    addresses."""
    line = clip(single_line(str(text)), limit)
    return Markdown(_escape(line, in_table=True) if line else "–")


def fenced(text: str, limit: int = 1200, max_lines: int = 24) -> Markdown:
    """A block of text in a fence longer than any run of backticks in it, bounded both ways."""
    shown = printable(text).strip("\n")
    lines = clip(shown, limit).split("\n")
    if len(lines) > max_lines:
        lines = [*lines[:max_lines], f"… ({len(lines) - max_lines} more lines)"]
    body = "\n".join(line.rstrip() for line in lines)
    fence = "`" * max(3, _longest_run(body) + 1)
    return Markdown(f"{fence}text\n{body or '(empty)'}\n{fence}")


def _finalize(value: Any) -> Any:
    """What a template prints: numbers and ``Markdown`` as they are, all other text escaped."""
    if isinstance(value, (Markdown, int, float)) and not isinstance(value, bool):
        return value
    return inline(value)


def prepare(jinja: Environment) -> None:
    """Make ``jinja`` write Markdown: text is escaped by default, our filters are there."""
    jinja.finalize = _finalize
    jinja.filters.update(
        code=code, code_cell=code_cell, cell=cell, fenced=fenced, paragraphs=paragraphs
    )
    jinja.filters.update(figures.FILTERS)
