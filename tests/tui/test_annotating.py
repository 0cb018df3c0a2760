"""Writing on traces from the keyboard: what is asked of the engine, undo and redo, and what is not written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile import drawn
from recorded_engine import RecordedEngine
from textual.pilot import Pilot
from traces_on_screen import orders, requests, settled, traces_screen

from mlflow_analysis import protocol
from mlflow_analysis.annotation import Annotation, AnnotationChange, AnnotationKind, login_name
from mlflow_analysis.protocol import Annotate, Annotated, Problem, TakeBack
from mlflow_tui.screens.annotation_dialog import NotFit, annotation_from


def told(pilot: Pilot[int]) -> str:
    """Everything on the screen as one line, and what was said in passing."""
    said = [each.message for each in pilot.app._notifications]
    return " ".join(" ".join([*drawn(pilot.app), *said]).split())


def written(engine: RecordedEngine) -> list[Annotate]:
    return [each for each in requests(engine, Annotate) if isinstance(each, Annotate)]


@pytest.mark.parametrize(
    ("keys", "annotation"),
    [
        (["+", "enter"], Annotation(AnnotationKind.FEEDBACK, "user_feedback", True, "")),
        (
            ["-", *"too slow", "enter"],
            Annotation(AnnotationKind.FEEDBACK, "user_feedback", False, "too slow"),
        ),
        (["c", *"see 12", "enter"], Annotation(AnnotationKind.COMMENT, "comment", "see 12")),
        (
            ["X", *"days", "enter", *"[30]", "enter"],
            Annotation(AnnotationKind.EXPECTATION, "days", [30]),
        ),
        (["T", *"who = me=1", "enter"], Annotation(AnnotationKind.TAG, "who", "me=1")),
    ],
)
async def test_a_key_and_an_answer_write_on_the_trace_under_the_cursor(
    tmp_path: Path, keys: list[str], annotation: Annotation
) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("j")
        await settled(pilot)
        row = screen.table.chosen
        assert row is not None
        await pilot.press(*keys)
        await settled(pilot)
        assert written(engine) == [Annotate((row.trace_id,), annotation, login_name())]
        assert "written · u takes it back" in told(pilot)
        # What is open is shown as it is now.
        assert requests(engine, protocol.FetchTrace)[-1] == protocol.FetchTrace(row.trace_id)
        assert len(requests(engine, protocol.FetchTrace)) == 3


async def test_marked_traces_are_written_on_and_undo_and_redo_are_of_exactly_that(
    tmp_path: Path,
) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("space", "space")
        ids = tuple(screen.acted_on())
        assert len(ids) == 2
        await pilot.press("+", "enter")
        await settled(pilot)
        await pilot.press("c", "x", "enter")
        await settled(pilot)
        first, second = written(engine)
        assert first.trace_ids == second.trace_ids == ids
        assert "Comment written on 2 traces" in told(pilot)

        await pilot.press("u")
        await settled(pilot)
        (undone,) = requests(engine, TakeBack)
        assert isinstance(undone, TakeBack)
        assert [each.trace_id for each in undone.changes] == list(ids)
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert written(engine)[2:] == [second]
        await pilot.press("u", "u")
        await settled(pilot)
        taken = requests(engine, TakeBack)
        assert len(taken) == 3
        assert taken[1] != undone, "what was written again has ids of its own"
        await pilot.press("u")
        await settled(pilot)
        assert len(requests(engine, TakeBack)) == 3


async def test_escape_writes_nothing_and_keeps_what_was_typed(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, _):
        await pilot.press("c", *"half a", "escape")
        await settled(pilot)
        assert written(engine) == []
        await pilot.press("c", *" line", "enter")
        await settled(pilot)
        assert [each.annotation.value for each in written(engine)] == ["half a line"]
        await pilot.press("c", "enter")  # written: so there is nothing left of it
        await settled(pilot)
        assert "A comment needs a text." in told(pilot)
        assert len(written(engine)) == 1


async def test_why_nothing_was_written_is_told_and_what_was_typed_is_kept(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        engine.problems[Annotate] = Problem("You may only read.", "Ask Ana.")
        await pilot.press("c", *"long text", "enter")
        await settled(pilot)
        assert "You may only read. Ask Ana. What you typed is kept." in told(pilot)
        assert screen.check_action("undo_writing", ()) is False
        del engine.problems[Annotate]
        await pilot.press("c", "enter")
        await settled(pilot)
        assert written(engine)[-1].annotation.value == "long text"
        assert screen.check_action("undo_writing", ()) is True


async def test_a_part_that_was_written_can_be_taken_back(tmp_path: Path) -> None:
    class Failing(RecordedEngine):
        def _Annotate(self, request: Annotate) -> Annotated:
            change = AnnotationChange(request.trace_ids[0], assessment_id="a")
            return Annotated((change,), "The disk is full.", "Make room.")

    engine = Failing(tmp_path, orders(5))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("space", "space", "-", "enter")
        await settled(pilot)
        assert "written on 1 of 2 traces. The disk is full. Make room." in told(pilot)
        await pilot.press("u")
        await settled(pilot)
        (taken,) = requests(engine, TakeBack)
        assert isinstance(taken, TakeBack)
        assert [each.trace_id for each in taken.changes] == [next(iter(screen.state.marked))]


async def test_looking_around_writes_nothing(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, _):
        await pilot.press("space", "j", "f", "d", "s", ">", "I", "u", "ctrl+r", "G", "enter", "*")
        await settled(pilot)
        assert requests(engine, Annotate) == requests(engine, TakeBack) == []


@pytest.mark.parametrize(
    ("what", "texts", "says"),
    [
        ("comment", ("  ",), "needs a text"),
        ("expectation", ("name", " "), "a name and a value"),
        ("tag", ("no equals sign",), "key=value"),
        ("tag", ("=value",), "key=value"),
        ("tag", ("mlflow.traceName=x",), r"MLflow's own"),
    ],
)
def test_what_cannot_be_written_is_said_before(
    what: str, texts: tuple[str, ...], says: str
) -> None:
    with pytest.raises(NotFit, match=says):
        annotation_from(what, texts)


def test_an_expectation_that_is_no_json_is_a_text() -> None:
    assert annotation_from("expectation", ("a", "30 days")).value == "30 days"
    assert annotation_from("expectation", ("a", '{"days": 30}')).value == {"days": 30}
