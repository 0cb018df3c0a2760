"""Reading and analysing stores of many traces, as ratios from one run: seconds depend on the machine."""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.large_store import EXPERIMENT, add_traces, address_of, make_large_store
from benchmarks.processes import peak_memory, run
from benchmarks.terminal import environment_in, mlflow_tui

SIZES = (1_000, 10_000, 50_000)
LARGE = 100_000
_NEW = 1_000
_DECIDING = 50_000
"""The limits are those of a store of this size; smaller ones show how they come about."""
_MEMORY = 1.2e9


@dataclass(frozen=True, slots=True)
class Reading:
    """Every trace of a store read one way, in a process of its own."""

    traces: int
    seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """One run of ``mlflow-tui analyze``, everything included."""

    seconds: float
    """From the start of the process to its end."""
    read: int
    """Traces."""
    reading_s: float
    """Of its seconds those for listing and reading."""


def measure(sizes: Sequence[int] = SIZES) -> Iterator[tuple[str, list[Figure]]]:
    """Figures of a SQLite store of each size, as soon as they are there, under what the store holds."""
    costs: dict[int, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as directory:
            title, figures, costs[size] = _one_size(Path(directory), size)
        if size == LARGE and 10_000 in costs:
            ratio = costs[LARGE] / costs[10_000]
            figures.append(_at_most("cost of a trace against that at 10,000", ratio, 1.3))
        yield title, figures


def read_all(way: str, address: str, home: Path) -> Reading:
    """Read a store one of the ways of ``benchmarks.reading``."""
    done = run([sys.executable, "-m", "benchmarks.reading", way, address], environment_in(home))
    return Reading(**json.loads(done.output.splitlines()[-1]))


def analyse(address: str, home: Path, *options: str) -> Analysis:
    """Analyse a store as a user would; ``home`` is where the cache is."""
    target = home / "analysis.json"
    done = run(_analyze(address, target, *options), environment_in(home))
    told = json.loads(target.read_text(encoding="utf-8"))
    timings = told["timings"]
    return Analysis(done.seconds, told["traces"]["read"], timings["listing"] + timings["reading"])


def _memory(address: str, home: Path, *options: str) -> int:
    """Analyse a store once more: the most memory that all processes took together, in bytes."""
    return peak_memory(_analyze(address, home / "analysis.json", *options), environment_in(home))


def _analyze(address: str, target: Path, *options: str) -> list[str]:
    where = ("--tracking-uri", address, "--experiment", EXPERIMENT)
    return mlflow_tui("analyze", *where, "--quiet", "--overwrite", "--json", str(target), *options)


def _one_size(directory: Path, size: int) -> tuple[str, list[Figure], float]:
    """What the store holds, the figures, and the seconds that a trace costs the quickest cold analysis."""
    store = directory / "large.db"
    address = make_large_store(store, size)
    decides = size == _DECIDING
    alone, warm, other = (directory / name for name in ("alone", "warm", "other"))
    for home in (alone, warm, other):
        home.mkdir()
    floor = read_all("floor", address, other)
    mlflow = read_all("mlflow", address, other)
    assert mlflow.traces == size
    public = read_all("public", address, other)
    ours = read_all("ours", address, other)
    by_one, by_two = ("--workers", "1"), ("--workers", "2")
    one = analyse(address, alone, *by_one)
    two = analyse(address, warm, *by_two)
    cached = analyse(address, warm, *by_two)
    assert public.traces == ours.traces == one.read == two.read == cached.read == size
    one_bytes = _memory(address, other, *by_one, "--no-cache")
    two_bytes = _memory(address, other, *by_two)
    cached_bytes = _memory(address, warm, *by_two)
    add_traces(store, min(_NEW, size))
    more = analyse(address_of(store), warm, *by_two)
    spans, content = _weight(store)
    title = f"{size:,} traces, {spans:.1f} spans and {content / 1000:.1f} KB each"
    fastest = min(one.seconds, two.seconds)
    new = f"{min(_NEW, size):,} new"
    lines = [
        _seconds("raw floor: sqlite3 and JSON", floor.seconds, size),
        _seconds("mlflow.search_traces()", mlflow.seconds, size, mlflow.peak_bytes),
        _seconds("our reader through MLflow's client", public.seconds, size, public.peak_bytes),
        _seconds("our reader of SQL stores", ours.seconds, size, ours.peak_bytes),
        _seconds("analyze, 1 worker, cold", one.seconds, size, one_bytes),
        _seconds("analyze, 2 workers, cold", two.seconds, size, two_bytes),
        _seconds("analyze, 2 workers, cached", cached.seconds, size, cached_bytes),
        _seconds(f"analyze, {new} traces", more.seconds, more.read),
        _at_least(
            "SQL reader, share of the raw floor's speed", floor.seconds / ours.seconds, 0.5, decides
        ),
        _at_least("public reader, times as fast as search_traces", mlflow.seconds / public.seconds),
        _at_least(
            "cold analyze, times as fast as search_traces", mlflow.seconds / fastest, 5.0, decides
        ),
        _at_least(
            "cached analyze, times as fast as search_traces",
            mlflow.seconds / cached.seconds,
            10.0,
            decides,
        ),
        _at_least(
            "cached reading, times as fast as cold reading", two.reading_s / cached.reading_s
        ),
        _at_least(
            f"reading with {new}, times as fast as cold",
            two.reading_s / more.reading_s,
        ),
        _at_least(
            "two workers reading, times as fast as one", one.reading_s / two.reading_s, 1.6, decides
        ),
        _at_least("two workers, whole analyze, against one", one.seconds / two.seconds),
        _at_most(
            "peak memory of all processes of analyze, GB",
            max(one_bytes, two_bytes, cached_bytes) / 1e9,
            _MEMORY / 1e9,
            decides,
        ),
    ]
    return title, lines, fastest / size


def _weight(store: Path) -> tuple[float, float]:
    """Spans of a trace, and bytes of their JSON."""
    with sqlite3.connect(store) as connection:
        traces, spans, content = connection.execute(
            "SELECT count(DISTINCT trace_id), count(*), sum(length(content)) FROM spans"
        ).fetchone()
    return spans / traces, content / traces


def _seconds(name: str, seconds: float, traces: int, peak_bytes: int = 0) -> Figure:
    memory = f"  {peak_bytes / 1e6:5,.0f} MB" if peak_bytes else " " * 10
    return Figure(name, f"{seconds:8.2f} s  {traces / seconds:7,.0f}/s{memory}")


def _at_least(name: str, ratio: float, limit: float = 0.0, decides: bool = True) -> Figure:
    if not limit:
        return Figure(name, f"{ratio:.2f}")
    return Figure(name, f"{ratio:.2f}", f"≥ {limit:g}", ratio >= limit if decides else None)


def _at_most(name: str, ratio: float, limit: float, decides: bool = True) -> Figure:
    return Figure(name, f"{ratio:.2f}", f"≤ {limit:g}", ratio <= limit if decides else None)
