"""Libraries start no threads of their own for sums."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LOADED = """
from mlflow_analysis.process import threads
threads.one_for_sums()
import scipy.linalg, threadpoolctl
print(*{each["num_threads"] for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"})
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core, one thread")
def test_sums_are_done_on_one_thread_unless_somebody_says_otherwise() -> None:
    asked = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    for environment, threads in ((asked, "1"), (asked | {"OPENBLAS_NUM_THREADS": "2"}, "2")):
        loaded = subprocess.run(
            [sys.executable, "-c", LOADED],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert loaded.stdout.split() == [threads]
