"""What cards, bars, charts and sparklines look like: pure drawing of plain values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from board_samples import HOSTILE, HOUR_MS, START_MS, finding, findings, finished, grew, queued
from rich.cells import cell_len
from rich.style import Style

import sample_analysis as sample
from mlflow_analysis.findings.evidence import Durations, TrendPoint
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.findings.statistics import TimePoint
from mlflow_analysis.review import Decision, Ruling
from mlflow_tui.board.cards import Card
from mlflow_tui.board.state import BoardState
from mlflow_tui.widgets.chart import share_over_time
from mlflow_tui.widgets.charts_page import charts_page
from mlflow_tui.widgets.figures import merge_buckets, milliseconds, share, sparkline, spell_seconds
from mlflow_tui.widgets.finding_card import card_lines
from mlflow_tui.widgets.finding_detail import detail_page
from mlflow_tui.widgets.glyphs import ASCII, UNICODE, glyphs_for
from mlflow_tui.widgets.interval_bar import interval_bar
from mlflow_tui.widgets.palette import Palette

PLAIN = Palette(*[Style.null()] * 8)


def cards() -> list[Card]:
    board = BoardState()
    for event in (*queued(), grew("timeout", 3, 90), grew("token-growth", 0, 0, "needs sessions")):
        board.apply(event)
    running = [card for group in board.groups() for card in group.cards]
    board = BoardState(lambda found: Ruling(Decision.REJECTED, "out of scope"))
    for event in finished():
        board.apply(event)
    board.set_focus("calls")
    board.set_marks(found.fingerprint for found in findings())
    return running + [card for group in board.groups() for card in group.cards]


def drawn(card: Card, width: int = 100, glyphs=UNICODE) -> str:
    return "\n".join(line.plain for line in card_lines(card, width, glyphs, PLAIN))


def test_the_page_shows_replication_outcomes_and_relatives() -> None:
    parent = sample.finding(fingerprint="error-burst-77bb", title="Failures come in a burst")
    board = BoardState()
    for event in (*queued(), *finished([sample.finding(), parent])):
        board.apply(event)
    card = board.card(sample.finding().fingerprint)
    text = " ".join(
        " ".join(line.plain.split())
        for line in detail_page(card, 200, UNICODE, PLAIN, example=0).lines
    )
    for expected in (
        "seen in both halves; formed on one, tested on the other",
        "correctness fails in 50% of 12 sessions with it, 20% of 80 without: associated with worse",
        "Also found as",
        "Calls are repeated at once 11 of 120 traces",
        "Part of",
        "Failures come in a burst",
        "q = 0.001, seen in both halves",
    ):
        assert expected in text


def card_of(found) -> Card:
    board = BoardState()
    for event in (*queued(), *finished([found])):
        board.apply(event)
    return board.card(found.fingerprint)


@pytest.mark.parametrize("width", [36, 54, 79, 118])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_every_line_of_every_card_is_exactly_as_wide_as_asked(width: int, glyphs) -> None:
    for card in cards():
        assert [line.cell_len for line in card_lines(card, width, glyphs, PLAIN)] == [width, width]


def test_ascii_cards_hold_nothing_else() -> None:
    for card in cards():
        assert drawn(card, glyphs=ASCII).isascii()


def test_state_is_told_in_words() -> None:
    told = " ".join(drawn(card) for card in cards())
    for word in (
        "queued",
        "testing",
        "confirmed",
        "refuted",
        "inconclusive",
        "not testable",
        "out of scope",
    ):
        assert word in told


def test_a_card_says_what_is_missing() -> None:
    needs = finding("refusal", Verdict.INCONCLUSIVE, affected=9, needs_more=2400)
    assert "needs ≈2,400 more" in drawn(card_of(needs), 64)
    lacks = finding("refusal", Verdict.NOT_TESTABLE, affected=0, eligible=0, reason="no sessions")
    assert "no sessions" in drawn(card_of(lacks), 64)


def test_the_subject_is_named_once() -> None:
    found = finding("unreliable-tool", subject="search_orders")
    assert drawn(card_of(found)).count("search_orders") == 1
    titled = replace(found, title="search_orders fails more than the others")
    assert drawn(card_of(titled)).count("search_orders") == 1


def test_hostile_titles_stay_on_their_line_and_inert() -> None:
    found = replace(finding("timeout", subject="a\nb"), title=HOSTILE + "\n\x9b2J")
    text = drawn(card_of(found), 200)
    assert text.count("\n") == 1
    assert "[@click=app.bell]x[/]" in text
    assert not set(text) & set("\x1b\x07\x9b\u202e\ud83d")


@pytest.mark.parametrize(
    ("interval", "rate", "bar"),
    [
        ((0.0, 0.0), 0.0, "●─────────"),
        ((0.2, 0.5), 0.31, "──━●━━────"),
        ((0.0, 1.0), 0.5, "━━━━━●━━━━"),
        ((1.0, 1.0), 1.0, "─────────●"),
    ],
)
def test_interval_bar(interval: tuple[float, float], rate: float, bar: str) -> None:
    null = Style.null()
    assert interval_bar(interval[0], rate, interval[1], 10, track=null, mark=null).plain == bar


def test_sparkline_scales_to_its_peak_and_shows_gaps() -> None:
    trend = [TrendPoint(n, eligible, affected) for n, (eligible, affected) in enumerate(
        [(10, 0), (10, 5), (0, 0), (10, 10)]
    )]  # fmt: skip
    assert sparkline(trend, 8) == "▁▅ █"
    assert sparkline(trend, 8, ascii_only=True) == "_+ @"
    assert sparkline([TrendPoint(0, 10, 0), TrendPoint(1, 10, 0)], 8) == ""


def test_merging_buckets_loses_no_unit() -> None:
    trend = [TrendPoint(n, n, n // 2) for n in range(101)]
    merged = merge_buckets(trend, 10)
    assert len(merged) <= 10
    assert sum(point.eligible for point in merged) == sum(point.eligible for point in trend)
    assert merged[0].start_ms == 0


def test_chart_shows_peak_dates_and_fits() -> None:
    trend = finding("timeout").trend
    null = Style.null()
    lines = share_over_time(trend, 50, 9, frame=null, curve=null)
    text = "\n".join(line.plain for line in lines)
    assert all(line.cell_len <= 50 for line in lines)
    assert len(lines) == 9
    assert "Jun 01" in text
    assert "0%" in text
    ascii_lines = share_over_time(trend, 50, 9, frame=null, curve=null, ascii_only=True)
    assert all(line.plain.isascii() for line in ascii_lines)


def test_chart_downsamples_a_long_course() -> None:
    trend = [TrendPoint(START_MS + n * 60_000, 10, n % 10) for n in range(20_000)]
    null = Style.null()
    assert len(share_over_time(trend, 60, 9, frame=null, curve=null)) == 9


def test_no_chart_without_a_course() -> None:
    null = Style.null()
    assert share_over_time([], 60, 9, frame=null, curve=null) == []
    assert share_over_time([TrendPoint(0, 5, 5)], 60, 9, frame=null, curve=null) == []
    assert share_over_time(finding("timeout").trend, 12, 9, frame=null, curve=null) == []


def test_the_page_marks_what_is_the_judges() -> None:
    (found,) = sample.judged_analysis().findings
    told, silent = (
        [line.plain for line in detail_page(card_of(each), 200, UNICODE, PLAIN, example=0).lines]
        for each in (found, replace(found, judge=None))
    )
    text = " ".join(" ".join(told).split())
    for expected in (
        "The judge's view",
        "the verdict does not rest on it",
        "agrees with 1 of 2 decided, 3 sampled, leaves 6.2%, within 1.0% to 15%",
        "The *limit* is <i>low</i> [tr-1].",
    ):
        assert expected in text
    assert "judge" not in " ".join(silent)


@pytest.mark.parametrize("width", [20, 47, 100])
def test_detail_wraps_to_its_width_and_knows_its_examples(width: int) -> None:
    card = card_of(finding("timeout", text="word " * 90 + "w" * 90))
    page = detail_page(card, width, UNICODE, PLAIN, example=1)
    assert all(line.cell_len <= width for line in page.lines)
    assert len(page.examples) == 3
    first, last = page.examples[1]
    assert all(line.plain.startswith("▌") for line in page.lines[first : last + 1])
    assert sum(line.plain.startswith("▌") for line in page.lines) == last + 1 - first


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0, "0%"),
        (3.3e-18, "0%"),
        (0.0004, "<0.1%"),
        (0.052, "5.2%"),
        (0.523, "52%"),
        (0.9996, "100%"),
        (1, "100%"),
    ],
)
def test_shares(rate: float, text: str) -> None:
    assert share(rate) == text


def test_durations() -> None:
    assert [milliseconds(ms) for ms in (None, 3.4, 1200, 30_000, 600_000)] == [
        "–", "3 ms", "1.2 s", "30 s", "10 min",
    ]  # fmt: skip
    assert spell_seconds(7500) == "2 h 05 min"


def test_a_console_without_the_signs_gets_ascii() -> None:
    assert glyphs_for({"TERM": "linux"}) is ASCII
    assert glyphs_for({"TERM": "xterm-256color"}) is UNICODE


TIMELINE = tuple(
    TimePoint(START_MS + number * HOUR_MS, 50, number % 7, 800.0, 900.0 + 100 * number)
    for number in range(24)
)
TOOK = Durations(
    tuple(100.0 * 2**step for step in range(5)),
    (0, 1, 9, 30),
    (400, 300, 20, 0),
    (800.0, 900.0, 1000.0, 1500.0),
    (150.0, 200.0, 240.0, 400.0),
)


def drawn_charts(glyphs, width: int = 70, **changes) -> list[str]:
    found = replace(finding("timeout"), durations=TOOK, **changes)
    lines = charts_page(card_of(found), TIMELINE, width, glyphs, PLAIN)
    return [line.plain for line in lines]


@pytest.mark.parametrize("width", [40, 70, 118])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_charts_fit_and_ascii_holds_nothing_else(width: int, glyphs) -> None:
    lines = drawn_charts(glyphs, width, onset_ms=START_MS + 12 * HOUR_MS)
    assert max(map(cell_len, lines)) <= width
    assert glyphs is UNICODE or all(line.isascii() for line in lines)


def test_the_onset_stands_under_its_moment_in_failures_and_latency() -> None:
    half = drawn_charts(UNICODE, onset_ms=START_MS + 11 * HOUR_MS + HOUR_MS // 2)
    marks = [line for line in half if "▲" in line and "Jun 01 11:30" in line]
    assert len(marks) == 3
    places = {line.index("▲") for line in marks[1:]}  # the first is of fourteen days
    assert all(30 <= place <= 45 for place in places)
    without = drawn_charts(UNICODE, onset_ms=START_MS - HOUR_MS)
    assert not [line for line in without if "▲" in line]


def test_durations_show_each_kind_as_a_share_of_its_own() -> None:
    lines = drawn_charts(ASCII)
    (slowest,) = [line for line in lines if line.startswith("   800 ms")]
    assert "75%" in slowest  # 30 of 40 affected, none of the 720 others
    assert "#" in slowest
    assert "=" not in slowest
    (fastest,) = [line for line in lines if line.startswith("   100 ms")]
    assert "56%" in fastest
    assert "#" not in fastest
    assert any("half within 800 ms to 1.0 s, p50 900 ms" in line for line in lines)


def test_contrasts_show_the_share_with_the_attribute_and_without() -> None:
    page = "\n".join(drawn_charts(UNICODE))
    assert "app.version = 2.4.0" in page
    assert "18% of 300" in page  # 54 affected of 300 that have it
    assert "1.0% of 904" in page  # 9 of the rest


def test_what_cannot_be_drawn_says_so() -> None:
    bare = finding("timeout", Verdict.REFUTED, affected=0)
    lines = charts_page(card_of(bare), (), 70, UNICODE, PLAIN)
    assert "Nothing was found that could be drawn." in [line.plain for line in lines]
