"""The Markdown of a real analysis of traces that try to break out of it, as GitHub reads it."""

from __future__ import annotations

import random
import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from test_markdown_escapes import HOSTILE

from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.report import SECTIONS, render_markdown
from mlflow_analysis.review import Review
from mlflow_analysis.review.acceptance import AcceptPolicy
from mlflow_analysis.source import RecordedTraces
from trace_factory import tool, trace

_BORDER = re.compile(r"(?<!\\)\|")


def hostile_traces() -> list[TraceRecord]:
    """Every hostile text as request, answer, tool name and error message; a third of the calls are refused."""
    made = []
    for number in range(120):
        text = HOSTILE[number % len(HOSTILE)]
        name = f"look|up `{text[:20]}`" if number % 2 else "plain"
        call = (
            tool(name, status="ERROR", message=f"429 Too Many Requests {text}")
            if number % 3 == 0
            else tool(name, outputs={"found": text})
        )
        made.append(
            trace(call, request=text, response=text, session=f"s{number // 2}", number=number)
        )
    return made


def written(traces: list[TraceRecord]) -> str:
    *_, last = analyze(RecordedTraces(traces, "exp | `x` <b>"), AnalysisOptions())
    assert isinstance(last, AnalysisReady)
    return render_markdown(last.analysis, Review(None, "me"), accept=AcceptPolicy.CONFIRMED)


@pytest.fixture(scope="module")
def report() -> str:
    return written(hostile_traces())


def tokens(markdown: str) -> list[Token]:
    parsed = MarkdownIt("gfm-like", {"linkify": True, "html": True}).parse(markdown)
    return [each for token in parsed for each in (token, *(token.children or ()))]


def test_nothing_of_a_trace_is_html_a_link_or_an_image(report: str) -> None:
    kinds = {token.type for token in tokens(report)}
    assert {"table_open", "fence", "heading_open"} <= kinds, "there is something to break"
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "hr", "s_open"}


def test_every_row_of_a_table_has_as_many_cells_as_its_head(report: str) -> None:
    lines, tables = report.splitlines(), 0
    for token in tokens(report):
        if token.type == "table_open" and token.map is not None:
            tables += 1
            # counted in the text: a parser cuts off what is too much
            borders = {len(_BORDER.findall(line)) for line in lines[slice(*token.map)]}
            assert len(borders) == 1, lines[slice(*token.map)]
    assert tables > 5


def test_only_the_report_makes_sections(report: str) -> None:
    found = tokens(report)
    headings = [
        found[at + 1].content for at, token in enumerate(found) if token.type == "heading_open"
        and token.tag == "h2"
    ]  # fmt: skip
    assert headings
    assert set(headings) <= set(SECTIONS.values())
    assert headings == [each for each in SECTIONS.values() if each in headings], "in their order"


def test_traces_in_another_order_give_the_same_report(report: str) -> None:
    shuffled = hostile_traces()
    random.Random(3).shuffle(shuffled)
    again = written(shuffled)
    timeless = [
        [line for line in text.splitlines() if "took" not in line] for text in (report, again)
    ]
    assert timeless[0] == timeless[1]
