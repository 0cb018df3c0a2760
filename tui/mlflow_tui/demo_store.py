"""Makes the sample store from within the app, in a process that cannot write on the screen."""

from __future__ import annotations

import asyncio
import json
import sys

PROGRAM = (
    "import json, sys; from mlflow_analysis.demo.store import ensure_demo_store; "
    "store = ensure_demo_store(); "
    "sys.__stdout__.write('\\n' + json.dumps([store.tracking_uri, store.experiment_name]))"
)


async def make_demo_store() -> tuple[str, str]:
    """Address and experiment of the sample store, made if it is not there.

    Raises ``OSError`` with the end of what the process said if it could not. Cancelling ends the
    process.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complaints = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        raise
    if process.returncode:
        raise OSError(complaints.decode(errors="replace").strip()[-2000:])
    tracking_uri, experiment = json.loads(said.decode().splitlines()[-1])
    return tracking_uri, experiment
