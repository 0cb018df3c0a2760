"""Lines are sent in fewer pieces, and nobody can see a difference."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.color import Color

from mlflow_tui.few_strokes import FewStrokes

GROUND = Color(0, 0, 0)
RED, GREEN = Style(color="red", bgcolor="black"), Style(color="green", bgcolor="black")
ELSEWHERE = Style(color="red", bgcolor="blue")
UNDERLINED = Style(color="green", bgcolor="black", underline=True)


def sent(*segments: Segment) -> list[Segment]:
    return FewStrokes().apply(list(segments), GROUND)


def seen(segments: list[Segment]) -> list[tuple[object, ...]]:
    """What each cell looks like: of a blank its background and lines alone."""
    cells: list[tuple[object, ...]] = []
    for text, style, _ in segments:
        look = style or Style()
        marks = (look.bgcolor, look.underline or False, look.reverse or False, look.strike or False)
        marked = any(marks[1:])
        cells += [(each, *marks, look.color if marked or each != " " else None) for each in text]
    return cells


def test_blanks_go_with_their_neighbours() -> None:
    line = sent(Segment("a", RED), Segment("  ", GREEN), Segment("b", RED), Segment(" ", GREEN))
    assert line == [Segment("a  b ", RED)]
    assert sent(Segment("  ", RED), Segment("b", GREEN)) == [Segment("  b", GREEN)]


def test_what_would_look_otherwise_stays_apart() -> None:
    for other in (ELSEWHERE, UNDERLINED):
        assert len(sent(Segment("a", RED), Segment("  ", other))) == 2
        assert len(sent(Segment("  ", other), Segment("a", RED))) == 2
    assert len(sent(Segment("a", RED), Segment("b", GREEN))) == 2


def test_control_segments_are_left_alone() -> None:
    bell = Segment("\a", None, [(ControlType.BELL,)])
    assert sent(Segment("a", RED), bell, Segment("b", RED)) == [
        Segment("a", RED),
        bell,
        Segment("b", RED),
    ]


@given(
    st.lists(
        st.builds(
            Segment,
            st.text("ab ", min_size=1, max_size=4),
            st.sampled_from([RED, GREEN, ELSEWHERE, UNDERLINED, None]),
        ),
        max_size=8,
    )
)
def test_every_line_looks_as_before(line: list[Segment]) -> None:
    drawn = sent(*line)
    assert seen(drawn) == seen(line)
    assert len(drawn) <= len(line)
