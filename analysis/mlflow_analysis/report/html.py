"""Text and charts for HTML. Text is escaped by the environment; nothing here marks trace text as safe."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from mlflow_analysis.report import charts, figures
from mlflow_analysis.report.markdown import clip
from mlflow_analysis.untrusted import printable, single_line

_CODE_SPAN = re.compile(r"(?<!`)(?:`([^`\n]+)`|``([^`\n]+)``)(?!`)")


def prose(text: object) -> Markup:
    """One line of running text; words in backticks are code, as our own texts use it."""
    line = single_line(str(text))
    shown, end = Markup(), 0
    for span in _CODE_SPAN.finditer(line):
        shown += escape(line[end : span.start()])
        shown += Markup("<code>{}</code>").format(span[1] or span[2])
        end = span.end()
    return shown + escape(line[end:])


def paragraphs(text: str) -> Markup:
    """Running text whose blank lines part paragraphs."""
    blocks = re.split(r"\n\s*\n", printable(text))
    return Markup().join(
        Markup("<p>{}</p>\n").format(prose(block)) for block in blocks if block.strip()
    )


def anchor(text: str) -> str:
    """``text`` as the id of an element."""
    return "f-" + re.sub(r"[^A-Za-z0-9-]", "-", text)


def stylesheet() -> Markup:
    """The stylesheet of the report."""
    sheet = files("mlflow_analysis.report") / "layouts" / "report.css"
    return Markup(sheet.read_text(encoding="utf-8"))  # noqa: S704 - ours


def style_hash(sheet: str) -> str:
    """How a Content-Security-Policy names an inline stylesheet: its SHA-256 in base 64."""
    return base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()


def _finalize(value: Any) -> Any:
    """What a template prints: control characters made visible in all that is not markup already."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def prepare(jinja: Environment) -> None:
    """Make ``jinja`` write HTML: our filters and charts are there."""
    jinja.finalize = _finalize
    jinja.filters.update(prose=prose, paragraphs=paragraphs, clip=clip, anchor=anchor)
    jinja.filters.update(figures.FILTERS)
    jinja.globals.update(
        stylesheet=stylesheet,
        style_hash=style_hash,
        failures_chart=charts.failures,
        latency_chart=charts.latency,
        trend_chart=charts.trend,
        interval_bar=charts.interval_bar,
    )
