"""Makes the sample store in a process of its own: MLflow is not loaded here, nor writes on the screen."""

from __future__ import annotations

import asyncio
import json
import sys

PROGRAM = (
    "import json, sys; from mlflow_analysis.demo.store import ensure_demo_store; "
    "store = ensure_demo_store(fresh=sys.argv[1] == 'fresh'); "
    "sys.__stdout__.write('\\n' + json.dumps([store.tracking_uri, store.experiment_name]))"
)


async def make_demo_store(fresh: bool = False) -> tuple[str, str]:
    """Address and experiment of the sample store, made if it is not there or ``fresh`` is wanted.

    Raises ``OSError`` with the last line of what the process said if it could not. Cancelling ends the
    process.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        "fresh" if fresh else "kept",
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
        lines = complaints.decode(errors="replace").split("\n")
        raise OSError(next((line for line in reversed(lines) if line.strip()), "no reason given"))
    tracking_uri, experiment = json.loads(said.decode().splitlines()[-1])
    return tracking_uri, experiment
