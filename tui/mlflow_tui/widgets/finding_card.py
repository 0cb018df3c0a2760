"""A card of the board as two lines of text: pure drawing of a ``Card``."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.review import Course, Decision, Opinion
from mlflow_analysis.untrusted import single_line
from mlflow_tui.board.cards import Card, Stage
from mlflow_tui.widgets.figures import grouped, share, sparkline
from mlflow_tui.widgets.glyphs import Glyphs
from mlflow_tui.widgets.interval_bar import interval_bar
from mlflow_tui.widgets.moments import lately
from mlflow_tui.widgets.palette import Palette

LINES = 2
_INDENT = 4
_STATE_WIDTH = 15
_COUNT_WIDTH = 14
_SHARE_WIDTH = 7
_FIGURES_WIDTH = _INDENT + _STATE_WIDTH + _COUNT_WIDTH + _SHARE_WIDTH
_BAR_WIDTH = 10
_SPARK_WIDTH = 10
_SHORTEST_SPARK = 6
_SHORTEST_TEXT = 8
_NAME_WIDTH = 10
_ALARMING = frozenset({Course.ESCALATING, Course.REGRESSED})
_QUIET = frozenset({Stage.REFUTED, Stage.NOT_TESTABLE, Stage.QUEUED})
_LEANINGS = {"towards confirmed": "leans yes", "towards refuted": "leans no", "open": "open"}


def card_lines(card: Card, width: int, glyphs: Glyphs, palette: Palette) -> tuple[Text, Text]:
    """The two lines of a card, each exactly ``width`` columns, without the cursor bar.

    First what is claimed, how bad it is and what was decided; then what the traces say.
    """
    painter = _Painter(card, width, glyphs, palette)
    lines = painter.claim_line(), painter.evidence_line()
    for line in lines:
        line.truncate(width, pad=True)
    return lines


def claim(card: Card) -> str:
    """The claim in a few words, with its subject unless the title names it."""
    title = single_line(card.title)
    subject = single_line(card.finding.subject) if card.finding is not None else ""
    if subject and subject.casefold() not in title.casefold():
        return f"{title}: {subject}"
    return title


def opinions(card: Card) -> str:
    """Who decided what about a card in conflict, the later one first: ``bob rejected, by design, 06-14 09:32``."""
    ruling = card.ruling
    latest = Opinion(ruling.decision, ruling.reason, ruling.note, ruling.author, ruling.decided_ms)
    return "; ".join(opinion_in_words(each) for each in (latest, *reversed(ruling.opposed)))


def opinion_in_words(opinion: Opinion) -> str:
    """Who, what, why, when."""
    words = [f"{single_line(opinion.author)} {opinion.decision.value}"]
    if opinion.reason:
        words.append(single_line(opinion.reason))
    words.append(lately(opinion.decided_ms, time.time()))
    return ", ".join(words)


def stage_style(card: Card, palette: Palette) -> Style:
    """The colour of a card's state: a confirmed issue is bad, a confirmed strength is good."""
    if card.stage is Stage.CONFIRMED:
        if card.category is Category.STRENGTH:
            return palette.good
        return severity_style(card.severity, palette)
    if card.stage is Stage.TESTING:
        return palette.accent
    return palette.muted


def severity_style(severity: Severity, palette: Palette) -> Style:
    """High is bad, medium a warning, low is plain."""
    if severity is Severity.HIGH:
        return palette.bad
    return palette.warn if severity is Severity.MEDIUM else palette.text


def clip(text: str, room: int, glyphs: Glyphs) -> str:
    """``text`` padded or cut to ``room`` columns, a cut marked by an ellipsis."""
    if room < 1:
        return ""
    if cell_len(text) <= room:
        return set_cell_size(text, room)
    return set_cell_size(text, room - 1) + glyphs.ellipsis


def effect_in_brief(effect: Effect, glyphs: Glyphs) -> str:
    """A contrast in a few columns: points of difference, or how many times as much."""
    if effect.kind == "risk difference":
        points = round(100 * effect.value)
        return f"{points:+d} point{'' if abs(points) == 1 else 's'}"
    return f"{glyphs.times}{effect.value:.2g}"


@dataclass(frozen=True)
class _Painter:
    card: Card
    width: int
    glyphs: Glyphs
    palette: Palette

    def claim_line(self) -> Text:
        card, palette, glyphs = self.card, self.palette, self.glyphs
        line = Text(" ", no_wrap=True, end="")
        line.append(glyphs.mark if card.marked else " ", palette.accent)
        shows_decision = not card.home and (
            card.to_decide or card.decision is not Decision.UNDECIDED
        )
        line.append(
            glyphs.decisions[card.decision] if shows_decision else " ",
            palette.good if card.decision is Decision.ACCEPTED else palette.muted,
        )
        line.append(" ")
        right = self._right_end()
        quiet = card.decision is Decision.REJECTED or card.stage in _QUIET or bool(card.home)
        style = palette.text
        if quiet:
            style = palette.muted
        elif card.stage is Stage.CONFIRMED:
            style = palette.strong
        room = max(8, self.width - _INDENT - right.cell_len)
        line.append(clip(claim(card), room, glyphs), style)
        return line + right

    def _right_end(self) -> Text:
        """What is known of the claim as a whole, at the right border."""
        card, palette = self.card, self.palette
        right = Text(no_wrap=True, end="")
        if card.in_focus:
            right.append(f"  {self.glyphs.focus} focus", palette.accent)
        if card.merged:
            right.append(f"  +{len(card.merged)} merged", palette.accent)
        if card.ruling.assignee:
            name = clip(single_line(card.ruling.assignee), _NAME_WIDTH, self.glyphs).rstrip()
            right.append(f"  @{name}", palette.accent)
        if card.course is not None:
            style = palette.warn if card.course in _ALARMING else palette.muted
            right.append(f"  {card.course.value}", style)
        if card.home:
            right.append("  merged", palette.muted)
        elif card.is_disputed:
            right.append("  conflict", palette.bad)
        elif card.decision is Decision.REJECTED:
            right.append(f"  {single_line(card.ruling.reason) or 'rejected'}", palette.muted)
        elif card.stage is Stage.CONFIRMED and card.category is Category.STRENGTH:
            right.append("  strength", palette.good)
        elif card.stage is Stage.CONFIRMED:
            said = "!" if card.ruling.severity is not None else ""
            word = f"{card.severity.value}{said}"
            right.append(f"  {word:>6}", severity_style(card.severity, palette))
        right.append(" ")
        return right

    def evidence_line(self) -> Text:
        card, palette, glyphs = self.card, self.palette, self.glyphs
        line = Text(" " * _INDENT, no_wrap=True, end="")
        if card.home:
            self._append_muted(line, f"merged into {single_line(card.home_title)}", gap=0)
            return line
        if card.is_disputed:
            line.append(clip(opinions(card), self._room(line), glyphs), palette.bad)
            return line
        label = f"{glyphs.stages[card.stage]} {card.stage.value}"
        line.append(f"{label:<{_STATE_WIDTH}}", stage_style(card, palette))
        found, seen = card.finding, card.evidence
        if found is not None and card.stage is Stage.NOT_TESTABLE:
            self._append_muted(line, single_line(found.reason), gap=0)
        elif found is not None:
            self._append_verdict(line, found)
        elif seen is not None and not seen.eligible:
            missing = seen.leaning not in _LEANINGS
            words = single_line(seen.leaning) if missing else "nothing to judge by yet"
            self._append_muted(line, f"{grouped(seen.traces_read)} read, {words}", gap=0)
        elif seen is not None:
            rate = seen.affected / seen.eligible
            self._append_figures(line, seen.affected, seen.eligible, rate, seen.interval)
            self._append_muted(line, _LEANINGS.get(seen.leaning, single_line(seen.leaning)))
        return line

    def _append_verdict(self, line: Text, found: Finding) -> None:
        glyphs, palette, card = self.glyphs, self.palette, self.card
        words = ""
        if card.category is Category.USER and found.effect is not None:
            words = effect_in_brief(found.effect, glyphs)  # how many match says nothing by itself
        elif card.stage is Stage.REFUTED and found.eligible:
            words = f"at most {share(found.interval[1])}"
        elif card.stage is Stage.INCONCLUSIVE and found.needs_more:
            words = f"needs {glyphs.about}{grouped(found.needs_more)} more"
        # What is missing is more telling than a bar, where there is no room for both.
        needed = _FIGURES_WIDTH + _BAR_WIDTH + 2 + len(words) + 2
        self._append_figures(
            line,
            found.affected,
            found.eligible,
            found.rate,
            found.interval,
            with_bar=card.stage is Stage.CONFIRMED
            or (card.stage is Stage.INCONCLUSIVE and needed < self.width),
        )
        if words:
            self._append_muted(line, words)
        if card.stage is not Stage.CONFIRMED:
            return
        room = self._room(line) - 2
        spark = sparkline(found.trend, min(_SPARK_WIDTH, room), ascii_only=glyphs.ascii_only)
        if spark and room >= _SHORTEST_SPARK:
            line.append(f"  {spark:<{min(_SPARK_WIDTH, room)}}", stage_style(card, palette))
        if found.impact is not None and found.is_issue:
            impact = f"impact {grouped(found.impact.traces)}+"  # a lower bound
            room = self._room(line)
            if room >= len(impact) + 2:
                line.append(f"{impact:>{room}}", palette.muted)

    def _append_figures(
        self,
        line: Text,
        affected: int,
        eligible: int,
        rate: float,
        interval: tuple[float, float],
        *,
        with_bar: bool = True,
    ) -> None:
        """``63 of 1,204   5.2 %  ─●━─────``, the bar only where it fits."""
        count = f"{grouped(affected)} of {grouped(eligible)}"
        line.append(f"{count:<{_COUNT_WIDTH}}{share(rate):>{_SHARE_WIDTH}}", self.palette.text)
        if with_bar and self._room(line) >= _BAR_WIDTH + 2:
            line.append("  ")
            line.append_text(
                interval_bar(
                    interval[0],
                    rate,
                    interval[1],
                    _BAR_WIDTH,
                    track=self.palette.muted,
                    mark=stage_style(self.card, self.palette),
                    ascii_only=self.glyphs.ascii_only,
                )
            )

    def _append_muted(self, line: Text, text: str, gap: int = 2) -> None:
        room = self._room(line) - gap
        if room >= min(_SHORTEST_TEXT, len(text)):
            line.append(" " * gap + clip(text, room, self.glyphs).rstrip(), self.palette.muted)

    def _room(self, line: Text) -> int:
        return self.width - 1 - line.cell_len
