"""Tests wait for what the app does in the background."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App
from textual.worker import WorkerCancelled


async def workers_done(app: App[Any]) -> None:
    """Until all workers have ended. One that another took the place of meanwhile was cancelled, as it should."""
    while True:
        try:
            await app.workers.wait_for_complete()
            return
        except WorkerCancelled:
            await asyncio.sleep(0)
