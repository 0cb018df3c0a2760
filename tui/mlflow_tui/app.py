"""Starts the full-screen app. Textual is imported only after the terminal was found fit."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from mlflow_tui import terminal

if TYPE_CHECKING:
    from mlflow_tui.reading_options import ReadingOptions


def run(
    tracking_uri: str | None = None,
    env_file: str = "",
    profile: str = "",
    experiment: str | None = None,
    filter_string: str = "",
    demo: bool = False,
    reading: ReadingOptions | None = None,
) -> int:
    """Run the screens until the user leaves; the exit code of the program.

    ``tracking_uri`` or ``profile``, ``env_file``, ``experiment`` (name or id) and ``filter_string`` jump
    ahead; "" as address means the environment as it is. With ``demo`` the sample store is opened.
    ``reading`` says who reads the traces.
    """
    objection = terminal.objection(os.environ)
    if objection is not None:
        sys.stderr.write(objection + "\n")
        return 2
    terminal.prepare(os.environ)
    gc.disable()  # what is imported stays: looking for garbage in it delays the first paint

    from mlflow_tui.client import EngineClient
    from mlflow_tui.settings import Settings

    settings = Settings.load()
    client = EngineClient(settings.log_directory / "engine.log")
    try:
        from mlflow_tui.application import MlflowTui
        from mlflow_tui.key_file import read_key_map

        keys, notices = read_key_map(settings.keys_path)
        app = MlflowTui(
            client,
            settings,
            tracking_uri=tracking_uri,
            env_file=env_file,
            profile=profile,
            experiment=experiment,
            filter_string=filter_string,
            demo=demo,
            keys=keys,
            notices=notices,
            reading=reading,
        )
        result = app.run(mouse=not terminal.over_ssh(os.environ))
        return result if result is not None else (app.return_code or 0)
    finally:
        client.close()
