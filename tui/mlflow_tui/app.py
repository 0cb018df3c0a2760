"""Starts the full-screen app. Textual is imported only after the terminal was found fit."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from mlflow_tui.terminal import capabilities

if TYPE_CHECKING:
    from mlflow_analysis.protocol import RowQuery
    from mlflow_tui.reading_options import ReadingOptions


def run(
    tracking_uri: str | None = None,
    env_file: str = "",
    profile: str = "",
    experiment: str | None = None,
    filter_string: str = "",
    demo: bool = False,
    *,
    theme: str = "",
    mouse: bool | None = None,
    low_bandwidth: bool | None = None,
    reading: ReadingOptions | None = None,
    judge: str = "",
    judge_budget: str = "",
    query: RowQuery | None = None,
) -> int:
    """Run the screens until the user leaves; the exit code of the program.

    ``tracking_uri`` or ``profile``, ``env_file``, ``experiment`` (name or id) and ``filter_string`` jump ahead,
    with the quick filters of ``query``; "" as address means the environment as it is. With ``demo`` the sample
    store is opened. ``mouse`` is off over SSH and on elsewhere unless it is said; ``low_bandwidth`` is on once
    the line stalls. ``reading`` says who reads the traces; ``judge`` names a language model that may be asked
    on the board, within ``judge_budget``.
    """
    objection = capabilities.objection(os.environ)
    if objection is not None:
        sys.stderr.write(objection + "\n")
        return 2
    capabilities.prepare(os.environ)
    gc.disable()  # what is imported stays: looking for garbage in it delays the first paint

    from mlflow_tui.client import EngineClient
    from mlflow_tui.config.settings import Settings

    settings = Settings.load()
    client = EngineClient(settings.log_directory / "engine.log")
    try:
        from mlflow_analysis import protocol
        from mlflow_tui.application import MlflowTui
        from mlflow_tui.config.preferences import read_preferences

        app = MlflowTui(
            client,
            settings,
            tracking_uri=tracking_uri,
            env_file=env_file,
            profile=profile,
            experiment=experiment,
            filter_string=filter_string,
            query=query,
            demo=demo,
            preferences=read_preferences(settings, theme, low_bandwidth),
            reading=reading,
            judge=protocol.JudgeChoice(judge, judge_budget) if judge else None,
        )
        result = app.run(mouse=not capabilities.over_ssh(os.environ) if mouse is None else mouse)
        return result if result is not None else (app.return_code or 0)
    finally:
        client.close()
