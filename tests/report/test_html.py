"""The HTML report: one file, no script, no outside address, and trace text is only text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import Browser, chromium

import sample_analysis as sample
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.statistics import TimePoint
from mlflow_analysis.report import SECTIONS, render_html
from mlflow_analysis.report.html import style_hash
from mlflow_analysis.review import Review
from mlflow_analysis.review.acceptance import AcceptPolicy

HOSTILE = (
    "</title></style></pre></code><script>window.owned = 1</script>"
    '<img src="http://owned.example/x.png" onerror="window.owned = 2">'
    "<svg onload='window.owned = 3'><style>@import 'http://owned.example/s.css';</style>"
    "<iframe src=\"http://owned.example/\"></iframe><meta http-equiv='refresh' content='0;url=http://owned.example/'>"
    '<base href="http://owned.example/">" onclick="x" \' style=\'background:url(http://owned.example)\' '
    "javascript:alert(1) {{ 7 * 7 }} {% include 'x' %} \x1b[2J\u202e"
)


def full(text: str = "") -> Analysis:
    """An analysis with every field filled, and ``text`` in each place where a trace's may stand."""
    plain = sample.finding(onset_ms=sample.START_MS + 2 * sample.DAY_MS)
    finding = replace(
        plain,
        title=plain.title + text,
        statement=plain.statement + text,
        recommendation=plain.recommendation + text,
        why=plain.why + text,
        subject=plain.subject + text,
        assessments=tuple(
            replace(each, rationale=each.rationale + text) for each in plain.assessments
        ),
        examples=tuple(
            replace(
                each,
                request=each.request + text,
                response=each.response + text,
                excerpt=each.excerpt + text,
                rationale=each.rationale + text,
                span_id=each.span_id + text,
                tools=tuple(replace(tool, name=tool.name + text) for tool in each.tools),
            )
            for each in plain.examples
        ),
        root_causes=tuple(
            replace(each, attribute=each.attribute + text, value=each.value + text)
            for each in plain.root_causes
        ),
        aliases=tuple(replace(each, title=each.title + text) for each in plain.aliases),
    )
    analysis = sample.analysis(
        finding, sample.strength(), sample.refuted(), sample.inconclusive(), sample.not_testable()
    )
    purpose = analysis.purpose
    return replace(
        analysis,
        experiment_name=analysis.experiment_name + text,
        notes=(f"Note{text}",),
        purpose=replace(
            purpose,
            description=purpose.description + text,
            tools=tuple(replace(each, name=each.name + text) for each in purpose.tools),
            patterns=tuple(
                replace(each, label=each.label + text, examples=(text,))
                for each in purpose.patterns
            ),
            out_of_scope=(f"weather{text}",),
        ),
        statistics=replace(
            analysis.statistics,
            states={f"OK{text}": 131, "ERROR": 19},
            timeline=tuple(
                TimePoint(
                    sample.START_MS + day * sample.DAY_MS,
                    25,
                    failed,
                    None if day == 3 else 1900.0 + 100 * day,
                    None if day == 3 else 6000.0,
                )
                for day, failed in enumerate((1, 2, 3, 6, 4, 3))
            ),
        ),
    )


def html(analysis: Analysis) -> str:
    return render_html(analysis, Review(None, "me"), accept=AcceptPolicy.CONFIRMED)


class _Structure(HTMLParser):
    """Elements with the names of their attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.values: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_trace_text_changes_no_element_and_no_attribute() -> None:
    assert _Structure(html(full(HOSTILE))).elements == _Structure(html(full())).elements
    hostile = html(full(HOSTILE))
    assert HOSTILE.replace("\x1b", "\u241b").replace("\u202e", "\ufffd")[:60] in (
        _Structure(hostile).text
    )
    assert not {"\x1b", "\u202e"} & set(hostile)


def test_there_is_no_script_and_no_address() -> None:
    page = _Structure(html(full()))
    kinds = Counter(element[0] for element in page.elements)
    assert not set(kinds) & {"script", "iframe", "img", "object", "embed", "form", "base"}
    addresses = [value for name, value in page.values if name in ("href", "src", "action")]
    assert all(value.startswith("#") or value == "data:," for value in addresses)
    assert not [name for name, _ in page.values if name.startswith("on") or name == "style"]
    assert "url(" not in html(full())


def test_links_lead_to_sections_and_issues_that_are_there() -> None:
    page = _Structure(html(full()))
    ids = [value for name, value in page.values if name == "id"]
    assert len(ids) == len(set(ids))
    links = [value[1:] for name, value in page.values if name == "href" and value[:1] == "#"]
    assert set(links) <= set(ids)
    assert set(SECTIONS) - {"since", "asked"} <= set(ids)


def test_the_policy_allows_this_stylesheet_and_nothing_else() -> None:
    text = html(full())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    sheet = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy is not None
    assert sheet is not None
    assert f"style-src 'sha256-{style_hash(sheet[1])}'" in policy[1]
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]


def test_charts_say_in_words_what_they_show() -> None:
    labels = [value for name, value in _Structure(html(full())).values if name == "aria-label"]
    assert any("19 of 150 traces failed" in label for label in labels)
    assert any("2026-06-03 00:00 UTC: Calls are refused" in label for label in labels)
    assert "Median and 95th percentile of latency over time." in " ".join(labels)
    assert "12.5%, 7.3% to 20.6%" in labels


def test_an_experiment_without_traces_has_a_whole_page_without_charts() -> None:
    nothing = sample.analysis(traces_read=0, traces_total=0, skipped=(), notes=())
    page = _Structure(html(nothing))
    assert not [element for element in page.elements if element[0] == "svg"]
    assert "No issue is accepted." in page.text


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def written(folder: Path, text: str) -> Path:
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", ["", HOSTILE])
def test_a_browser_complains_of_nothing_and_asks_for_nothing(
    browser: Browser, tmp_path: Path, text: str
) -> None:
    seen = browser.open(written(tmp_path, html(full(text))))
    assert [each for each in seen.requests if not each.startswith("data:")] == []
    assert seen.complaints == []
    assert browser.run("window.owned === undefined")
    assert (
        browser.run("document.scripts.length + document.querySelectorAll('iframe,img').length") == 0
    )
    # the stylesheet is in force
    assert (
        browser.run("getComputedStyle(document.querySelector('.issue')).borderLeftWidth") == "4px"
    )


def test_the_browser_would_have_noticed(browser: Browser, tmp_path: Path) -> None:
    page = "<script>console.error('x'); window.owned = 1</script><img src='http://owned.invalid/x'>"
    seen = browser.open(written(tmp_path, page))
    assert "http://owned.invalid/x" in seen.requests
    assert seen.complaints
    assert browser.run("window.owned") == 1


def test_the_policy_stops_a_script_that_got_in(browser: Browser, tmp_path: Path) -> None:
    page = html(full()).replace("</main>", "<script>window.owned = 1</script></main>")
    seen = browser.open(written(tmp_path, page))
    assert any("Content Security Policy" in complaint for complaint in seen.complaints)
    assert browser.run("window.owned === undefined")


def test_it_fits_a_phone_and_follows_the_colours_of_the_system(
    browser: Browser, tmp_path: Path
) -> None:
    path = written(tmp_path, html(full("x" * 300)))
    colours = set()
    for width, dark in ((1200, False), (390, False), (390, True)):
        browser.resize(width, 800, dark=dark)
        browser.open(path)
        assert browser.run("document.documentElement.scrollWidth") <= width
        colours.add(browser.run("getComputedStyle(document.body).backgroundColor"))
    assert colours == {"rgb(255, 255, 255)", "rgb(21, 25, 30)"}


def test_it_prints(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, html(full())))
    assert browser.pdf().startswith(b"%PDF-")
