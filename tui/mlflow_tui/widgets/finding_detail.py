"""Everything known of one claim, as a page: pure drawing of a ``Card``."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from mlflow_analysis.findings.evidence import RootCause
from mlflow_analysis.findings.examples import Example
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.review import Course, Decision, Opinion
from mlflow_analysis.untrusted import single_line
from mlflow_tui.board.cards import Card, Stage
from mlflow_tui.widgets.charts_page import draw_course
from mlflow_tui.widgets.figures import grouped, milliseconds, share, units
from mlflow_tui.widgets.finding_card import claim, opinion_in_words, severity_style, stage_style
from mlflow_tui.widgets.glyphs import Glyphs
from mlflow_tui.widgets.interval_bar import interval_bar
from mlflow_tui.widgets.measured import (
    certainty_words,
    effect_words,
    halves_words,
    impact_words,
    mended_words,
    outcome_words,
    probability,
)
from mlflow_tui.widgets.page import Page
from mlflow_tui.widgets.palette import Palette

_CHART_HEIGHT = 9
_BAR_WIDTH = 12
_EXCERPT_LINES = 4
_MOST_TOOLS = 4
_COURSES: dict[Course | None, str] = {
    Course.NEW: "new: it was not there at the last review",
    Course.ONGOING: "ongoing: it was there at the last review",
    Course.ESCALATING: "escalating: it happens more often than when it was decided",
    Course.GONE: "gone: the traces speak against it now",
    Course.REGRESSED: "regressed: it was gone in the meantime, and is back",
}


@dataclass(frozen=True)
class Detail:
    """A page, and where each example stands on it (first and last line)."""

    lines: tuple[Text, ...]
    examples: tuple[tuple[int, int], ...]


def detail_page(
    card: Card,
    width: int,
    glyphs: Glyphs,
    palette: Palette,
    example: int,
    *,
    with_chart: bool = True,
) -> Detail:
    """The page of a card on ``width`` columns, with the example of that number pointed at."""
    page = Page(width, glyphs, palette)
    places: list[tuple[int, int]] = []
    page.paragraph(claim(card), palette.strong)
    _what_it_is(page, card)
    found = card.finding
    if found is None:
        _under_way(page, card)
        return Detail(tuple(page.lines), ())
    _verdict(page, card, found)
    _decision(page, card)
    _figures(page, card, found)
    if with_chart and found.affected:
        aside = f"share of {units(found.unit, 2)} affected, UTC"
        draw_course(page, card, found, _CHART_HEIGHT, "Over time", aside)
    _causes(page, found)
    _judge(page, card, found)
    _relatives(page, card, found)
    if found.examples:
        page.heading("Evidence", f"{len(found.examples)} of {grouped(len(found.trace_ids))} traces")
        for number, shown in enumerate(found.examples):
            places.append(_example(page, shown, pointed_at=number == example))
    for name, text in (
        ("Recommendation", found.recommendation),
        ("Why it matters", found.why),
        ("Not flagged", found.not_flagged),
    ):
        if text:
            page.heading(name)
            page.paragraph(text)
    return Detail(tuple(page.lines), tuple(places))


def _what_it_is(page: Page, card: Card) -> None:
    line = Text(card.category.value, page.palette.muted)
    if card.category is not Category.STRENGTH:
        line.append(f" {page.glyphs.middle_dot} ")
        line.append(f"{card.severity.value} severity", severity_style(card.severity, page.palette))
        if card.computed_severity is not None:
            line.append(f" (computed: {card.computed_severity.value})")
    line.append(f" {page.glyphs.middle_dot} counted by {card.unit.value}")
    if card.in_focus:
        line.append(f" {page.glyphs.middle_dot} ")
        line.append(f"{page.glyphs.focus} matches your focus", page.palette.accent)
    page.add(line)


def _under_way(page: Page, card: Card) -> None:
    page.blank()
    seen = card.evidence
    if seen is None:
        page.paragraph("Waiting for the first traces.", page.palette.muted)
        return
    page.add(Text(f"{page.glyphs.stages[Stage.TESTING]} testing", page.palette.accent))
    rows = [("read", Text(f"{grouped(seen.traces_read)} traces", page.palette.text))]
    if seen.eligible:
        low, high = seen.interval
        counted = f"{grouped(seen.affected)} of {grouped(seen.eligible)} "
        counted += f"{units(card.unit, seen.eligible)}, within {share(low)} to {share(high)}"
        rows.append(("so far", Text(counted, page.palette.text)))
        rows.append(("leaning", Text(single_line(seen.leaning), page.palette.text)))
    page.fields(rows)
    page.blank()
    page.paragraph(
        "The verdict comes when reading ends, with causes and examples. Failing and slow traces are "
        "read first: shares fall as the others come.",
        page.palette.muted,
    )


def _verdict(page: Page, card: Card, found: Finding) -> None:
    page.blank()
    verdict = Text(
        f"{page.glyphs.stages[card.stage]} {card.stage.value}", stage_style(card, page.palette)
    )
    if found.reason:
        verdict.append(f"  {single_line(found.reason)}", page.palette.muted)
    page.add(verdict, hanging=2)
    if found.statement:
        page.blank()
        page.paragraph(found.statement)


def _decision(page: Page, card: Card) -> None:
    ruling = card.ruling
    if card.home:
        page.blank()
        page.paragraph(
            f"merged into {single_line(card.home_title)}; M splits it off", page.palette.accent
        )
        return
    undecided = ruling.decision is Decision.UNDECIDED
    if not (ruling.note or ruling.assignee) and undecided and card.stage is not Stage.CONFIRMED:
        return
    # A line of its own even before there is a decision: deciding then moves nothing on the page.
    page.blank()
    glyph = page.glyphs.decisions[ruling.decision]
    style = page.palette.good if ruling.decision is Decision.ACCEPTED else page.palette.muted
    words = f"{glyph} {'not decided' if undecided else ruling.decision.value}"
    if ruling.reason:
        words += f": {single_line(ruling.reason)}"
    if ruling.author and not undecided:
        words += f", by {single_line(ruling.author)}"
    page.paragraph(words, style)
    if ruling.assignee:
        page.paragraph(f"assigned to {single_line(ruling.assignee)}", indent=2)
    if card.course in _COURSES:
        page.paragraph(_COURSES[card.course], page.palette.warn, indent=2)
    if ruling.note:
        page.paragraph(single_line(ruling.note), indent=2)
    if card.is_disputed:
        _conflict(page, card)


def _conflict(page: Page, card: Card) -> None:
    """Who decided otherwise without having seen this decision, and with which words."""
    page.paragraph("Two people decided differently, not having seen each other:", page.palette.bad)
    ruling = card.ruling
    latest = Opinion(ruling.decision, ruling.reason, ruling.note, ruling.author, ruling.decided_ms)
    for opinion in (latest, *reversed(ruling.opposed)):
        page.paragraph(opinion_in_words(opinion), indent=2, hanging=2)
        if opinion.note:
            page.paragraph(single_line(opinion.note), page.palette.muted, indent=4)
    page.paragraph("The later one holds until somebody decides again.", page.palette.muted)


def _figures(page: Page, card: Card, found: Finding) -> None:
    palette = page.palette
    rows: list[tuple[str, Text]] = []
    if found.eligible:
        counted = f"{grouped(found.affected)} of {grouped(found.eligible)} "
        counted += f"{units(found.unit, found.eligible)}, {share(found.rate)}"
        rows.append(("how often", Text(counted, palette.text)))
        bar = interval_bar(
            found.interval[0],
            found.rate,
            found.interval[1],
            _BAR_WIDTH,
            track=palette.muted,
            mark=stage_style(card, palette),
            ascii_only=page.glyphs.ascii_only,
        )
        low, high = found.interval
        bar.append(f"  95% within {share(low)} to {share(high)}", palette.muted)
        rows.append(("", bar))
    if found.effect is not None:
        rows.append(("effect", Text(effect_words(found.effect), palette.text)))
    certainty = certainty_words(found)
    if certainty:
        rows.append(("certainty", Text(certainty, palette.text)))
    if found.replicates is not None:
        rows.append(("halves", Text(halves_words(found), palette.text)))
    rows += [("outcome", Text(outcome_words(each), palette.text)) for each in found.outcomes]
    if card.stage is Stage.INCONCLUSIVE and found.needs_more:
        more = f"about {grouped(found.needs_more)} more {units(found.unit, found.needs_more)}"
        rows.append(("needs", Text(more, palette.text)))
    # What nothing shows costs nothing, and of a contrast it is not known what it costs.
    costs = found.impact if found.affected and found.impact and found.impact.traces else None
    if costs is not None and found.is_issue:
        rows.append(("impact", Text(impact_words(found), palette.text)))
        weight = costs.severity_weight
        rank = (
            f"{costs.score:,.1f} = {costs.traces:,.1f} {page.glyphs.times} "
            f"{weight:g} for computed {found.severity.value} severity"
        )
        rows.append(("rank", Text(rank, palette.text)))
        if costs.retimed is not None:
            rows.append(("mended", Text(mended_words(costs.retimed), palette.text)))
    if rows:
        page.blank()
        page.fields(rows)
    if costs is not None and costs.reason:
        page.paragraph(costs.reason, palette.muted)


def _causes(page: Page, found: Finding) -> None:
    if not found.root_causes:
        return
    page.heading("Root causes", "what goes with it, strongest first")
    for number, cause in enumerate(found.root_causes, 1):
        _cause(page, number, cause, found)


def _cause(page: Page, number: int, cause: RootCause, found: Finding) -> None:
    palette = page.palette
    line = Text(f"{number}  ", palette.muted)
    line.append(single_line(cause.attribute), palette.text)
    line.append(" = ", palette.muted)
    line.append(single_line(cause.value), palette.strong)
    page.add(line, hanging=3)
    lift = f"{cause.lift:.1f}{page.glyphs.times} as often"
    figures = f"{share(cause.share)} of the affected, {lift}, q {probability(cause.q_value)}"
    if cause.replicates is not None:
        figures += ", seen in both halves" if cause.replicates else ", not seen in both halves"
    page.paragraph(figures, palette.muted, indent=3)
    others = found.eligible - cause.units
    if cause.units and others > 0:
        with_it = cause.affected / cause.units
        without = min(max(0, found.affected - cause.affected), others) / others
        line = Text("with it ", palette.muted)
        line.append(share(with_it), palette.text)
        line.append(f" of {grouped(cause.units)}, without ", palette.muted)
        line.append(share(without), palette.text)
        line.append(f" of {grouped(others)}", palette.muted)
        page.add(line, indent=3)
    if cause.mechanism:
        page.paragraph(single_line(cause.mechanism), indent=3)


def _judge(page: Page, card: Card, found: Finding) -> None:
    judge = found.judge
    if judge is None:
        return
    page.heading("The judge's view", "a language model; the verdict does not rest on it")
    opinion = judge.opinion
    if opinion is not None:
        line = Text(f"agrees with {opinion.agreed} of {opinion.decided} decided", page.palette.text)
        line.append(f", {len(opinion.traces)} sampled", page.palette.muted)
        if opinion.corrected is not None:
            low, high = opinion.corrected.interval
            left = f", leaves {share(opinion.corrected.rate)}, within {share(low)} to {share(high)}"
            line.append(left, page.palette.muted)
        page.add(line, indent=2, hanging=2)
    for sentence in judge.root_cause:
        page.paragraph(single_line(sentence), indent=2)
    if card.transcript:
        sent = f"all that was sent: {single_line(card.transcript)}"
        page.paragraph(sent, page.palette.muted, indent=2)


def _relatives(page: Page, card: Card, found: Finding) -> None:
    """What it is a part of, and what was merged into it."""
    if card.part_of:
        page.heading("Part of")
        page.paragraph(single_line(card.part_of), indent=2)
    if card.merged:
        together = f"{grouped(card.affected_together)} traces in all, each counted once"
        page.heading("Merged into it", together)
        for each in card.merged:
            line = Text(single_line(each.title), page.palette.text)
            counted = f"{grouped(each.affected)} of {grouped(each.eligible)}"
            line.append(f"  {counted} {units(each.unit, each.eligible)}", page.palette.muted)
            page.add(line, indent=2, hanging=2)
    if not found.aliases:
        return
    page.heading("Also found as", "other claims that show at the same places, merged into this one")
    for alias in found.aliases:
        line = Text(single_line(alias.title), page.palette.text)
        counted = f"{grouped(alias.affected)} of {grouped(alias.eligible)}"
        line.append(f"  {counted} {units(alias.unit, alias.eligible)}", page.palette.muted)
        page.add(line, indent=2, hanging=2)


def _example(page: Page, example: Example, *, pointed_at: bool) -> tuple[int, int]:
    palette, glyphs = page.palette, page.glyphs
    first = len(page.lines)
    name = Text(single_line(example.trace_id), palette.accent if pointed_at else palette.muted)
    if pointed_at:
        name.append("  enter opens it in Traces", palette.muted)
    page.add(name, indent=2, hanging=2)
    if example.rationale:
        page.paragraph(single_line(example.rationale), indent=2, most_lines=3)
    for label, text in (("asked", example.request), ("answered", example.response)):
        if text:
            line = Text(f"{label} ", palette.muted)
            line.append(single_line(text), palette.text)
            page.add(line, indent=2, hanging=2, most_lines=2)
    if example.excerpt:
        line = Text("shows ", palette.muted)
        line.append(single_line(example.excerpt), palette.warn)
        page.add(line, indent=2, hanging=2, most_lines=_EXCERPT_LINES)
    if example.tools:
        page.add(_tools(page, example), indent=2, hanging=2)
    last = len(page.lines) - 1
    if pointed_at:
        for number in range(first, last + 1):
            bar = Text(glyphs.cursor, palette.accent)
            page.lines[number] = bar + page.lines[number][1:]
    page.blank()
    return first, last


def _tools(page: Page, example: Example) -> Text:
    palette = page.palette
    line = Text("called ", palette.muted)
    for number, tool in enumerate(example.tools[:_MOST_TOOLS]):
        if number:
            line.append(", ", palette.muted)
        failed = tool.status == "ERROR"
        line.append(single_line(tool.name), palette.bad if failed else palette.text)
        outcome = " failed" if failed else ""
        line.append(f" {milliseconds(tool.duration_ms)}{outcome}", palette.muted)
    more = len(example.tools) - _MOST_TOOLS
    if more > 0:
        line.append(f" and {more} more", palette.muted)
    return line
