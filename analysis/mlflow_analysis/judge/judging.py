"""An analysis in, the same analysis with the judge's part out."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.judged import JudgedFinding, JudgedTrace, Judging
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.judge import tasks
from mlflow_analysis.judge.evidence import sampled, shown_trace, traces_by_id
from mlflow_analysis.judge.model import Judge, NotAnswered
from mlflow_analysis.judge.opinions import second_opinion
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.secrets import masked
from mlflow_analysis.source import TraceSource, never

logger = logging.getLogger(__name__)

SAMPLE = 10
"""Traces of a finding that are judged, at most."""
AT_A_TIME = 4
_LOOK_EVERY_S = 0.1

Done = TypeVar("Done")


def judged(
    analysis: Analysis,
    source: TraceSource,
    judge: Judge,
    *,
    window: str = "",
    cancelled: Callable[[], bool] = never,
) -> Analysis:
    """``analysis`` with what ``judge`` says of its purpose and of its confirmed issues.

    Findings keep their order, verdicts and figures; what the judge did not do is said in ``notes``.
    ``window`` is the filter of the traces in MLflow's syntax. Once ``cancelled`` says so, no more is asked.
    """
    issues = [
        each for each in analysis.findings if each.verdict is Verdict.CONFIRMED and each.is_issue
    ]
    samples = {each.fingerprint: sampled(each, SAMPLE, analysis.seed) for each in issues}
    run = _Run(judge)
    wanted = {trace_id for sample in samples.values() for trace_id in sample}
    records = run.read(source, wanted, window, cancelled)
    with stopped_once(cancelled, judge), ThreadPoolExecutor(AT_A_TIME, "judge") as pool:
        purpose = run.submit_purpose(pool, analysis.purpose)
        safe = [masked(each) for each in issues]
        causes = {each.fingerprint: run.submit_cause(pool, each) for each in safe}
        opinions = {
            each.fingerprint: [
                run.submit_opinion(pool, each, records[trace_id])
                for trace_id in samples[each.fingerprint]
                if trace_id in records
            ]
            for each in safe
        }
    named = run.answer("purpose and request groups", purpose)
    told = {
        each.fingerprint: run.conclude(each, causes[each.fingerprint], opinions[each.fingerprint])
        for each in issues
    }
    return replace(
        analysis,
        findings=tuple(
            replace(each, judge=told.get(each.fingerprint)) for each in analysis.findings
        ),
        notes=(*analysis.notes, *(f"Not done by the judge: {each}." for each in run.not_done)),
        judge=Judging(
            model=judge.name,
            purpose=named.description if named else "",
            groups=named.groups if named else (),
            spent=judge.spent,
            transcript=judge.transcript,
            not_done=run.not_done,
        ),
    )


def questions_about(finding: Finding) -> int:
    """How many questions ``second_look`` asks: one a sampled trace, and one for the cause."""
    return min(SAMPLE, len(finding.trace_ids)) + 1


def second_look(
    finding: Finding,
    source: TraceSource,
    judge: Judge,
    *,
    seed: int,
    window: str = "",
    told: Callable[[int, int], None] = lambda _done, _all: None,
    cancelled: Callable[[], bool] = never,
) -> tuple[JudgedFinding | None, tuple[str, ...]]:
    """What ``judge`` says of one finding, and what it did not do; ``told`` is given answers and questions."""
    run, sample = _Run(judge), sampled(finding, SAMPLE, seed)
    records = run.read(source, set(sample), window, cancelled)
    safe = masked(finding)
    answered = itertools.count(1)
    with stopped_once(cancelled, judge), ThreadPoolExecutor(AT_A_TIME, "judge") as pool:
        cause = run.submit_cause(pool, safe)
        opinions = [
            run.submit_opinion(pool, safe, records[each]) for each in sample if each in records
        ]
        asked: list[Future[Any]] = [cause, *opinions]
        for each in asked:
            each.add_done_callback(lambda _: told(next(answered), len(asked)))
    return run.conclude(finding, cause, opinions), run.not_done


class _Run:
    """The questions of one analysis, and what became of them."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._missed: Counter[tuple[str, str]] = Counter()
        self._asked: Counter[str] = Counter()

    @property
    def not_done(self) -> tuple[str, ...]:
        """One clause for each kind of question and reason, in the order of asking."""
        return tuple(
            f"{kind}: {count} of {self._asked[kind]} not answered, because {reason}"
            if self._asked[kind]
            else f"{kind}: none asked, because {reason}"
            for (kind, reason), count in self._missed.items()
        )

    def read(
        self, source: TraceSource, wanted: set[str], window: str, cancelled: Callable[[], bool]
    ) -> dict[str, TraceRecord]:
        """The traces for second opinions. A store that fails now costs the statistics nothing."""
        try:
            records = traces_by_id(source, wanted, window, cancelled)
        except Exception as error:
            logger.warning("Traces for the judge cannot be read.", exc_info=error)
            self._missed["second opinions", "their traces could not be read again"] += 1
            return {}
        unread = len(wanted) - len(records)
        if unread:
            self._asked["traces for second opinions"] = len(wanted)
            self._missed["traces for second opinions", "they could not be read again"] = unread
        return records

    def submit_purpose(self, pool: Executor, purpose: Purpose) -> Future[tasks.NamedPurpose]:
        """Ask what the application does."""
        labels = [each.label for each in purpose.patterns]
        return pool.submit(
            self._judge.ask,
            "purpose",
            tasks.INSTRUCTIONS,
            tasks.purpose_question(masked(purpose)),
            partial(tasks.purpose_answer, labels=labels),
        )

    def submit_cause(self, pool: Executor, finding: Finding) -> Future[tasks.Cause]:
        """Ask for the root-cause paragraph of ``finding``."""
        data, known = tasks.cause_evidence(finding)
        return pool.submit(
            self._judge.ask,
            f"root cause of {finding.fingerprint}",
            tasks.INSTRUCTIONS,
            tasks.cause_question(data),
            partial(tasks.cause_answer, known=known),
        )

    def submit_opinion(
        self, pool: Executor, finding: Finding, record: TraceRecord
    ) -> Future[JudgedTrace]:
        """Ask whether the trace shows ``finding``."""
        trace_id = record.info.trace_id
        return pool.submit(
            self._judge.ask,
            f"{finding.fingerprint} in {trace_id}",
            tasks.INSTRUCTIONS,
            tasks.opinion_question(finding, shown_trace(record, self._judge.clean)),
            partial(tasks.opinion_answer, trace_id=trace_id),
        )

    def answer(self, kind: str, asked: Future[Done]) -> Done | None:
        """The answer, or ``None`` and the reason counted."""
        self._asked[kind] += 1
        try:
            return asked.result()
        except NotAnswered as reason:
            self._missed[kind, str(reason)] += 1
            return None

    def conclude(
        self, finding: Finding, cause: Future[tasks.Cause], opinions: list[Future[JudgedTrace]]
    ) -> JudgedFinding | None:
        """The judge's part of ``finding``; ``None`` if it has none."""
        told = self.answer("root causes", cause)
        traces = [self.answer("second opinions", each) for each in opinions]
        opinion = second_opinion(
            [each for each in traces if each is not None], finding.rate, finding.interval
        )
        if opinion is None and told is None:
            return None
        return JudgedFinding(opinion, told.sentences if told else (), told.dropped if told else 0)


def account(judge: Judge, not_done: tuple[str, ...] = ()) -> Judging:
    """What ``judge`` cost so far, for an analysis of which it said single things."""
    return Judging(judge.name, "", (), judge.spent, judge.transcript, not_done)


@contextmanager
def stopped_once(cancelled: Callable[[], bool], judge: Judge) -> Iterator[None]:
    """Within, ``judge`` is stopped as soon as ``cancelled`` says so."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_LOOK_EVERY_S):
            if cancelled():
                judge.stop("the user stopped it")
                return

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()
