"""How many threads libraries start for themselves. To import this loads none of them."""

from __future__ import annotations

import os


def one_for_sums() -> None:
    """Have NumPy and SciPy do their sums on the thread that asks for them: here all are small.

    Each brings OpenBLAS, which would start a thread for every other core when it is loaded, and again in a copy of
    the process; before they rest they wait busily, 0.3 s of processor time in an analysis. To be called before NumPy is
    loaded; processes that are started afterwards do as this one does.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
