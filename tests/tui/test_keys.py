"""The user's key map: what holds, what is left out and why, and that everything that names a key follows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from first_screen import first_screen
from hostile import drawn
from recorded_engine import RecordedEngine, settings_in

from mlflow_tui.actions import ACTIONS, actions_for
from mlflow_tui.actions.key_names import NoSuchKey, textual_key, written
from mlflow_tui.application import MlflowTui
from mlflow_tui.cli import program
from mlflow_tui.command_line import key_table
from mlflow_tui.config.key_file import read_key_map
from mlflow_tui.config.key_map import PLACES, KeyMap, binding_id
from mlflow_tui.config.preferences import Preferences

ROOT = Path(__file__).parents[2]


def key_file(directory: Path, text: str) -> Path:
    path = directory / "keys.toml"
    path.write_text(text, encoding="utf-8")
    return path


# ---- the registry ---------------------------------------------------------------------------


def test_no_two_actions_share_a_key_on_a_screen() -> None:
    assert KeyMap().clashes() == []


def test_every_action_of_a_screen_has_a_name_of_its_own() -> None:
    for place in PLACES:
        names = [action.name for action in ACTIONS if place in action.where]
        assert len(names) == len(set(names)), place


@pytest.mark.parametrize("place", PLACES)
def test_every_key_of_the_registry_can_be_written_into_a_key_file(place: str) -> None:
    for action in actions_for(place):
        for key in action.keys.split(","):
            shown = written(key)
            assert textual_key(shown) == textual_key(key), f"{action.name}: {shown}"


@pytest.mark.parametrize("place", [place for place in PLACES if place != "everywhere"])
def test_whoever_moves_with_letters_can_move_with_arrows(place: str) -> None:
    """And the other way round: both habits work on every screen."""
    keys = {key for action in actions_for(place) for key in action.keys.split(",")}
    for letters, arrows in (("j", "down"), ("k", "up"), ("h", "left"), ("l", "right")):
        assert (letters in keys) == (arrows in keys)
    for letters, arrows in (("g", "home"), ("G", "end"), ("ctrl+d", "pagedown")):
        assert (letters in keys) == (arrows in keys)


# ---- the file -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("?", "question_mark"),
        ("^d", "ctrl+d"),
        ("esc", "escape"),
        ("ctrl+pgdn", "ctrl+pagedown"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        ("G", "G"),
        ("F5", "f5"),
        (" ", "space"),
        ("ä", "ä"),
    ],
)
def test_keys_are_understood_as_people_write_them(said: str, key: str) -> None:
    assert textual_key(said) == key


@pytest.mark.parametrize("said", ["ctrl+i", "f13", "hyper+x", "accept", "", "\x1b"])
def test_what_is_no_key_is_told(said: str) -> None:
    with pytest.raises(NoSuchKey):
        textual_key(said)


def test_an_entry_holds_on_every_screen_or_on_one_alone(tmp_path: Path) -> None:
    path = key_file(tmp_path, 'help = ["f1", "?"]\nfind = "f7"\n\n[board]\naccept = "f9"\n')
    keys, problems = read_key_map(path)
    assert problems == []
    on_screens = {place for each in ACTIONS if each.name == "find" for place in each.where}
    assert "board" in on_screens
    assert keys.chosen == {
        "everywhere.help": "f1,question_mark",
        "board.accept": "f9",
        **{f"{place}.find": "f7" for place in on_screens},
    }


def test_two_actions_can_exchange_their_keys(tmp_path: Path) -> None:
    keys, problems = read_key_map(key_file(tmp_path, '[board]\naccept = "r"\nreject = "a"\n'))
    assert problems == []
    assert keys.chosen == {"board.accept": "r", "board.reject": "a"}


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('[board]\n\naccpet = "f9"\n', 3, "no action 'accpet' in [board]"),
        ('[bored]\naccept = "f9"\n', 1, "no screen 'bored'"),
        ('[board]\naccept = "f13"\n', 2, "no key 'f13'"),
        ("[board]\naccept = 1\n", 2, "needs a key in quotes"),
        ("[board]\naccept = []\n", 2, "needs a key in quotes"),
        ('[board]\naccept = "r"\n', 2, "r is reject in board already"),
        ('[board]\naccept = "q"\n', 2, "q is leave everywhere already"),
        ('help = "a"\n', 1, "a is accept in board already"),
        ('[board]\naccept = "f9"\nundo = "f9"\n', 3, "f9 is accept in board already"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line_and_the_rest_holds(
    tmp_path: Path, text: str, line: int, told: str
) -> None:
    path = key_file(tmp_path, text + '\n[traces]\ncopy = "f8"\n')
    keys, problems = read_key_map(path)
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}, line {line}: ")
    assert told in problems[0]
    assert keys.chosen.pop("traces.copy") == "f8"
    assert set(keys.chosen) <= {"board.accept"}
    assert keys.clashes() == []


def test_an_entry_left_out_takes_its_own_key_back_and_may_clash_again(tmp_path: Path) -> None:
    text = '[board]\naccept = "u"\nundo = "f13"\nreject = "f9"\n'
    keys, problems = read_key_map(key_file(tmp_path, text))
    assert keys.chosen == {"board.reject": "f9"}
    assert ["line 3" in problems[0], "line 2" in problems[1]] == [True, True]


def test_what_is_no_toml_changes_nothing(tmp_path: Path) -> None:
    path = key_file(tmp_path, 'help = "f1"\nfind = \n')
    keys, problems = read_key_map(path)
    assert keys.chosen == {}
    assert len(problems) == 1
    assert str(path) in problems[0]
    assert "line 2" in problems[0]


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    keys, problems = read_key_map(tmp_path / "keys.toml")
    assert (keys.chosen, problems) == ({}, [])


# ---- what follows it ------------------------------------------------------------------------


async def test_bindings_footer_and_palette_follow_the_map(tmp_path: Path) -> None:
    keys, _ = read_key_map(key_file(tmp_path, 'leave = "Q"\nhelp = ["f1", "K"]\n'))
    app = MlflowTui(
        RecordedEngine(tmp_path),
        settings_in(tmp_path),
        preferences=Preferences(keys, notices=("Line 3 is odd.",)),
    )
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await first_screen(pilot)
        footer = drawn(app)[-1]
        assert "f1 K help" in footer
        assert "quit" not in footer  # Q is a letter for the text field that has the focus
        assert any("Line 3 is odd." in line for line in drawn(app))
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert not any("(?)" in title for title in titles)
        await pilot.press("question_mark")
        assert type(app.screen).__name__ == "ConnectionScreen"
        await pilot.press("f1")
        assert type(app.screen).__name__ == "HelpDialog"
        await pilot.press("escape")
        await pilot.press("q")
        await pilot.pause()
        assert app.return_code is None
        app.set_focus(None)
        await pilot.pause()
        assert "Q quit" in drawn(app)[-1]
        await pilot.press("Q")
    assert app.return_code == 0


def test_the_table_on_the_command_line_has_the_users_keys_and_tells_what_is_wrong(
    home: Path,
) -> None:
    directory = home / ".config" / "mlflow-tui"
    directory.mkdir(parents=True)
    key_file(directory, '[board]\naccept = "f9"\nreject = "f13"\n')
    said = CliRunner().invoke(program, ["keys"])
    assert said.exit_code == 0
    assert re.search(r"^  f9 +accept +Accept the finding", said.stdout, re.MULTILINE)
    assert "line 3: There is no key 'f13'." in said.stderr
    default = CliRunner().invoke(program, ["keys", "--default"])
    assert re.search(r"^  a +accept ", default.stdout, re.MULTILINE)
    assert default.stderr == ""


def test_the_documents_say_what_the_registry_says() -> None:
    """`make docs` writes both."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert key_table.with_short_table(readme) == readme
    reference = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    assert reference == key_table.markdown(KeyMap())


def test_every_action_is_in_the_documents() -> None:
    reference = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    for action in ACTIONS:
        assert f"`{action.name}`" in reference
        assert binding_id(action, action.where[0]).endswith(action.name)
