"""What goes out of the inspector: copies, code that runs, files, the texts for pager and editor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hostile import OBEYED, PIECES, TEXT, drawn, hostile_trace
from recorded_engine import RecordedEngine
from textual.widgets import Input
from traces_on_screen import orders, settled, traces_screen

import stores
from mlflow_analysis.service.trace_view import trace_view
from mlflow_tui.inspecting.export import snippet, span_value, trace_markdown
from mlflow_tui.screens.dialogs import ConfirmDialog
from mlflow_tui.terminal import clipboard
from mlflow_tui.terminal.outside import EDITORS, PAGERS, ProgramProblem, Taken, command, show_in
from mlflow_tui.widgets.inspector import Section
from trace_factory import tool, trace

RECORDER = """
import json, os, sys
path = sys.argv[-1]
json.dump(
    {
        "arguments": sys.argv[1:-1],
        "path": path,
        "mode": oct(os.stat(path).st_mode & 0o777),
        "folder": oct(os.stat(os.path.dirname(path)).st_mode & 0o777),
        "text": open(path, encoding="utf-8").read(),
    },
    open(os.environ["RECORD"], "w"),
)
"""


# ---- copies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "begins"),
    [
        ("i", "tr-0000"),
        ("p", "0000000000000003"),
        ("v", '{\n  "text": "parcel 2 is in Porto"\n}'),
        ("s", '{\n  "span_id": "0000000000000003"'),
        ("t", "# Trace `tr-0000"),
        ("c", "import mlflow\n"),
    ],
)
async def test_each_choice_copies_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, begins: str
) -> None:
    for name in ("TMUX", "DISPLAY", "WAYLAND_DISPLAY", "STY"):
        monkeypatch.delenv(name, raising=False)
    async with traces_screen(RecordedEngine(tmp_path, orders(3)), tmp_path) as (pilot, screen):
        copied: list[str] = []
        pilot.app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
        screen.inspector.waterfall.choose("0000000000000003")
        screen.inspector.choose_section(Section.OUTPUTS)
        await pilot.press("y", key)
        await settled(pilot)
        assert copied[0].startswith(begins)


def test_a_folded_payload_is_copied_whole() -> None:
    rows = [{"id": number} for number in range(500)]
    view = trace_view(trace(tool("search", outputs=rows), number=1))
    assert span_value(view.spans[1])["outputs"] == rows


def test_code_that_fetches_the_span_runs(tmp_path: Path) -> None:
    uri = stores.write_small_store(tmp_path / "mlflow.db")
    record = stores.small_traces()[0]
    span = next(span for span in record.spans if span.name == "search docs")
    code = snippet(uri, record.info.trace_id, span.span_id)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines() == [
        "search docs OK",
        "{'query': 'returns'}",
        "[{'page_content': '30 days'}]",
    ]


def test_code_takes_whatever_an_id_holds_as_text() -> None:
    code = snippet("sqlite:///a'b.db", 'tr\'); import os #\n"""\\', TEXT)
    names: dict[str, Any] = {}
    compiled = compile(code, "snippet", "exec")
    assert code.isascii()
    assert "os" not in compiled.co_names
    exec(code.split("\n")[2].replace("mlflow.set_tracking_uri(", "uri = ("), names)
    assert names["uri"] == "sqlite:///a'b.db"


def test_markdown_shows_hostile_text_as_code() -> None:
    record = trace(tool("`# x` [a](b) <img>\n# heading", status="ERROR", message="<b>`"), number=1)
    lines = trace_markdown(trace_view(record)).split("\n")
    line = next(line for line in lines if "<img>" in line)
    assert line.startswith("  - `` `# x` [a](b) <img> # heading ``")
    assert "`` <b>` ``" in line
    assert "# heading" not in lines


# ---- the clipboard tells which way was taken ------------------------------------------------


def script(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


async def test_the_desktops_own_program_is_asked_where_the_user_sits(tmp_path: Path) -> None:
    script(tmp_path / "bin", "wl-copy", f"cat > {tmp_path}/taken")
    settings = {"WAYLAND_DISPLAY": "wayland-0", "PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    sent: list[str] = []
    said = await clipboard.copy(
        "an id", to_terminal=sent.append, file=tmp_path / "c", environment=settings
    )
    assert said == "Copied 5 bytes to the clipboard, with wl-copy."
    assert (tmp_path / "taken").read_text() == "an id"
    assert sent == []


@pytest.mark.parametrize("changes", [{"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, {"FAILS": "1"}])
async def test_over_ssh_or_if_it_fails_the_terminal_gets_the_text(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    script(tmp_path / "bin", "wl-copy", f'[ -z "$FAILS" ] || exit 1; cat > {tmp_path}/taken')
    settings = {"WAYLAND_DISPLAY": "w", "PATH": f"{tmp_path}/bin:/usr/bin:/bin", **changes}
    sent: list[str] = []
    said = await clipboard.copy(
        "an id", to_terminal=sent.append, file=tmp_path / "c", environment=settings
    )
    assert sent == ["an id"]
    assert "terminal's clipboard" in said
    assert not (tmp_path / "taken").exists()


# ---- pager and editor -----------------------------------------------------------------------


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that writes down what it was given; the file it writes to."""
    (tmp_path / "recorder.py").write_text(RECORDER)
    monkeypatch.setenv("RECORD", str(tmp_path / "record.json"))
    return tmp_path / "record.json"


def test_a_program_gets_a_private_file_with_a_safe_name_that_is_gone_afterwards(
    recorder: Path, tmp_path: Path
) -> None:
    words = [sys.executable, str(tmp_path / "recorder.py"), "--two words", "$(touch pwned);"]
    taken = Taken("text", False, "../../etc/$(touch pwned) -rf\x1b[2J\n")
    assert show_in(words, taken) == (0, False)
    record = json.loads(recorder.read_text())
    assert record["arguments"] == ["--two words", "$(touch pwned);"]
    assert (record["mode"], record["folder"]) == ("0o600", "0o700")
    assert Path(record["path"]).name == "etc-touch-pwned--rf-2J.txt"
    assert not Path(record["path"]).parent.exists()
    assert not Path("pwned").exists()


def test_control_characters_are_visible_in_texts_and_escaped_in_json(
    recorder: Path, tmp_path: Path
) -> None:
    words = [sys.executable, str(tmp_path / "recorder.py")]
    show_in(words, Taken(TEXT, False, "text"))
    text = json.loads(recorder.read_text())["text"]
    assert not OBEYED.search(text)
    assert "␛[2J" in text and "[/foo]" in text
    show_in(words, Taken(json.dumps({"a": TEXT}, ensure_ascii=False), True, "json"))
    text = json.loads(recorder.read_text())["text"]
    assert not OBEYED.search(text)
    assert json.loads(text) == {"a": TEXT}  # an escape says the same


def test_changes_in_an_editor_are_noticed(tmp_path: Path) -> None:
    script(tmp_path / "bin", "scribble", 'echo more >> "$1"; exit 3')
    assert show_in([str(tmp_path / "bin" / "scribble")], Taken("a", False, "a")) == (3, True)


def test_the_environment_names_the_program_and_its_arguments(tmp_path: Path) -> None:
    script(tmp_path / "my bin", "show", "")
    path = {"PATH": os.environ["PATH"]}
    program = str(tmp_path / "my bin" / "show")
    assert command(PAGERS, {"PAGER": f"'{program}' -R", **path}) == [program, "-R"]
    assert command(EDITORS, {"VISUAL": f"'{program}'", "EDITOR": "vi", **path}) == [program]
    assert command(PAGERS, {"PAGER": " ", **path})[0].endswith(("less", "more"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PAGER": "less 'open"}, "PAGER is not understood"),
        ({"PAGER": "no-such-pager -R"}, "PAGER says no-such-pager, which is not there"),
        ({}, "None of less, more is there. Set PAGER"),
    ],
)
def test_a_program_that_is_not_there_is_said_with_a_remedy(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(ProgramProblem, match=said):
        command(PAGERS, {"PATH": str(tmp_path), **settings})


async def test_o_hands_what_is_shown_to_the_pager(
    tmp_path: Path, recorder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", f"{sys.executable} {tmp_path}/recorder.py")
    async with traces_screen(RecordedEngine(tmp_path, orders(3)), tmp_path) as (pilot, screen):
        handed: list[str] = []

        @contextmanager
        def suspend() -> Any:
            handed.append("away")
            yield
            handed.append("back")

        pilot.app.suspend = suspend  # type: ignore[method-assign]
        screen.inspector.waterfall.choose("0000000000000003")
        screen.inspector.choose_section(Section.OUTPUTS)
        await pilot.press("o")
        assert handed == ["away", "back"]
        record = json.loads(recorder.read_text())
        assert json.loads(record["text"]) == {"text": "parcel 2 is in Porto"}
        assert record["path"].endswith("-carrier-outputs.json")


async def test_a_terminal_that_cannot_be_handed_over_says_so(tmp_path: Path) -> None:
    async with traces_screen(RecordedEngine(tmp_path, orders(3)), tmp_path) as (pilot, _):
        await pilot.press("o")
        await pilot.pause()
        assert "cannot be handed to another program" in "\n".join(drawn(pilot.app))


# ---- saving ---------------------------------------------------------------------------------


async def test_saving_asks_for_a_name_and_overwrites_nothing_silently(tmp_path: Path) -> None:
    target = tmp_path / "payload.json"
    async with traces_screen(RecordedEngine(tmp_path, orders(3)), tmp_path) as (pilot, screen):
        screen.inspector.waterfall.choose("0000000000000003")
        screen.inspector.choose_section(Section.OUTPUTS)
        await pilot.press("S")
        await pilot.pause()
        field = pilot.app.screen.query_one(Input)
        assert field.value.endswith("-carrier-outputs.json")
        field.value = str(target)
        await pilot.press("enter")
        await settled(pilot)
        assert json.loads(target.read_text()) == {"text": "parcel 2 is in Porto"}
        assert target.stat().st_mode & 0o777 == 0o600
        target.write_text("mine")
        await pilot.press("S")
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = str(target)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert isinstance(pilot.app.screen, ConfirmDialog)
        await pilot.press("n")
        await settled(pilot)
        assert target.read_text() == "mine"
        assert "Nothing was written." in "\n".join(drawn(pilot.app))


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with traces_screen(RecordedEngine(tmp_path, orders(3)), tmp_path) as (pilot, _):
        await pilot.press("S")
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = str(tmp_path / "nowhere" / "a.txt")
        await pilot.press("enter")
        await settled(pilot)
        assert "Could not write to" in "\n".join(drawn(pilot.app))


async def test_names_of_files_from_hostile_traces_are_safe(tmp_path: Path) -> None:
    async with traces_screen(RecordedEngine(tmp_path, [hostile_trace(1)]), tmp_path) as (_, screen):
        for place in range(screen.inspector.waterfall.line_count):
            screen.inspector.waterfall.move_to(place)
            name = screen.inspector.taken().file_name
            assert name.isascii() and not set(name) & set("/\\$;()[]\x1b ")
            assert not any(piece in name for piece in PIECES)
