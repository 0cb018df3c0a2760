"""Nothing that a trace says becomes structure in the report."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt

from mlflow_analysis.report.markdown import cell, code, code_cell, fenced, inline, prepare

HOSTILE = [
    "# Heading",
    "- item",
    "1. item",
    "> quotation",
    "---",
    "===",
    "**bold** _emphasis_ ~~gone~~",
    "[link](https://example.org)",
    "![image](https://example.org/x.png)",
    "<https://example.org>",
    "https://example.org and www.example.org",
    "see HTTP://example.org/a_b?c=`d`|e, (www.example.org). or ann.lee+x@example.org!",
    "a_https://example.org/**b**_c",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a | b | c",
    "`code` and ``more ` code``",
    "```\nfence\n```",
    "````\n# out of the fence\n````",
    "&lt;b&gt; &#35;",
    "line\n\n# heading after a blank line",
    "[^1]: footnote",
    "[ref]: https://example.org",
    "\\# escaped \\`",
    "`",
    "ends with `",
    "|",
    "    indented",
]
TEXT_ONLY = {"inline", "paragraph_open", "paragraph_close", "text", "text_special", "code_inline"}


def _tokens(markdown: str) -> set[str]:
    parser = MarkdownIt("gfm-like", {"linkify": True, "html": True})
    kinds = set()
    for token in parser.parse(markdown):
        kinds.add(token.type)
        kinds.update(child.type for child in token.children or [])
    return kinds


def _shown(markdown: str) -> str:
    parser = MarkdownIt("gfm-like", {"linkify": True, "html": True})
    return "".join(
        child.content
        for token in parser.parse(markdown)
        for child in token.children or [token]
        if child.type in ("text", "text_special", "code_inline", "fence")
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_running_text_is_only_text(text: str) -> None:
    assert _tokens(inline(text)) <= TEXT_ONLY


# how remark-gfm, which MLflow's artifact viewer uses, finds addresses in text whose escapes are resolved
LINKED_LATER = re.compile(
    r"(?:https?://|www(?=\.))[-.\w]+|(?:^|(?<=[\s\W_]))[-.\w+]+@[-\w]+(?:\.[-\w]+)+", re.IGNORECASE
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("escape", [inline, cell])
def test_no_viewer_makes_a_link_of_it(text: str, escape: Callable[[str], str]) -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    plain = [
        child.content
        for token in parser.parse(f"| a |\n|---|\n| {escape(text)} |\n\n{escape(text)}\n")
        for child in token.children or []
        if child.type in ("text", "text_special")
    ]
    assert not [each for each in plain if LINKED_LATER.search(each)]


@pytest.mark.parametrize("text", [text for text in HOSTILE if "`" not in text])
def test_running_text_reads_as_it_was(text: str) -> None:
    assert _shown(inline(text)) == " ".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_code_is_one_code_span_that_reads_as_it_was(text: str) -> None:
    assert _tokens(f"x {code(text)} y") <= TEXT_ONLY
    assert _shown(code(text)).strip() == " ".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_fence_holds_all_of_its_text(text: str) -> None:
    assert _tokens(fenced(text)) == {"fence"}
    assert _shown(fenced(text)).strip() == text.strip()


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("escape", [cell, code_cell])
def test_a_table_cell_stays_one_cell(text: str, escape: type) -> None:
    parser = MarkdownIt("gfm-like", {"linkify": True, "html": True})
    tokens = parser.parse(f"| a | b |\n|---|---|\n| {escape(text)} | second |\n")
    cells = [token for token in tokens if token.type == "td_open"]
    kinds = {child.type for token in tokens for child in token.children or []}
    assert len(cells) == 2
    assert kinds <= TEXT_ONLY
    assert [token.content for token in tokens if token.type == "inline"][-1] == "second"


def test_long_text_is_cut_and_says_by_how_much() -> None:
    assert code("x" * 300, 100).endswith("(200 more characters)`")
    assert code("x" * 112, 100) == f"`{'x' * 112}`"  # to say so would take more room than the rest
    shown = fenced("\n".join(str(line) for line in range(100)), 5000, 10)
    assert "(90 more lines)" in shown
    assert len(shown.splitlines()) == 13


def test_a_template_escapes_what_nobody_told_it_to() -> None:
    jinja = SandboxedEnvironment()
    prepare(jinja)
    template = jinja.from_string("{{ name }} {{ name ~ '!' }}")
    assert _tokens(template.render(name="<b>[x](y)</b>")) <= TEXT_ONLY


def test_control_characters_become_visible() -> None:
    for escape in (inline, cell, code, code_cell, fenced):
        assert "\x1b" not in escape("\x1b[2J\u202e")
