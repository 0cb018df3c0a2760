"""How traces are read for the screens, as the command line says."""

from __future__ import annotations

from dataclasses import dataclass

WATCH_EVERY_S = 10.0


@dataclass(frozen=True)
class ReadingOptions:
    """As for ``analyze``, and how often a watch looks."""

    workers: int | None = None
    """Processes that read; as many as there is room for if ``None``."""
    engine: str = ""
    """``dask://host:port``: a Dask cluster that reads instead."""
    cache: bool = True
    """Keep features in the user's cache directory, and read only what is new there or has changed."""
    watch_every_s: float = WATCH_EVERY_S
    """Seconds between two looks of a watch, at least."""
