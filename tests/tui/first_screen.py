"""Waiting for the app to have its first screen: before, only the header is painted."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from mlflow_tui.screens.base import StepScreen


async def first_screen(pilot: Pilot[Any]) -> None:
    """Return once a step of the work is on the screen, and drawn."""
    while not isinstance(pilot.app.screen, StepScreen):
        await pilot.pause()
    await pilot.pause()
