"""What an application seems to do is drafted from its traces: their text is shown there, never obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest
from board_app import open_board, settle
from hostile import TEXT, assert_harmless, drawn

from mlflow_analysis.events import PurposeDrafted
from mlflow_analysis.findings.purpose import Purpose, RequestPattern, ToolUse


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_hostile_text_in_the_draft(tmp_path: Path, size: tuple[int, int]) -> None:
    tool = ToolUse(TEXT, "TOOL", 3, 1, 12.0, TEXT)
    pattern = RequestPattern(TEXT, 3, 0.5, (TEXT, TEXT))
    drafted = PurposeDrafted(Purpose(TEXT, (tool,), (tool,), (pattern,)))
    async with open_board(tmp_path, [drafted], size=size, asks_purpose=True) as (app, pilot, _):
        assert any("[@click=app.bell]x[/]" in line for line in drawn(app))
        assert_harmless(app)
        await pilot.press("e")  # the same text in a field to correct it
        await settle(pilot)
        assert_harmless(app)
