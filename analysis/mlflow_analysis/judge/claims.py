"""A user's sentence, decided on by the judge trace by trace, on a random sample within the budget."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Generator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial

from mlflow_analysis.brief.focus import Focus
from mlflow_analysis.findings.judged import JudgedTrace
from mlflow_analysis.hypotheses.base import Hypothesis
from mlflow_analysis.hypotheses.judged import judged_claim
from mlflow_analysis.judge import tasks
from mlflow_analysis.judge.evidence import shown_trace, traces_by_id
from mlflow_analysis.judge.judging import AT_A_TIME, stopped_once
from mlflow_analysis.judge.model import Judge, NotAnswered
from mlflow_analysis.source import TraceSource, never

SAMPLE = 100
"""Traces that are shown to the judge for one claim, at most."""
NO_JUDGE = "no judge is named: give --judge MODEL_URI, or set MLFLOW_TUI_JUDGE"


def asked_of_judge(
    focus: Focus,
    judge: Judge | None,
    source: TraceSource,
    trace_ids: Collection[str],
    *,
    seed: int,
    window: str = "",
    why_not: str = NO_JUDGE,
    cancelled: Callable[[], bool] = never,
) -> Generator[tuple[int, int], None, Hypothesis]:
    """The hypothesis that holds what ``judge`` says of a sample of ``trace_ids``.

    Yields how many answers came, and of how many questions. ``why_not`` says why there is no judge. Raises what
    the source raises.
    """
    if judge is None:
        return judged_claim(focus, objection=why_not)
    drawn = sorted(trace_ids, key=lambda each: _drawn(focus, each, seed))[:SAMPLE]
    records = traces_by_id(source, drawn, window, cancelled)
    said: dict[str, JudgedTrace] = {}
    missed: Counter[str] = Counter()
    with stopped_once(cancelled, judge), ThreadPoolExecutor(AT_A_TIME, "judge") as pool:
        asked: list[Future[JudgedTrace]] = [
            pool.submit(
                judge.ask,
                f"claim {focus.key} in {each}",
                tasks.INSTRUCTIONS,
                tasks.claim_question(focus.judge, shown_trace(records[each], judge.clean)),
                partial(tasks.opinion_answer, trace_id=each),
            )
            for each in drawn
            if each in records
        ]
        for done, each in enumerate(as_completed(asked), start=1):
            try:
                answer = each.result()
            except NotAnswered as reason:
                missed[str(reason)] += 1
            else:
                said[answer.trace_id] = answer
            yield done, len(asked)
    if len(records) < len(drawn):
        missed["they could not be read again"] = len(drawn) - len(records)
    objection = "; ".join(
        f"{count} of {len(drawn)} traces, because {reason}"
        for reason, count in sorted(missed.items())
    )
    return judged_claim(focus, judge.name, said, len(drawn), objection)


def _drawn(focus: Focus, trace_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {focus.key} {trace_id}".encode()).digest()
