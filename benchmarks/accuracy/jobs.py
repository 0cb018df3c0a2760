"""Scenarios to analyse, and a pool of two processes that does it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from benchmarks.accuracy.confounded import (
    ARRANGEMENTS,
    ConfoundedOutcome,
    make_confounded,
    score_confounded,
)
from benchmarks.accuracy.generators import ALL
from benchmarks.accuracy.near_misses import NEAR_MISSES
from benchmarks.accuracy.near_misses.base import NearMissOutcome, score_near_miss
from benchmarks.accuracy.null import NullOutcome, make_null, score_null
from benchmarks.accuracy.planting import make
from benchmarks.accuracy.repeatable import BytesOutcome, score_bytes
from benchmarks.accuracy.retimed import TWINS, RetimedOutcome, score_retimed
from benchmarks.accuracy.scoring import Outcome, analyse, score

AnyOutcome = (
    Outcome | NullOutcome | ConfoundedOutcome | NearMissOutcome | BytesOutcome | RetimedOutcome
)


@dataclass(frozen=True)
class Job:
    """One scenario: ``number`` says which of its kind."""

    kind: str
    number: int
    seed: int
    size: int


def run(job: Job) -> AnyOutcome:
    """Generate, analyse, score."""
    began = time.process_time()

    def spent() -> float:
        return time.process_time() - began

    if job.kind == "planted":
        scenario = make(ALL[job.number], job.seed, job.size)
        return score(scenario, analyse(scenario.records), spent())
    if job.kind == "near miss":
        scenario = make(NEAR_MISSES[job.number], job.seed, job.size)
        return score_near_miss(scenario, analyse(scenario.records), spent())
    if job.kind == "confounded":
        arrangement = ARRANGEMENTS[job.number]
        records = make_confounded(arrangement, job.seed, job.size)
        return score_confounded(arrangement, job.seed, job.size, analyse(records), spent())
    if job.kind == "bytes":
        return score_bytes(make(ALL[job.number], job.seed, job.size))
    if job.kind == "retimed":
        return score_retimed(TWINS[job.number], job.seed, job.size)
    return score_null(job.seed, job.size, analyse(make_null(job.seed, job.size)), spent())


def outcomes(jobs: Sequence[Job]) -> Iterator[AnyOutcome]:
    """In the order of ``jobs``; progress goes to stderr."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two processes on two cores
    began = time.monotonic()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for done, outcome in enumerate(pool.map(run, jobs), 1):
            if done % 20 == 0 or done == len(jobs):
                seconds = time.monotonic() - began
                print(f"  {done} of {len(jobs)} scenarios, {seconds:.0f} s", file=sys.stderr)
            yield outcome


def plan(*, quick: bool) -> list[Job]:
    """All scenarios of a run; a quick one is for a first look, not for the table of record."""
    if quick:
        return [
            *(Job("planted", number, 0, 200) for number in range(0, len(ALL), 2)),
            *(Job("near miss", number, 0, 200) for number in range(0, len(NEAR_MISSES), 4)),
            *(Job("confounded", number, 0, 200) for number in range(0, len(ARRANGEMENTS), 2)),
            *(Job("null", 0, seed, 50 if seed % 2 else 200) for seed in range(12)),
            Job("bytes", 0, 7, 50),
            *(Job("retimed", number, 0, 200) for number in range(len(TWINS))),
        ]
    every = range(len(ALL))
    return [
        *(Job("planted", number, seed, 200) for number in every for seed in range(2)),
        *(Job("planted", number, 0, 50) for number in every[::2]),
        *(Job("planted", number, 0, 1000) for number in every[::3]),
        *(Job("near miss", number, 0, 200) for number in range(len(NEAR_MISSES))),
        *(
            Job("confounded", number, size, size)
            for number in range(len(ARRANGEMENTS))
            for size in (200, 400, 1000)
        ),
        *(Job("null", 0, seed, _NULL_SIZES[seed % 8]) for seed in range(200)),
        *(Job("bytes", number, 7, 200) for number in every[::12]),
        *(Job("retimed", number, seed, 200) for number in range(len(TWINS)) for seed in range(4)),
    ]


_NULL_SIZES = (50, 200, 50, 200, 50, 200, 200, 1000)
"""One after the other; of 200 reports 25 have a thousand traces."""
