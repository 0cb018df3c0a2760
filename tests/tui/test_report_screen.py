"""The report screen: preview, find, export."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from board_app import open_board, preview_written, screen_text, settle, until
from board_samples import HOSTILE, analysis, finding, finished, half_way, queued
from rich.style import Style
from textual.pilot import Pilot
from textual.widgets import Input

from mlflow_analysis.contract import schema
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.report import SECTIONS, markdown_sections, render_markdown
from mlflow_analysis.review import Review
from mlflow_tui.application import MlflowTui
from mlflow_tui.screens.dialogs import ConfirmDialog
from mlflow_tui.screens.report import ReportScreen, default_file_name
from mlflow_tui.screens.sections_dialog import SectionsDialog
from mlflow_tui.screens.text_dialog import TextDialog
from mlflow_tui.widgets.markdown_view import MarkdownView, rendered
from mlflow_tui.widgets.palette import Palette

PLAIN = Palette(*[Style.null()] * 8)


async def to_report(app: MlflowTui, pilot: Pilot[int]) -> str:
    """Go there, wait for the preview to be written, and return all of it."""
    await pilot.press("5")
    await settle(pilot)
    await preview_written(app, pilot)
    return page_text(app)


def page_text(app: MlflowTui) -> str:
    return "\n".join(strip.text for strip in app.screen.query_one(MarkdownView)._lines)


async def decide(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def export(app: MlflowTui, pilot: Pilot[int], key: str, path: Path) -> None:
    """Press ``key``, say yes to exporting with undecided ones, and give ``path``."""
    await decide(pilot, key)
    if isinstance(app.screen, ConfirmDialog):
        await decide(pilot, "y")
    assert isinstance(app.screen, TextDialog)
    app.screen.query_one(Input).value = str(path)
    before = len(app._notifications)
    await pilot.press("enter")
    # Until it says what became of it, or asks.
    await until(pilot, lambda: len(app._notifications) > before or is_asked(app))


def is_asked(app: MlflowTui) -> bool:
    return isinstance(app.screen, ConfirmDialog)


def said(app: MlflowTui) -> str:
    return " | ".join(each.message for each in app._notifications)


async def test_a_folder_is_neither_asked_about_nor_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await to_report(app, pilot)
        await export(app, pilot, "e", folder)
        assert not is_asked(app)
        assert f"{folder} is a folder. Name a file." in said(app)


async def test_before_the_end_of_the_run_it_says_what_is_missing(tmp_path: Path) -> None:
    async with open_board(tmp_path, half_way()) as (app, pilot, engine):
        await pilot.press("5")
        await settle(pilot)
        assert "when the analysis has ended" in screen_text(app)
        assert "export" not in screen_text(app).splitlines()[-1]
        engine.push([AnalysisReady(analysis())])
        await settle(pilot)
        await preview_written(app, pilot)
        assert "Trace analysis: shop support" in screen_text(app)


async def test_the_preview_holds_exactly_the_accepted_ones_as_accepted(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await decide(pilot, "a", "j", "r", "2")
        page = await to_report(app, pilot)
        accepted = page[page.index("Accepted issues") : page.index("Performance")]
        assert "Calls are refused by a rate limit" in accepted
        assert "Calls run into their time-out" not in accepted
        assert "by design" in page[page.index("Rejected") :]
        assert "✓ 1 accepted" in screen_text(app)
        await decide(pilot, "4", "u", "u")
        page = await to_report(app, pilot)
        assert "✓" not in screen_text(app).splitlines()[1]


async def test_markdown_is_written_and_never_over_something_silently(tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await decide(pilot, "a")
        await to_report(app, pilot)
        await export(app, pilot, "e", target)
        assert str(target) in said(app)
        written = target.read_text()
        assert "Calls are refused by a rate limit" in written
        target.write_text("mine")
        await export(app, pilot, "e", target)
        assert isinstance(app.screen, ConfirmDialog)
        await decide(pilot, "n")
        assert target.read_text() == "mine"
        await export(app, pilot, "e", target)
        await pilot.press("y")
        await until(pilot, lambda: target.read_text() != "mine")
        assert target.read_text() == written


async def test_exporting_with_undecided_ones_asks_first(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished([finding("timeout")])) as (app, pilot, _engine):
        await to_report(app, pilot)
        await decide(pilot, "e")
        assert isinstance(app.screen, ConfirmDialog)
        assert "One confirmed finding is not decided" in screen_text(app)
        await decide(pilot, "n")
        assert isinstance(app.screen, ReportScreen)
        await decide(pilot, "4", "a")
        await to_report(app, pilot)
        await decide(pilot, "e")
        assert isinstance(app.screen, TextDialog)


async def test_json_follows_the_contract(tmp_path: Path) -> None:
    import jsonschema

    target = tmp_path / "analysis.json"
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await decide(pilot, "a")
        await to_report(app, pilot)
        await export(app, pilot, "J", target)
    content = json.loads(target.read_text())
    jsonschema.validate(content, schema())
    decisions = {each["fingerprint"]: each["decision"] for each in content["findings"]}
    assert [key for key, decision in decisions.items() if decision == "accepted"] == [
        "rate-limited"
    ]


async def test_html_is_one_page_with_what_was_accepted(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await decide(pilot, "a")
        await to_report(app, pilot)
        await export(app, pilot, "H", target)
        assert str(target) in said(app)
    page = target.read_text()
    assert page.startswith("<!doctype html>")
    assert "Calls are refused by a rate limit" in page[page.index('id="issues"') :]


async def test_the_chosen_sections_are_shown_and_written(tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await decide(pilot, "a")
        await to_report(app, pilot)
        await decide(pilot, "s")
        assert isinstance(app.screen, SectionsDialog)
        assert screen_text(app).count("[x]") == len(SECTIONS)
        await decide(pilot, "a", "j", "space", "j", "j", "j", "space")
        assert screen_text(app).count("[x]") == 2
        await decide(pilot, "enter")
        await preview_written(app, pilot)
        page = page_text(app)
        assert "What was analysed" in page
        assert "Accepted issues" in page
        assert "Purpose" not in page
        await export(app, pilot, "e", target)
        headings = [line for line in target.read_text().splitlines() if line.startswith("## ")]
        assert headings == ["## What was analysed", "## Accepted issues"]
        await decide(pilot, "s", "a", "enter")
        await preview_written(app, pilot)
        assert "Method and limits" in page_text(app)


async def test_leaving_the_choice_of_sections_changes_nothing(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        before = await to_report(app, pilot)
        await decide(pilot, "s", "a", "escape")
        await preview_written(app, pilot)
        assert page_text(app) == before


def test_the_preview_is_what_is_written() -> None:
    """Section by section on the screen, in one piece in the file."""
    text = render_markdown(analysis(), Review(None, "me"))
    assert "".join(markdown_sections(analysis(), Review(None, "me"))) == text


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished()) as (app, pilot, _engine):
        await to_report(app, pilot)
        await export(app, pilot, "e", tmp_path / "nowhere" / "report.md")
        assert "Could not write to" in said(app)
        assert "No such file or directory" in said(app)


async def test_find_goes_to_the_line_and_n_to_the_next(tmp_path: Path) -> None:
    async with open_board(tmp_path, finished(), size=(80, 24)) as (app, pilot, _engine):
        await decide(pilot, "a")
        await to_report(app, pilot)
        await decide(pilot, "slash")
        await pilot.press(*"QUOTA EXCEEDED", "enter")
        await settle(pilot)
        first = app.screen.query_one(MarkdownView)._found
        assert "quota exceeded" in screen_text(app)
        await decide(pilot, "n")
        assert app.screen.query_one(MarkdownView)._found > first
        await decide(pilot, "slash")
        app.screen.query_one(Input).value = "no such words"
        await decide(pilot, "enter")
        assert "is not in the report" in said(app)


async def test_hostile_text_is_inert_in_preview_and_file(tmp_path: Path) -> None:
    bad = replace(finding("timeout", text=HOSTILE), statement=HOSTILE)
    target = tmp_path / "report.md"
    events = [*queued(), AnalysisReady(analysis([bad]))]
    async with open_board(tmp_path, events, size=(80, 24)) as (app, pilot, _engine):
        await decide(pilot, "a")
        page = await to_report(app, pilot)
        assert "evil" in page
        await export(app, pilot, "e", target)
    for text in (page, target.read_text(encoding="utf-8")):
        assert not set(text) & set("\x1b\x07\u202e\u202c\ud83d")


def test_links_and_escapes_in_markdown_are_not_obeyed() -> None:
    text = "## A [click](https://evil.example) \x1b]8;;x\x07\n\n```\n\x1b[2J\n```\n\n![i](file:///etc)\n"
    strips = [strip for section in rendered(text, 60, PLAIN) for strip in section]
    segments = [segment for strip in strips for segment in strip]
    assert not any(segment.control for segment in segments)
    assert not any(segment.style and segment.style.link for segment in segments)
    assert "\x1b" not in "".join(segment.text for segment in segments)


def test_what_looks_like_a_heading_within_code_stays_within_it() -> None:
    text = "# Report\n\n## Issues\n\n### One\n\n````text\n```\n## Forged\n### Forged too\n````\n\n### Two\n"
    pieces = [[strip.text for strip in piece] for piece in rendered(text, 60, PLAIN)]
    assert [next(line.strip() for line in piece if line.strip()) for piece in pieces] == [
        "Report",
        "Issues",
        "One",
        "Two",
    ]
    one = "\n".join(pieces[2])
    assert "    ## Forged" in one
    assert "    ### Forged too" in one


def test_every_line_fits_the_width() -> None:
    long_word = "x" * 300
    text = f"# {long_word}\n\n{long_word}\n\n    {long_word}\n\n| a | b |\n|---|---|\n| {long_word} | 1 |\n"
    for section in rendered(text, 48, PLAIN):
        assert all(strip.cell_length <= 48 for strip in section)


@pytest.mark.parametrize(
    ("experiment", "start"),
    [("shop support", "shop-support-"), ("../../etc/passwd\x1b", "etc-passwd-"), ("…", "report-")],
)
def test_file_names_are_safe_whatever_the_experiment_is_called(experiment: str, start: str) -> None:
    name = default_file_name(experiment, ".md")
    assert name.startswith(start)
    assert name.endswith(".md")
    assert "/" not in name
