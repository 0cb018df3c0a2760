"""What to analyse and how; and where an analysis stopped, for another to go on from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mlflow_analysis.brief.focus import Focus
from mlflow_analysis.evidence.weighing import Weighing
from mlflow_analysis.features.batch import Batch
from mlflow_analysis.features.cache import FeatureCache
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.judge.claims import NO_JUDGE
from mlflow_analysis.judge.model import Judge
from mlflow_analysis.reading.sampling import Scheme
from mlflow_analysis.records import TraceOutline


@dataclass(frozen=True, slots=True)
class Known:
    """Where an analysis stopped, so that another can go on from there."""

    outlines: Sequence[TraceOutline]
    """The traces there are."""
    batches: Sequence[Batch] = ()
    """What was read of them, each under its mark; none where the cache has it."""


@dataclass(frozen=True)
class AnalysisOptions:
    """What to analyse and how."""

    filter: str = ""
    """MLflow's trace filter syntax, sent to the store."""
    since_ms: int | None = None
    """Only traces that started at or after this time (ms since the epoch)."""
    max_traces: int | None = None
    """Read so many only, taken by ``sample``; the analysis says so."""
    sample: Scheme = Scheme.NEWEST
    hypotheses: Sequence[str] = ()
    """Ids to test; all of them if empty. Raises ``KeyError`` for an unknown one."""
    focus: Sequence[Focus] = ()
    """What the user asks: each becomes a finding of its own, beside all others."""
    judge: Judge | None = None
    """Decides on the claims among ``focus`` that are sentences for it, and on nothing else."""
    no_judge: str = NO_JUDGE
    """Why there is none, as a clause."""
    purpose: Purpose | None = None
    """As confirmed by the user; drafted from the traces if ``None``."""
    confirmed_purpose: Callable[[], Purpose | None] = field(default=lambda: None)
    """Asked at the end: the user may confirm while traces are still being read."""
    seed: int = 0
    workers: int = 1
    """Processes that read; with one, all is done in this process, else two test. Results are the same."""
    engine: str = ""
    """``dask://host:port``: a Dask cluster whose workers read, instead of processes of this machine."""
    cache: FeatureCache | None = None
    """Where features are kept, so that only traces are read that are new there or have changed."""
    known: Known | None = None
    """Do not list traces: these are there. Of them, those that were read and have not changed are not read."""
    read: Callable[[Known], None] | None = None
    """Given what was listed and read, once it was; batches only without ``cache``."""
    live: bool = True
    """Whether somebody watches: count and draft while traces are being read."""
    weighed: Callable[[Weighing], None] = field(default=lambda _: None)
    """Given what was weighed, before the last event: more can be asked of it later."""

    @property
    def takes_all(self) -> bool:
        """Whether all traces of the experiment are wanted."""
        return not self.filter and self.since_ms is None and self.max_traces is None
