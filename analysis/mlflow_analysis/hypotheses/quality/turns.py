"""Which turn of a conversation comes before which."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd


def turn_before(sessions: pd.Series) -> npt.NDArray[np.int64]:
    """For each trace, given its session, the place of the trace before it in the session; -1 for the first.

    The traces are in order of time.
    """
    codes = pd.factorize(sessions)[0]
    order = np.argsort(codes, kind="stable")
    follows = codes[order[1:]] == codes[order[:-1]]
    before = np.full(len(codes), -1)
    before[order[1:][follows]] = order[:-1][follows]
    return before
