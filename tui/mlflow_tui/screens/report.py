"""The report as it will be written, and the writing of it."""

from __future__ import annotations

import asyncio
import gc
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widgets import Static
from textual.worker import Worker, get_current_worker

from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.protocol import Pushed
from mlflow_analysis.review import Review, Ruling
from mlflow_styles import stylesheet
from mlflow_tui.actions import REPORT, bindings_for
from mlflow_tui.board.filter import Filter
from mlflow_tui.screens.dialogs import ConfirmDialog
from mlflow_tui.screens.saving import save_text
from mlflow_tui.screens.sections_dialog import SectionsDialog
from mlflow_tui.screens.text_dialog import TextDialog
from mlflow_tui.screens.writing_back import WritingBack
from mlflow_tui.widgets.board_status import BoardStatus, Standing
from mlflow_tui.widgets.glyphs import glyphs_for
from mlflow_tui.widgets.markdown_view import MarkdownView, rendered
from mlflow_tui.widgets.palette import Palette, palette_of

NO_ANALYSIS = (
    "There is nothing to report yet.\n\n"
    "4 goes to the board: analyse the experiment, then accept what belongs into the report."
)
STILL_RUNNING = (
    "The report is written when the analysis has ended.\n\n"
    "On the board (4), x stops the reading and concludes from what was read so far."
)

_OF_A_REPORT = {"export", "export_html", "export_json", "file_issues", "find", "sections"}

Sections = tuple[str, ...] | None
"""Ids of the chosen sections; ``None`` for all."""


class ReportScreen(WritingBack):
    """What the export will hold, drawn from Markdown; ``e`` writes it."""

    PLACE: ClassVar[str] = REPORT
    BINDINGS = bindings_for(REPORT)
    CSS_PATH = stylesheet("report")

    def __init__(self) -> None:
        super().__init__()
        self._glyphs = glyphs_for(os.environ)
        self._written: tuple[Analysis, dict[str, Ruling], int, Sections] | None = None
        """What the page was written from, and its width: nothing new, nothing to write."""
        self._sought = ""
        self._sections: Sections = None

    def compose_body(self) -> ComposeResult:
        """Counts, then the page or why there is none."""
        yield BoardStatus(self._glyphs)
        yield Static(id="report-empty", markup=False)
        yield MarkdownView()

    # ---- preview --------------------------------------------------------------------------

    def state_changed(self) -> None:
        """Back from deciding, or another run: write the page anew."""
        review = self.state.review
        if review is not None:
            review.reload()
            self.state.board.refresh_rulings()
        self._preview()

    def engine_pushed(self, bodies: tuple[Pushed, ...]) -> None:
        """The end of the run makes the report; a writing says how far it is."""
        self.steps_pushed(bodies)
        if self.is_current and any(isinstance(body, AnalysisReady) for body in bodies):
            self._preview()

    def on_resize(self) -> None:
        """Lines wrap elsewhere."""
        if self.is_current and self._written is not None:
            self._preview()

    @property
    def _page(self) -> MarkdownView:
        return self.query_one(MarkdownView)

    def _preview(self) -> None:
        board, state = self.state.board, self.state
        analysis = board.reviewed_analysis()
        self.set_class(analysis is not None, "-ready")
        self.query_one(BoardStatus).say(
            Standing(
                progress=board.progress if state.analysing else None,
                traces_read=analysis.traces_read if analysis is not None else None,
                interrupted=board.interrupted,
                skipped=board.skipped,
                to_decide=board.count(Filter.TO_DECIDE) if analysis is not None else None,
                accepted=board.count(Filter.ACCEPTED),
                rejected=board.count(Filter.REJECTED),
            )
        )
        self.refresh_bindings()
        if analysis is None or state.review is None:
            text = STILL_RUNNING if state.analysing else NO_ANALYSIS
            self.query_one("#report-empty", Static).update(text)
            return
        self._page.focus()
        # After the layout, which knows the width.
        self.call_after_refresh(self._start_writing, analysis, state.review)

    def _start_writing(self, analysis: Analysis, review: Review) -> None:
        width = self._page.scrollable_size.width
        source = (analysis, self.state.board.rulings(), width, self._sections)
        if width and source != self._written:
            self._written = source
            self._write_page(analysis, review, width, palette_of(self._page), self._sections)

    @work(thread=True, exclusive=True, group="preview")
    def _write_page(
        self,
        analysis: Analysis,
        review: Review,
        width: int,
        palette: Palette,
        sections: Sections,
    ) -> None:
        """In a thread: a long report takes a second or two, and shows its first section at once."""
        from mlflow_analysis.report import SECTIONS, markdown_sections

        worker = get_current_worker()
        # A page that someone may be reading is replaced as a whole, so that it does not jump.
        waits = self._page.line_count > 0
        page: list[Strip] = []
        chosen = SECTIONS if sections is None else sections
        with _collector_at_rest():
            for section in markdown_sections(analysis, review, sections=chosen):
                for lines in rendered(section, width, palette):
                    if worker.is_cancelled:
                        return
                    page += lines
                    if not waits:
                        self.app.call_from_thread(self._add_section, worker, lines)
        if waits:
            self.app.call_from_thread(self._page.show, page, keep_place=True)

    def _add_section(self, worker: Worker[None], lines: list[Strip]) -> None:
        if not worker.is_cancelled:
            self._page.extend(lines)

    # ---- moving ---------------------------------------------------------------------------

    def action_cursor(self, where: str) -> None:
        """Scroll the page."""
        self._page.move(where)

    @work(exclusive=True, group="dialog")
    async def action_find(self) -> None:
        """Ask for a text and go to the next line that holds it."""
        text = await self.app.push_screen_wait(
            TextDialog("Find in the report", self._sought, verb="find")
        )
        if text:
            self._sought = text
            self.action_next_match()
            self.refresh_bindings()

    def action_next_match(self) -> None:
        """The next line that holds what was looked for."""
        if not self._page.find(self._sought):
            self.tell(f"“{self._sought}” is not in the report.")

    # ---- sections -------------------------------------------------------------------------

    @work(exclusive=True, group="dialog")
    async def action_sections(self) -> None:
        """Choose the sections, of the page and of what is written."""
        from mlflow_analysis.report import SECTIONS

        now = SECTIONS if self._sections is None else self._sections
        chosen = await self.app.push_screen_wait(SectionsDialog(SECTIONS, tuple(now)))
        if chosen is not None:
            self._sections = None if len(chosen) == len(SECTIONS) else chosen
            self._preview()

    # ---- export ---------------------------------------------------------------------------

    @work(exclusive=True, group="dialog")
    async def action_export(self) -> None:
        """Write Markdown."""
        await self._export(".md", _as_markdown)

    @work(exclusive=True, group="dialog")
    async def action_export_html(self) -> None:
        """Write HTML."""
        await self._export(".html", _as_html)

    @work(exclusive=True, group="dialog")
    async def action_export_json(self) -> None:
        """Write JSON, always whole."""
        await self._export(".json", _as_json)

    async def _export(self, ending: str, make: Callable[[Analysis, Review, Sections], str]) -> None:
        board, review = self.state.board, self.state.review
        analysis = board.reviewed_analysis()
        if analysis is None or review is None:
            return
        undecided = board.count(Filter.TO_DECIDE)
        if undecided and not await self._sure(
            f"{undecided} confirmed findings are not decided. They stand in the report as "
            "undecided, not among the accepted. Export now?"
            if undecided > 1
            else "One confirmed finding is not decided. It stands in the report as undecided, "
            "not among the accepted. Export now?",
            "export",
        ):
            return
        sections = self._sections
        some = ""
        if sections is not None and make is not _as_json:
            some = f"Only the chosen sections ({len(sections)}) go into it. "
        answer = await self.app.push_screen_wait(
            TextDialog(
                "Write to",
                default_file_name(analysis.experiment_name, ending),
                hint=f"{some}In {Path.cwd()} unless the path says otherwise.",
                verb="write",
            )
        )
        if answer:
            text = await asyncio.to_thread(make, analysis, review, sections)
            await save_text(self, answer, text)

    async def _sure(self, question: str, yes: str) -> bool:
        answer = await self.app.push_screen_wait(ConfirmDialog(question, yes))
        return answer is True

    def action_back(self) -> None:
        """To the board."""
        self.app.switch_mode("board")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a report there is nothing to find or to export."""
        if action in _OF_A_REPORT:
            return self.state.board.analysis is not None
        if action == "next_match":
            return bool(self._sought)
        return True


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """While hundreds of thousands of small objects are made, the garbage collector would look through all of
    them again and again, for half a second each, in which no key is answered."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _as_markdown(analysis: Analysis, review: Review, sections: Sections) -> str:
    from mlflow_analysis.report import SECTIONS, render_markdown

    return render_markdown(
        analysis, review, sections=tuple(SECTIONS) if sections is None else sections
    )


def _as_html(analysis: Analysis, review: Review, sections: Sections) -> str:
    from mlflow_analysis.report import SECTIONS, render_html

    return render_html(analysis, review, sections=tuple(SECTIONS) if sections is None else sections)


def _as_json(analysis: Analysis, review: Review, _sections: Sections) -> str:
    from mlflow_analysis.contract.writing import analysis_to_json, to_text

    return to_text(analysis_to_json(analysis, review))


def default_file_name(experiment: str, ending: str) -> str:
    """``shop-support-2026-06-14.md``: safe in every file system, whatever the experiment is called."""
    safe = re.sub(r"[^\w.-]+", "-", experiment, flags=re.ASCII).strip("-.")[:60] or "report"
    return f"{safe}-{datetime.now().astimezone():%Y-%m-%d}{ending}"
