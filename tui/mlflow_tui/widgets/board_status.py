"""The line above the cards: how far the run is, what is decided, what is shown."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from mlflow_analysis.events import Progress
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import grouped, share, spell_seconds
from mlflow_tui.widgets.glyphs import UNICODE, Glyphs

_BAR_WIDTH = 16


@dataclass(frozen=True)
class Standing:
    """What the line says. Equal ones draw equally."""

    progress: Progress | None = None
    """While the run goes on."""
    traces_read: int | None = None
    """Once it has ended."""
    interrupted: bool = False
    skipped: int = 0
    problem: str = ""
    waiting: str = ""
    """What is being waited for, before there is any progress."""
    to_decide: int | None = 0
    """``None`` where nothing is decided yet: then nothing is said of decisions."""
    accepted: int = 0
    rejected: int = 0
    merged: int = 0
    disputed: int = 0
    """Findings about which two people decided differently."""
    shown: str = ""
    """The filter, unless all are shown."""
    marked: int = 0
    found: str = ""
    """The match of a search that the cursor is on."""
    review: tuple[int, int] | None = None
    """In review mode: which card it has come to, from 1, and of how many."""
    focus: str = ""
    watching: str = ""
    """What there is to say of a watch."""


class BoardStatus(Widget):
    """One line; repaints only when what it says has changed."""

    def __init__(self, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._standing = Standing()

    def say(self, standing: Standing) -> None:
        """Show this from now on."""
        if standing != self._standing:
            self._standing = standing
            self.refresh()

    def render(self) -> Content:
        """Left: the run. Right: the review. The right end gives way where there is no room."""
        width = self.content_size.width
        left = self._run()
        for right in (self._review(full=True), self._review(full=False)):
            gap = width - left.cell_length - right.cell_length
            if gap >= 2:
                return Content.assemble(left, " " * gap, right)
        return left.truncate(width, ellipsis=True)

    def _run(self) -> Content:
        say = self._standing
        dot = f" {self._glyphs.middle_dot} "
        if say.review is not None:
            place, total = say.review
            return Content.assemble(
                ("Review", "bold $primary"), (f"  {place} of {total}, by rank", "$foreground")
            )
        if say.problem:
            return Content.styled(single_line(say.problem), "$error")
        if say.progress is not None:
            return self._progress(say.progress)
        if say.traces_read is None:
            return Content.styled(say.waiting, "$muted")
        words = f"{grouped(say.traces_read)} traces read"
        if say.skipped:
            words += f"{dot}{grouped(say.skipped)} could not be read"
        if say.interrupted:
            words += f"{dot}stopped early"
        said = Content.styled(words, "$muted")
        if say.watching:
            said += Content.assemble((dot, "$muted"), (say.watching, "$success"))
        return said

    def _progress(self, progress: Progress) -> Content:
        full, empty = ("#", ".") if self._glyphs.ascii_only else ("━", "─")
        parts: list[Content | tuple[str, str]] = [(f"{progress.stage}  ", "$foreground")]
        if progress.total:
            done = min(1.0, progress.done / progress.total)
            filled = int(done * _BAR_WIDTH)
            parts += [
                (full * filled, "$primary"),
                (empty * (_BAR_WIDTH - filled), "$muted"),
                (f"  {grouped(progress.done)} of {grouped(progress.total)}", "$foreground"),
                (f"  {share(done)}", "$muted"),
            ]
        else:
            parts.append((grouped(progress.done), "$foreground"))
        if progress.rate > 0:
            parts.append((f"  {grouped(progress.rate)}/s", "$muted"))
        if progress.seconds_left is not None:
            parts.append((f"  {spell_seconds(progress.seconds_left)} left", "$muted"))
        return Content.assemble(*parts)

    def _review(self, *, full: bool) -> Content:
        say, glyphs = self._standing, self._glyphs
        parts: list[Content] = []
        if say.marked:
            parts.append(Content.styled(f"{glyphs.mark} {say.marked} marked", "$accent"))
        if say.found:
            parts.append(Content.styled(say.found, "$accent"))
        if say.shown:
            parts.append(Content.styled(f"only {say.shown}", "$accent"))
        if say.focus and full:
            parts.append(Content.styled(f"{glyphs.focus} {single_line(say.focus)[:24]}", "$accent"))
        if say.to_decide is not None and (full or not parts):
            tally = (
                ("!", say.disputed, "in conflict", "$error"),
                ("✓" if not glyphs.ascii_only else "+", say.accepted, "accepted", "$success"),
                ("✗" if not glyphs.ascii_only else "x", say.rejected, "rejected", "$muted"),
                (glyphs.middle_dot, say.to_decide, "to decide", "$foreground"),
            )
            for sign, number, word, style in tally:
                if number or word == "to decide":
                    text = f"{sign} {number} {word}" if full else f"{sign} {number}"
                    parts.append(Content.styled(text, style))
        return Content("  ").join(parts)
