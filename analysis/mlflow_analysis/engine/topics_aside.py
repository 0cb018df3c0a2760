"""The process in which topics are worked out, where that is worth one. This module loads nothing that it needs.

To load the libraries takes as long as the work, so it is begun as soon as it is known that there is much to do.
"""

from __future__ import annotations

from mlflow_analysis.process.aside import Aside

FEWEST_TRACES = 5_000
"""With fewer, topics are worked out before a process has loaded what they need."""
_NEEDS = (
    "mlflow_analysis.features.asked",
    "sklearn.cluster",
    "sklearn.decomposition",
    "sklearn.feature_extraction.text",
    "sklearn.preprocessing",
)


def begun(traces: int, workers: int) -> Aside | None:
    """The process, getting ready, if so many traces and workers are worth one."""
    return Aside(_NEEDS) if workers > 1 and traces >= FEWEST_TRACES else None
