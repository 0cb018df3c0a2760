"""Filters under a name: the file, the dialog, and the command line."""

from __future__ import annotations

import stat
from pathlib import Path

import click
import pytest
from hostile import drawn
from recorded_engine import RecordedEngine
from traces_on_screen import orders, settled, status, traces_screen

from mlflow_analysis.protocol import RowQuery
from mlflow_tui.command_line.saved_filter import chosen_filter, filter_for_store
from mlflow_tui.config.saved_filters import FiltersNotUnderstood, SavedFilter, SavedFilters
from mlflow_tui.screens.filters_dialog import FiltersDialog

ALL = RowQuery(text="refund", failures_only=True, slow_only=True, session_id="s'1", finding="ab12")


@pytest.fixture
def filters(tmp_path: Path) -> SavedFilters:
    return SavedFilters(tmp_path / "config" / "filters.toml")


# ---- the file -------------------------------------------------------------------------------


def test_what_is_saved_is_read_again_and_is_the_users_alone(filters: SavedFilters) -> None:
    filters.save("all of it", "tags.region = 'eu'", ALL)
    filters.save("plain", "trace.status = 'OK'", RowQuery(sort="state"))
    assert filters.all() == [
        SavedFilter("all of it", "tags.region = 'eu'", ALL),
        SavedFilter("plain", "trace.status = 'OK'"),
    ]
    assert stat.S_IMODE(filters.path.stat().st_mode) == 0o600


def test_saving_again_drops_what_is_no_longer_on(filters: SavedFilters) -> None:
    filters.save("x", "tags.a = 'b'", ALL)
    filters.save("x", "", RowQuery(text="y"))
    assert filters.all() == [SavedFilter("x", "", RowQuery(text="y"))]


def test_renaming_and_deleting(filters: SavedFilters) -> None:
    for name in ("a", "b"):
        filters.save(name, f"tags.x = '{name}'", RowQuery())
    with pytest.raises(FiltersNotUnderstood, match="called b already"):
        filters.rename("a", "b")
    filters.rename("a", "c")
    filters.delete("b")
    assert [each.name for each in filters.all()] == ["c"]
    with pytest.raises(FiltersNotUnderstood, match="no longer there"):
        filters.delete("b")


def test_what_somebody_wrote_by_hand_stays(filters: SavedFilters) -> None:
    filters.path.parent.mkdir()
    filters.path.write_text('# mine\n[filters.a]\nfilter = "x"  # why\nown = 1\n')
    filters.save("b", "y", RowQuery())
    filters.save("a", "z", RowQuery())
    text = filters.path.read_text()
    assert "# mine" in text
    assert "own = 1" in text
    assert [each.filter_string for each in filters.all()] == ["z", "y"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("filters = 1", "“filters” is not a table"),
        ("[filters]\na = 1", "a is not a table"),
        ("[filters.a]\nfailures = 'yes'", "failures of a is not true or false"),
        ("[filters.a]\ntext = 5", "text of a is not a text"),
        ("[filters.a\n", "line 1 is not TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_left(
    filters: SavedFilters, text: str, says: str
) -> None:
    filters.path.parent.mkdir()
    filters.path.write_text(text)
    with pytest.raises(FiltersNotUnderstood, match=says):
        filters.all()
    if "TOML" in says or "“filters”" in says:
        with pytest.raises(FiltersNotUnderstood, match=says):
            filters.save("b", "y", RowQuery())
    assert filters.path.read_text() == text


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 41, "\x1b[2J"])
def test_what_is_no_name(filters: SavedFilters, name: str) -> None:
    with pytest.raises(FiltersNotUnderstood, match="no name for a filter"):
        filters.save(name, "x", RowQuery())


# ---- the command line -----------------------------------------------------------------------


@pytest.fixture
def at_home(filters: SavedFilters, monkeypatch: pytest.MonkeyPatch) -> SavedFilters:
    monkeypatch.setattr(
        "mlflow_tui.command_line.saved_filter.profiles_path",
        lambda: filters.path.with_name("profiles.toml"),
    )
    return filters


def test_a_name_on_the_command_line_is_the_filter(at_home: SavedFilters) -> None:
    at_home.save("all", "tags.a = 'b'", ALL)
    at_home.save("eu", "tags.a = 'b'", RowQuery(failures_only=True, session_id="s'1"))
    assert chosen_filter("@all") == SavedFilter("all", "tags.a = 'b'", ALL)
    assert chosen_filter("tags.x = '@all'").filter_string == "tags.x = '@all'"
    assert filter_for_store("@eu") == (
        "tags.a = 'b' AND trace.status = 'ERROR' AND metadata.`mlflow.trace.session` = \"s'1\""
    )
    with pytest.raises(click.UsageError, match=r"\(text, slow, finding\)"):
        filter_for_store("@all")
    with pytest.raises(click.UsageError, match=r"no saved filter called gone\. There are: all, eu"):
        chosen_filter("@gone")


# ---- the dialog -----------------------------------------------------------------------------


async def test_what_is_on_is_saved_and_used_again(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(30))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        await pilot.press("slash", *"tags.a = 'b'", "enter")
        await settled(pilot)
        await pilot.press("f", ">")
        await settled(pilot)
        await pilot.press("F")
        await settled(pilot, dialog=True)
        assert any("on now: tags.a = 'b' · failures" in line for line in drawn(pilot.app))
        await pilot.press("s")
        await settled(pilot, dialog=True)
        await pilot.press(*"broken", "enter")
        await settled(pilot, dialog=True)
        assert any("@broken  tags.a = 'b' · failures" in line for line in drawn(pilot.app))
        await pilot.press("escape", "backspace", "backspace")
        await settled(pilot)
        await pilot.press("backspace")
        await settled(pilot)
        assert screen.state.applied == []
        await pilot.press("F")
        await settled(pilot, dialog=True)
        await pilot.press("enter")
        await settled(pilot)
        assert screen.state.query == RowQuery(sort="state", descending=False, failures_only=True)
        assert screen.state.filter_string == "tags.a = 'b'"
        assert "3 of 30 traces" in status(screen)


async def test_renaming_deleting_and_a_broken_file(tmp_path: Path) -> None:
    engine = RecordedEngine(tmp_path, orders(3))
    async with traces_screen(engine, tmp_path) as (pilot, screen):
        filters = SavedFilters(screen.tui.settings.filters_path)
        filters.save("old", "tags.a = 'b'", RowQuery())
        await pilot.press("F")
        await settled(pilot, dialog=True)
        await pilot.press("r")
        await settled(pilot, dialog=True)
        await pilot.press(*"er", "enter")
        await settled(pilot, dialog=True)
        assert [each.name for each in filters.all()] == ["older"]
        await pilot.press("d")
        await settled(pilot, dialog=True)
        await pilot.press("n")
        await settled(pilot, dialog=True)
        assert len(filters.all()) == 1
        await pilot.press("d")
        await settled(pilot, dialog=True)
        await pilot.press("y")
        await settled(pilot, dialog=True)
        assert filters.all() == []
        await pilot.press("escape")
        await settled(pilot)
        filters.path.write_text("[filters\n")
        await pilot.press("F")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, FiltersDialog)
        said = [each.message for each in pilot.app._notifications]
        assert any("cannot be read: line 1 is not TOML" in each for each in said)
        assert filters.path.read_text() == "[filters\n"
