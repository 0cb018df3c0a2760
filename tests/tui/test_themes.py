"""Themes: which one is worn, the user's own, and that none of them is needed to tell things apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from first_screen import first_screen
from hostile import drawn
from recorded_engine import RecordedEngine, settings_in
from textual.color import Color

from mlflow_styles.themes import COLOUR_BLIND, DARK, HIGH_CONTRAST, LIGHT, THEMES
from mlflow_tui.application import MlflowTui
from mlflow_tui.config.preferences import Preferences, read_preferences
from mlflow_tui.config.settings import Settings
from mlflow_tui.config.user_themes import user_themes
from mlflow_tui.terminal.pacing import PLAIN_THEME

HAS_COLOURS = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    for name, value in HAS_COLOURS.items():
        monkeypatch.setenv(name, value)


def worn(directory: Path, kept: str = "", **asked: object) -> str:
    settings = settings_in(directory)
    settings.theme = kept
    preferences = Preferences(**asked)  # type: ignore[arg-type]
    return MlflowTui(RecordedEngine(directory), settings, preferences=preferences).theme


def theme_file(directory: Path, name: str, text: str) -> Path:
    folder = directory / "themes"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return folder


# ---- which one ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "asked", "theme"),
    [
        ("", {}, "mlflow-dark"),
        ("mlflow-light", {}, "mlflow-light"),
        ("mlflow-light", {"theme": "high-contrast"}, "mlflow-high-contrast"),
        ("mlflow-light", {"theme": "mlflow-colour-blind"}, "mlflow-colour-blind"),
        ("mlflow-light", {"low_bandwidth": True}, PLAIN_THEME),
        ("", {"low_bandwidth": True, "theme": "dark"}, "mlflow-dark"),
        ("gone", {}, "mlflow-dark"),
    ],
)
def test_what_is_asked_for_comes_before_what_was_chosen(
    tmp_path: Path, kept: str, asked: dict[str, object], theme: str
) -> None:
    assert worn(tmp_path, kept, **asked) == theme


def test_a_terminal_of_16_colours_shows_no_other_theme_that_was_chosen_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "linux")
    monkeypatch.delenv("COLORTERM")
    assert worn(tmp_path, "mlflow-light") == "mlflow-16"
    assert worn(tmp_path, "mlflow-16-light") == "mlflow-16-light"


def test_no_color_comes_before_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert worn(tmp_path, "mlflow-light", theme="dark") == "mlflow-16"


def test_the_variable_is_asked_for_unless_the_option_is(tmp_path: Path) -> None:
    environment = {"MLFLOW_TUI_THEME": "light"}
    settings = settings_in(tmp_path)
    assert read_preferences(settings, environment=environment).theme == "light"
    assert read_preferences(settings, "dark", environment=environment).theme == "dark"


async def test_a_theme_that_is_not_there_is_told_and_replaced(tmp_path: Path) -> None:
    app = MlflowTui(
        RecordedEngine(tmp_path), settings_in(tmp_path), preferences=Preferences(theme="drak")
    )
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await first_screen(pilot)
        said = " ".join(" ".join(drawn(app)).split())
        assert "There is no theme drak. There are 16, 16-light," in said.replace("▌ ", "")
        assert app.theme == "mlflow-dark"


async def test_a_choice_is_kept(home: Path) -> None:
    app = MlflowTui(RecordedEngine(home), Settings.load())
    async with app.run_test() as pilot:
        await first_screen(pilot)
        commands = {each.title: each.callback for each in app.get_system_commands(app.screen)}
        commands["Theme light"]()
        assert app.theme == "mlflow-light"
        commands["Low bandwidth on"]()
        assert (app.low_bandwidth, app.theme) == (True, PLAIN_THEME)
        app.go_low_bandwidth(False)
        assert app.theme == "mlflow-light"
    assert Settings.load().theme == "mlflow-light"  # what a slow line needs is not a choice


# ---- the user's own -------------------------------------------------------------------------


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    folder = theme_file(tmp_path, "mine", 'base = "light"\nerror = "#aa0000"\nmuted = "gray"\n')
    (theme,), problems = user_themes(folder)
    assert problems == []
    assert (theme.name, theme.dark, theme.error) == ("mine", False, "#aa0000")
    assert theme.background == LIGHT.background
    assert theme.variables["muted"] == "gray"
    assert theme.variables["rule"] == LIGHT.variables["rule"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("mine", 'base = "ligth"\n', "its base must be one of dark, light,"),
        ("mine", 'eror = "#aa0000"\n', "there is no role 'eror'"),
        ("mine", 'error = "#aa00"\nwarning = "reddish"\n', "'reddish' for warning is no colour"),
        ("mine", "error = 3\n", "'3' for error is no colour"),
        ("mine", "error = \n", "it is not TOML"),
        ("dark", 'error = "#aa0000"\n', "dark is one of those that come along"),
    ],
)
def test_a_broken_file_is_left_out_and_told(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    theme_file(tmp_path, "good", 'error = "#aa0000"\n')
    folder = theme_file(tmp_path, name, text)
    themes, problems = user_themes(folder)
    assert [theme.name for theme in themes] == ["good"]
    assert len(problems) == 1
    assert str(folder / f"{name}.toml") in problems[0]
    assert told in problems[0]


async def test_the_chosen_theme_is_broken_and_the_app_starts_all_the_same(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.config_directory.mkdir()
    settings.theme = "mine"
    theme_file(settings.config_directory, "mine", 'eror = "#aa0000"\n')
    app = MlflowTui(RecordedEngine(tmp_path), settings, preferences=read_preferences(settings))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await first_screen(pilot)
        assert app.theme == "mlflow-dark"
        said = "".join("".join(drawn(app)).replace("▌", "").split())  # wherever it is wrapped
        assert "thereisnorole'eror'" in said


async def test_a_theme_of_the_users_own_is_worn_and_offered(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.config_directory.mkdir()
    theme_file(settings.config_directory, "mine", 'error = "#aa0000"\n')
    preferences = read_preferences(settings, "mine")
    app = MlflowTui(RecordedEngine(tmp_path), settings, preferences=preferences)
    async with app.run_test() as pilot:
        await first_screen(pilot)
        assert app.theme == "mine"
        titles = [each.title for each in app.get_system_commands(app.screen)]
        assert "Theme mine" in titles
        assert "Theme nord" not in titles  # Textual's own do not know our roles


# ---- what the colours are good for ----------------------------------------------------------

TEXT_ROLES = ("foreground", "primary", "success", "warning", "error", "accent", "muted")


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [
            each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4
            for each in Color.parse(colour).normalized
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("theme", "least"), [(DARK, 4.5), (LIGHT, 4.5), (COLOUR_BLIND, 4.5), (HIGH_CONTRAST, 7.0)]
)
def test_text_can_be_read(theme: object, least: float) -> None:
    """On the background, WCAG's AA; the theme of high contrast: AAA, also on the cursor's row."""
    colours = {**vars(theme), **theme.variables}  # type: ignore[attr-defined]
    for role in TEXT_ROLES:
        assert contrast(colours[role], colours["background"]) >= least, role
    if least == 7.0:
        assert contrast(colours["foreground"], colours["cursor"]) >= least


def test_good_and_bad_differ_for_the_colour_blind() -> None:
    """By more blue in one and more red in the other: that is what red- and green-blind people see."""
    good, bad = Color.parse(COLOUR_BLIND.success), Color.parse(COLOUR_BLIND.error)
    assert good.b - bad.b > 120
    assert bad.r - good.r > 120
    dark_good, dark_bad = Color.parse(DARK.success), Color.parse(DARK.error)
    assert dark_good.b - dark_bad.b < 120  # the usual theme does not do that


def test_every_theme_has_every_role() -> None:
    for theme in THEMES:
        assert {"muted", "rule", "cursor", "cursor-text-style"} <= theme.variables.keys()
