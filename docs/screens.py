"""Draws the pictures in the README: the program itself, on the sample store, without a terminal.

make screenshots
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["TEXTUAL_ANIMATIONS"] = "none"  # before Textual is imported
os.environ["COLORTERM"] = "truecolor"
# The path of the sample store is in the pictures: one that says nothing of this machine.
os.environ["XDG_CACHE_HOME"] = "/tmp/demo"  # noqa: S108

from mlflow_tui.application import MlflowTui
from mlflow_tui.client import EngineClient
from mlflow_tui.config.settings import Settings
from mlflow_tui.demo_store import make_demo_store

PICTURES = Path(__file__).parent / "screens"
SIZE = (120, 36)
_PATIENCE_TURNS = 1_200


async def draw(directory: Path) -> None:
    """From the first screen to an accepted finding, one of its traces and the report: a picture of each screen."""
    settings = Settings(directory / "config", directory / "reviews", directory / "logs")
    client = EngineClient(directory / "engine.log")
    address, experiment = await make_demo_store()
    app = MlflowTui(client, settings, tracking_uri=address, experiment=experiment, demo=True)
    try:
        async with app.run_test(size=SIZE) as pilot:

            async def until(condition: Callable[[], bool]) -> None:
                for _ in range(_PATIENCE_TURNS):
                    if condition():
                        await pilot.pause(0.5)
                        return
                    await pilot.pause(0.1)
                raise TimeoutError("The sample store was not analysed within two minutes.")

            async def press(*keys: str) -> None:
                for key in keys:
                    await pilot.press(key)
                    await pilot.pause(0.4)

            await until(lambda: app.state.board.analysis is not None)
            await press("s", "a", "j", "a", "j")
            _keep(app, "board")
            await press("enter")
            await pilot.pause(2.0)
            _keep(app, "traces")
            for key, name in (("5", "report"), ("2", "experiments"), ("1", "connect")):
                await press(key)
                await pilot.pause(2.0)
                _keep(app, name)
    finally:
        client.close()


def _keep(app: MlflowTui, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / f"{name}.svg").write_text(
        app.export_screenshot(title="mlflow-tui"), encoding="utf-8"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(draw(Path(temporary)))
