"""How long the affected traces took, beside the others that could have shown it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlflow_analysis.evidence.examples import Rows
from mlflow_analysis.evidence.prevalence import Members
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import Durations

BINS = 16
LEAST_TRACES = 5
"""Of both kinds; fewer make no distribution."""


def durations(rows: Rows, members: Members, features: Features) -> Durations | None:
    """Histograms over the same ``BINS`` bins, equal in the logarithm of the duration.

    ``members`` are the traces of all eligible units, ``rows`` the affected ones among them. Traces in progress
    are left out. ``None`` with fewer than ``LEAST_TRACES`` of a kind, or if all took equally long.
    """
    took = features.traces["duration_ms"].to_numpy(dtype=float)
    is_affected = np.zeros(len(took), dtype=bool)
    is_affected[rows.trace] = True
    could = np.zeros(len(took), dtype=bool)
    could[members.trace] = True
    known = took >= 0  # not NaN
    affected = np.maximum(took[is_affected & known], 1.0)
    rest = np.maximum(took[could & ~is_affected & known], 1.0)
    if min(len(affected), len(rest)) < LEAST_TRACES:
        return None
    low, high = min(affected.min(), rest.min()), max(affected.max(), rest.max())
    if low == high:
        return None
    edges = np.geomspace(low, high, BINS + 1)
    return Durations(
        tuple(round(float(edge), 1) for edge in edges),
        _counted(affected, edges),
        _counted(rest, edges),
        tuple(round(float(each), 1) for each in np.quantile(affected, _QUANTILES)),
        tuple(round(float(each), 1) for each in np.quantile(rest, _QUANTILES)),
    )


_QUANTILES = (0.25, 0.5, 0.75, 0.95)


def _counted(took: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> tuple[int, ...]:
    at = np.clip(np.searchsorted(edges, took, side="right") - 1, 0, BINS - 1)
    return tuple(np.bincount(at, minlength=BINS).tolist())
