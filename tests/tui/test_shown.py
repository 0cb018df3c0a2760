"""Of each frame only what changes is sent, and the terminal shows the same as if all were."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from mlflow_tui.terminal.shown import Shown

SIZE = Size(24, 4)
CONSOLE = Console(color_system="truecolor")
RED, GREEN = Style(color="#ff0000", bgcolor="#000000"), Style(color="#00ff00", bgcolor="#000000")
LIT = Style(color="#ff0000", bgcolor="#0000ff")
LOOKS = (None, RED, GREEN, LIT, RED + Style(bold=True), LIT + Style(underline=True))


class Screen:
    """A terminal, and the program's idea of it."""

    def __init__(self, system: ColorSystem = ColorSystem.TRUECOLOR) -> None:
        self.system = system
        self.shown = Shown()
        # a column more: pyte breaks a full line before a mark that belongs to its last character
        self.terminal = pyte.Screen(SIZE.width + 1, SIZE.height)

    def draw(self, update: CompositorUpdate, size: Size = SIZE) -> str:
        """What was sent for a frame."""
        sent = self.shown.changes(update, size, self.system).render_segments(CONSOLE)
        pyte.Stream(self.terminal).feed(sent)
        return sent

    @property
    def cells(self) -> list[list[tuple[object, ...]]]:
        """What each cell looks like: of a blank its background and lines alone."""
        return [
            [_look(self.terminal.buffer[y][x]) for x in range(SIZE.width)]
            for y in range(SIZE.height)
        ]


def _look(cell: pyte.screens.Char) -> tuple[object, ...]:
    lined = cell.underscore or cell.reverse or cell.strikethrough
    plain_blank = cell.data == " " and not lined
    ink = None if plain_blank else (cell.fg, cell.bold)
    return cell.data, cell.bg, cell.underscore, cell.reverse, cell.strikethrough, ink


def line(*segments: Segment) -> Strip:
    return Strip(segments).adjust_cell_length(SIZE.width, RED)


def whole(*lines: Strip) -> LayoutUpdate:
    blank = line()
    strips = [*lines, *[blank] * (SIZE.height - len(lines))]
    return LayoutUpdate([[each] for each in strips], SIZE.region)


def test_what_is_on_the_screen_already_is_not_sent() -> None:
    screen = Screen()
    frame = whole(line(Segment("hello", RED)), line(Segment("world", GREEN)))
    assert len(screen.draw(frame)) > SIZE.width * SIZE.height
    assert screen.draw(frame) == ""


def test_a_change_is_sent_alone_with_its_place_and_colours() -> None:
    screen = Screen()
    screen.draw(whole(line(Segment("took 12 ms", RED))))
    sent = screen.draw(whole(line(Segment("took 13 ms", RED))))
    assert sent == "\x1b[1;7H\x1b[38;2;255;0;0;48;2;0;0;0m3\x1b[m"


def test_of_colours_only_what_changes_is_told() -> None:
    sent = Screen().draw(whole(line(Segment("a", RED), Segment("b c", GREEN))))
    assert "\x1b[38;2;255;0;0;48;2;0;0;0ma\x1b[38;2;0;255;0mb c" in sent


def test_the_colour_of_a_blank_is_no_difference() -> None:
    screen = Screen()
    screen.draw(whole(line(Segment("a   b", RED))))
    assert (
        screen.draw(whole(line(Segment("a", RED), Segment("   ", GREEN), Segment("b", RED)))) == ""
    )
    assert screen.draw(whole(line(Segment("a", RED), Segment("   ", LIT), Segment("b", RED))))


@pytest.mark.parametrize(
    ("before", "after"),
    [("日本 x", "a日 x"), ("a日 x", "日本 x"), ("ab", "日"), ("日", "ab"), ("日本", "日x")],
)
def test_wide_characters_take_their_place(before: str, after: str) -> None:
    screen, fresh = Screen(), Screen()
    screen.draw(whole(line(Segment(before, RED))))
    screen.draw(whole(line(Segment(after, RED))))
    fresh.draw(whole(line(Segment(after, RED))))
    assert screen.terminal.display == fresh.terminal.display


def test_after_a_character_whose_width_terminals_dispute_the_place_is_told_again() -> None:
    screen = Screen()
    chops = [{0: Strip([Segment("日", RED)]), 2: Strip([Segment("x" * 22, RED)])}]
    sent = screen.draw(ChopsUpdate(chops, [(0, 0, 24)], [[2, 24]]))
    assert "日\x1b[1;3Hx" in sent


def test_of_a_line_only_the_part_that_is_drawn_anew_is_taken() -> None:
    screen = Screen()
    screen.draw(whole(line(Segment("left side   right side", RED))))
    chops = [{0: Strip([Segment("LEFT SIDE   ", RED)]), 12: Strip([Segment("RIGHT SIDE", RED)])}]
    screen.draw(ChopsUpdate(chops, [(0, 0, 12)], [[12, 24]]))
    assert screen.terminal.display[0].rstrip() == "LEFT SIDE   right side"


def test_all_is_sent_again_when_the_terminal_was_cleared_or_has_another_size() -> None:
    screen = Screen()
    frame = whole(line(Segment("hello", RED)))
    screen.draw(frame)
    screen.shown.forget()
    assert "hello" in screen.draw(frame)
    assert "hello" in screen.draw(frame, Size(SIZE.width, SIZE.height + 1))


def test_no_colour_is_sent_that_the_line_is_to_be_spared() -> None:
    sent = Screen(ColorSystem.STANDARD).draw(whole(line(Segment("a", RED), Segment("b", LIT))))
    assert "38;2" not in sent
    assert "48;2" not in sent
    assert "\x1b[31;40ma\x1b[44mb" in sent or "\x1b[91;40ma\x1b[44mb" in sent


segments = st.builds(
    Segment, st.text("ab █é日\u0301", min_size=1, max_size=8), st.sampled_from(LOOKS)
)
frames = st.builds(
    lambda lines: whole(*(line(*each) for each in lines)),
    st.lists(st.lists(segments, max_size=4), max_size=SIZE.height),
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(frames, min_size=2, max_size=4))
@example([whole(line(Segment("日"))), whole(line(Segment("日"), Segment("\u0301")))])
def test_frame_upon_frame_shows_what_the_last_one_alone_would(drawn: list[LayoutUpdate]) -> None:
    screen, fresh = Screen(), Screen()
    for frame in drawn:
        screen.draw(frame)
    fresh.draw(drawn[-1])
    assert screen.cells == fresh.cells


parts = st.tuples(
    st.integers(0, SIZE.height - 1), st.integers(0, 20), st.text("abc █", min_size=1, max_size=4)
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(frames, st.lists(parts, max_size=5))
def test_parts_of_a_frame_land_where_they_belong(
    first: LayoutUpdate, drawn: list[tuple[int, int, str]]
) -> None:
    screen, fresh = Screen(), Screen()
    screen.draw(first)
    fresh.draw(first)
    for y, x, text in drawn:
        screen.draw(LayoutUpdate([[Strip([Segment(text, GREEN)])]], Region(x, y, len(text), 1)))
        fresh.shown.forget()
        fresh.draw(LayoutUpdate([[Strip([Segment(text, GREEN)])]], Region(x, y, len(text), 1)))
    assert screen.cells == fresh.cells
