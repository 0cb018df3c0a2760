"""A line of figures for each of many experiments: what a list of them shows.

An SQL store works them out itself, two questions for any number of experiments. Of any other store
the newest traces of each experiment are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mlflow_analysis.protocol import ExperimentFigures
from mlflow_analysis.records import TraceInfo
from mlflow_analysis.tracking.reader import StoreTraces
from mlflow_analysis.tracking.survey import HOUR_MS, quantile

HOURS = 24
"""The course covers the hours up to an experiment's own last trace."""
_FAILED = "ERROR"
_AT_ONCE = 500
"""Ids in one question: SQLite takes no more than 999 parameters in older builds."""


def figures_of_tables(engine: Any, experiment_ids: Sequence[str]) -> list[ExperimentFigures]:
    """Exact figures from the tables behind ``engine``, in the order of ``experiment_ids``.

    Quantiles are nearest-rank over all traces with a duration. Raises what the driver raises.
    """
    found: dict[str, ExperimentFigures] = {}
    with engine.connect() as connection:
        for start in range(0, len(experiment_ids), _AT_ONCE):
            ids = [int(each) for each in experiment_ids[start : start + _AT_ONCE]]
            courses: dict[int, list[int]] = {each: [0] * HOURS for each in ids}
            for experiment_id, hours_before, traces in connection.execute(_course(ids)):
                courses[experiment_id][HOURS - 1 - int(hours_before)] = traces
            for row in connection.execute(_totals(ids)):
                found[str(row.experiment_id)] = ExperimentFigures(
                    experiment_id=str(row.experiment_id),
                    traces=row.traces,
                    exact=True,
                    examined=row.traces,
                    failed=int(row.failed),
                    last_ms=row.last_ms,
                    p50_ms=row.p50_ms,
                    p95_ms=row.p95_ms,
                    per_hour=tuple(courses[row.experiment_id]),
                )
    return [found.get(each) or no_traces(each) for each in experiment_ids]


def _totals(ids: Sequence[int]) -> Any:
    """Per experiment: traces, failed ones, the last one's start, quantiles of duration."""
    from mlflow.store.tracking.dbmodels.models import SqlTraceInfo
    from sqlalchemy import case, func, select

    traces = SqlTraceInfo.__table__
    experiment, duration = traces.c.experiment_id, traces.c.execution_time_ms
    ranked = (
        select(
            experiment,
            traces.c.timestamp_ms,
            traces.c.status,
            duration,
            func.row_number()
            .over(partition_by=experiment, order_by=(duration.is_(None), duration))
            .label("place"),
            func.count(duration).over(partition_by=experiment).label("timed"),
        )
        .where(experiment.in_(ids))
        .subquery()
    )

    def nearest_rank(percent: int) -> Any:
        reached = ranked.c.place * 100 >= ranked.c.timed * percent
        return func.min(case((reached, ranked.c.execution_time_ms)))

    return select(
        ranked.c.experiment_id,
        func.count().label("traces"),
        func.max(ranked.c.timestamp_ms).label("last_ms"),
        func.sum(case((ranked.c.status == _FAILED, 1), else_=0)).label("failed"),
        nearest_rank(50).label("p50_ms"),
        nearest_rank(95).label("p95_ms"),
    ).group_by(ranked.c.experiment_id)


def _course(ids: Sequence[int]) -> Any:
    """Per experiment and whole hours before its last trace: how many traces."""
    from mlflow.store.tracking.dbmodels.models import SqlTraceInfo
    from sqlalchemy import func, select

    traces = SqlTraceInfo.__table__
    last = (
        select(traces.c.experiment_id, func.max(traces.c.timestamp_ms).label("last_ms"))
        .where(traces.c.experiment_id.in_(ids))
        .group_by(traces.c.experiment_id)
        .subquery()
    )
    hours_before = ((last.c.last_ms - traces.c.timestamp_ms) // HOUR_MS).label("hours_before")
    return (
        select(traces.c.experiment_id, hours_before, func.count())
        .join(last, last.c.experiment_id == traces.c.experiment_id)
        .where(traces.c.timestamp_ms > last.c.last_ms - HOURS * HOUR_MS)
        .group_by(traces.c.experiment_id, hours_before)
    )


def figures_of_newest(source: StoreTraces) -> ExperimentFigures:
    """Figures of the newest traces, as many as the store gives at once. Raises ``ConnectionProblem``."""
    counted = source.count()
    pages = source.infos()
    infos = next(pages, [])
    if counted is None and next(pages, None) is None:
        counted = len(infos)
    return _figures(source.experiment_id, infos, counted)


def _figures(
    experiment_id: str, infos: Sequence[TraceInfo], counted: int | None
) -> ExperimentFigures:
    if not infos:
        return no_traces(experiment_id)
    last_ms = max(info.start_ms for info in infos)
    durations = sorted(info.duration_ms for info in infos if info.duration_ms is not None)
    return ExperimentFigures(
        experiment_id=experiment_id,
        traces=len(infos) if counted is None else counted,
        exact=counted is not None,
        examined=len(infos),
        failed=sum(info.state == _FAILED for info in infos),
        last_ms=last_ms,
        p50_ms=quantile(durations, 0.5),
        p95_ms=quantile(durations, 0.95),
        per_hour=_hours(last_ms, (info.start_ms for info in infos)),
    )


def _hours(last_ms: int, times: Iterable[int]) -> tuple[int, ...]:
    counts = [0] * HOURS
    for time_ms in times:
        before = (last_ms - time_ms) // HOUR_MS
        if before < HOURS:
            counts[HOURS - 1 - before] += 1
    return tuple(counts)


def no_traces(experiment_id: str) -> ExperimentFigures:
    """Of an experiment that has none."""
    return ExperimentFigures(experiment_id, 0, True, 0, 0, None, None, None, ())
