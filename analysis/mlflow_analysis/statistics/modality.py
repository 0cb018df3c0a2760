"""Whether values fall into two heaps, and where to cut between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from mlflow_analysis.statistics.clustering import Floats

RESAMPLES = 299
_CELLS = 512
_HALVINGS = 24


@dataclass(frozen=True)
class TwoModes:
    """The two heaps that values are most likely to fall into."""

    cut: float
    """The lowest density between the two."""
    p_value: float
    """Of a single heap: small if there are two."""


def two_modes(values: npt.ArrayLike, seed: int = 0) -> TwoModes | None:
    """Silverman's test of one mode against more, and the cut between the two highest.

    The critical bandwidth is the smallest at which a Gaussian kernel density of ``values`` (n,) has one
    mode. The p-value is the share of samples drawn from that density (rescaled to the variance of the
    values) that still show two or more at this bandwidth; the test errs on the side of one mode.
    ``None`` with fewer than 10 distinct values. Silverman (1981), J. R. Stat. Soc. B 43:97.
    """
    x = np.sort(np.asarray(values, dtype=float))
    if len(np.unique(x)) < 10:
        return None
    spread = float(x.std())
    low, high = float(x[0]) - spread, float(x[-1]) + spread
    cell = (high - low) / _CELLS
    critical = _critical_bandwidth(x, low, high)
    # just below the critical bandwidth the density has two modes: their valley is the cut
    density = _density(x, low, high, 0.98 * critical)
    peaks = _peaks(density)
    if len(peaks) < 2:
        return None
    first, second = sorted(peaks[np.argsort(-density[peaks], kind="stable")[:2]].tolist())
    cut = low + (first + int(density[first : second + 1].argmin()) + 0.5) * cell
    generator = np.random.default_rng(seed)
    shrink = np.sqrt(1 + (critical / spread) ** 2)
    reached = 0
    for _ in range(RESAMPLES):
        drawn = x[generator.integers(0, len(x), len(x))]
        smooth = (
            drawn.mean()
            + (drawn - drawn.mean() + critical * generator.normal(size=len(x))) / shrink
        )
        reached += len(_peaks(_density(smooth, low, high, critical))) > 1
    return TwoModes(float(cut), (1 + reached) / (1 + RESAMPLES))


def _critical_bandwidth(x: Floats, low: float, high: float) -> float:
    narrow, wide = (high - low) / _CELLS, high - low
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(narrow * wide))
        if len(_peaks(_density(x, low, high, middle))) > 1:
            narrow = middle
        else:
            wide = middle
    return wide


def _density(x: Floats, low: float, high: float, bandwidth: float) -> Floats:
    """Gaussian kernel density on ``_CELLS`` cells, up to a factor."""
    cells = np.floor((x - low) * (_CELLS / (high - low))).astype(np.int64)
    counts = np.bincount(cells[(cells >= 0) & (cells < _CELLS)], minlength=_CELLS)
    smooth = scipy.ndimage.gaussian_filter1d(
        counts.astype(float), bandwidth * _CELLS / (high - low), mode="constant", truncate=6.0
    )
    return np.asarray(smooth, dtype=np.float64)


def _peaks(density: Floats) -> npt.NDArray[np.int64]:
    """Cells higher than their neighbours; a plateau counts once, and rounding noise not at all."""
    floor = density.max() * 1e-9
    slope = np.diff(np.concatenate([[0.0], density, [0.0]]))
    moving = np.flatnonzero(np.abs(slope) > floor * 1e-3)
    signs = np.sign(slope[moving])
    turns = np.flatnonzero((signs[:-1] > 0) & (signs[1:] < 0))
    cells = moving[turns]
    return cells[density[cells] > floor].astype(np.int64)
