"""Put together what a finding carries, once its count, its test and its causes are known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.evidence.candidates import Candidate, holds_for
from mlflow_analysis.evidence.causes import Search
from mlflow_analysis.evidence.examples import Rows, assessments, examples, trend
from mlflow_analysis.evidence.impact import impact
from mlflow_analysis.evidence.outcomes import Contrasted, harm_in_words
from mlflow_analysis.evidence.prevalence import Flags, Members, Places, Prevalence
from mlflow_analysis.evidence.replication import Replication
from mlflow_analysis.evidence.verdict import Ruled, as_sentence, rule_on_halves
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import Durations, RootCause
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Unit, Verdict
from mlflow_analysis.hypotheses.base import Case, Hypothesis
from mlflow_analysis.statistics.contrasts import reversed_strata
from mlflow_analysis.statistics.intervals import wilson
from mlflow_analysis.statistics.multiple_testing import FALSE_DISCOVERY_RATE

_ASSOCIATED = "associated with"


@dataclass(frozen=True)
class Examined:
    """A case with its count and the search for its causes."""

    hypothesis: Hypothesis
    case: Case
    counted: Prevalence
    rows: Rows
    search: Search
    explained: Prevalence
    """What the causes are of: ``counted``, unless the case says otherwise."""
    first: Places
    """Where in the table of traces the first trace of each unit of ``counted`` stands."""
    first_explained: Places
    """The same of ``explained``."""
    members: Members
    """The traces of the units of ``explained``."""
    replication: Replication | None = None
    """What the halves of the sessions say, for a claim formed from the data."""
    outcomes: tuple[Contrasted, ...] = ()
    """What the sessions with it came to, before correction."""
    durations: Durations | None = None
    """Of its traces beside the others, if it may be confirmed."""

    @property
    def p_value(self) -> float | None:
        """Of its own test: on the half that decides, where there is one."""
        case: Case | None = self.case
        if self.replication is not None and self.replication.held_out:
            decided = self.replication.decided
            case = decided.case if decided is not None else None
        return case.contrast.p_value if case is not None and case.contrast is not None else None


@dataclass(frozen=True)
class Weighed:
    """All of a case that can be told before the correction for many tests.

    It holds nothing as long as the tables: there are more than a hundred of these.
    """

    hypothesis: Hypothesis
    draft: Finding
    """The finding but for its verdict and what depends on q-values."""
    ruled: Callable[[float | None], Ruled]
    """The verdict for a q-value of its own test."""
    causes: tuple[tuple[float, RootCause], ...]
    """Each with the p-value of its test."""
    outcomes: tuple[Contrasted, ...]
    p_values: tuple[float, ...]
    """Of every test that was run for it."""
    places: ShownAt


@dataclass(frozen=True)
class ShownAt:
    """Where a case shows; units and spans only of what may be merged (``Hypothesis.mends``)."""

    traces: Places
    """Where its traces stand in the table of traces."""
    units: npt.NDArray[np.object_]
    """The affected ones."""
    trace_ids: npt.NDArray[np.object_]
    span_ids: npt.NDArray[np.object_]
    """With ``trace_ids`` a pair for each row of an affected unit."""


def weighed(examined: Examined, features: Features) -> Weighed:
    """What is kept of a case."""
    hypothesis, case, counted = examined.hypothesis, examined.case, examined.counted
    replication, rows, p_value = examined.replication, examined.rows, examined.p_value
    documentation = hypothesis.documentation()
    assessed = assessments(hypothesis, rows, case)
    draft = Finding(
        fingerprint=fingerprint(hypothesis, case.subject),
        hypothesis=hypothesis.id,
        title=f"{hypothesis.title}: {case.subject}" if case.subject else hypothesis.title,
        statement=_statement(case, counted, documentation.claim, hypothesis.unit),
        category=hypothesis.category,
        verdict=Verdict.NOT_TESTABLE,
        reason="",
        severity=hypothesis.severity,
        unit=hypothesis.unit,
        affected=counted.affected,
        eligible=counted.eligible,
        rate=counted.rate,
        interval=counted.interval,
        effect=case.contrast.effect if case.contrast else None,
        p_value=p_value,
        trace_ids=assessed.trace_ids,
        assessments=assessed,
        examples=examples(rows, case, _typical(examined, features), features),
        impact=impact(hypothesis, case.explained or case, _mendable(examined), features),
        why=documentation.why,
        not_flagged=documentation.not_flagged,
        trend=trend(counted, examined.first, features),
        subject=case.subject,
        onset_ms=case.onset_ms,
        durations=examined.durations,
        replicates=None if replication is None else replication.replicates,
        held_out=replication is not None and replication.held_out,
    )
    own = () if p_value is None else (p_value,)
    return Weighed(
        hypothesis,
        draft,
        partial(rule_on_halves, hypothesis, case.claim, counted.figures, replication),
        tuple(_root_causes(examined, features)),
        examined.outcomes,
        (*own, *examined.search.p_values, *(each.p_value for each in examined.outcomes)),
        _shown_at(examined),
    )


def finding_of(weighed: Weighed, q_of: dict[float, float]) -> Finding:
    """The finding of a weighed case; ``q_of`` gives the q-value of each p-value of its tests."""
    draft = weighed.draft
    q_value = None if draft.p_value is None else q_of[draft.p_value]
    ruled = weighed.ruled(q_value)
    is_confirmed = ruled.verdict is Verdict.CONFIRMED
    outcomes = tuple(each.corrected(q_of[each.p_value]) for each in weighed.outcomes)
    statement = draft.statement
    if weighed.hypothesis.text_cue and is_confirmed:
        statement = f"{statement} {harm_in_words(outcomes)}"
    finding = replace(
        draft,
        statement=statement,
        verdict=ruled.verdict,
        reason=ruled.reason,
        needs_more=ruled.needs_more,
        q_value=q_value,
        root_causes=tuple(
            replace(cause, q_value=q_of[p_value])
            for p_value, cause in weighed.causes
            if q_of[p_value] < FALSE_DISCOVERY_RATE
        ),
        outcomes=outcomes if is_confirmed else (),
        durations=draft.durations if is_confirmed else None,
    )
    return replace(finding, recommendation=weighed.hypothesis.recommend(finding))


def _shown_at(examined: Examined) -> ShownAt:
    counted, affected = examined.counted, examined.case.affected
    if not examined.hypothesis.mends:
        none = np.zeros(0, dtype=object)
        return ShownAt(examined.rows.trace, none, none, none)
    unit = counted.unit_of_row
    of_affected = (unit >= 0) & np.append(counted.shows, False)[unit]
    trace_ids, span_ids = (
        affected[column].to_numpy(dtype=object)[of_affected] for column in ("trace_id", "span_id")
    )
    units = counted.units[counted.shows].to_numpy(dtype=object)
    return ShownAt(examined.rows.trace, units, trace_ids, span_ids)


def _statement(case: Case, counted: Prevalence, claim: str, unit: Unit) -> str:
    said = (case.statement or claim).rstrip()
    said = said if said.endswith((".", "!", "?")) else f"{said}."
    if not counted.eligible:
        return said
    low, high = counted.interval
    noun = unit.value if counted.eligible == 1 else f"{unit.value}s"
    return (
        f"{said} {counted.affected:,} of {counted.eligible:,} {noun} show it: "
        f"{counted.rate:.1%} (95% interval {low:.1%} to {high:.1%})."
    )


def _mendable(examined: Examined) -> Places:
    """The traces of what is explained: of those that a user asks about only those that did badly."""
    if examined.case.explained is None:
        return examined.rows.trace
    bad = examined.counted.units.isin(examined.case.explained.affected["unit"])
    return examined.rows.trace[bad[examined.rows.unit]]


def _typical(examined: Examined, features: Features) -> Flags | None:
    """Traces (t, bool) of affected units that have the main cause, or else those that are explained."""
    units = examined.explained.shows
    if examined.search.candidates:
        units = units & holds_for(examined.search.candidates[0])
    elif examined.case.explained is None:
        return None
    typical = np.zeros(len(features.traces), dtype=bool)
    typical[examined.members.of(units)] = True
    return typical if typical.any() else None


def _root_causes(examined: Examined, features: Features) -> Iterator[tuple[float, RootCause]]:
    """What was found to go with it, each with its p-value; the q-values are told in the end."""
    candidates = examined.search.candidates
    if not candidates:
        return
    parts = [part for each in candidates for part in each.literals]
    tools = {part.value for part in parts if part.attribute == "tool"}
    shown = _spans_that_show_it(examined, tools, features) if tools else None
    strata = _topics(examined, features)
    explained = examined.explained
    for each in candidates:
        yield (
            each.p_value,
            RootCause(
                attribute=each.attribute,
                value=each.value,
                share=each.share,
                lift=each.lift,
                q_value=1.0,
                mechanism=_mechanism(each, examined, shown)
                + _where_reversed(each, examined, strata),
                affected=each.affected,
                units=each.units,
                replicates=each.replicates,
                interval=wilson(each.affected, each.units, explained.design_effect),
                rest_interval=wilson(
                    explained.affected - each.affected,
                    explained.eligible - each.units,
                    explained.design_effect,
                ),
            ),
        )


@dataclass(frozen=True)
class _Shown:
    """What the spans that show a finding say for themselves: calls of some tools, and failed ones if it is
    not about performance, for what others say explains nothing."""

    tool: npt.NDArray[np.object_]
    failed: Flags
    propagated: Flags
    error_status: npt.NDArray[np.int64]
    critical: Flags


def _spans_that_show_it(examined: Examined, tools: set[str], features: Features) -> _Shown:
    spans, rows = features.spans, examined.rows
    shown = np.full(len(features.traces), "", dtype=object)
    shown[rows.trace] = rows.span_id
    has_row = np.zeros(len(shown), dtype=bool)
    has_row[rows.trace] = True
    tool = spans.coded("tool")
    could_tell = tool.among(*tools)
    if examined.hypothesis.category is not Category.PERFORMANCE:
        could_tell &= spans["failed"].to_numpy(dtype=bool)
    theirs = np.flatnonzero(could_tell)
    theirs = theirs[has_row[features.trace_at[theirs]]]
    span_id = spans.take(theirs)["span_id"].to_numpy(dtype=object)
    known = theirs[span_id == shown[features.trace_at[theirs]]]
    return _Shown(
        tool.values[tool.codes[known]],
        spans["failed"].to_numpy(dtype=bool)[known],
        spans["propagated"].to_numpy(dtype=bool)[known],
        spans["error_status"].to_numpy(dtype=np.int64)[known],
        spans["critical_ms"].to_numpy(dtype=float)[known] > 0,
    )


def _mechanism(candidate: Candidate, examined: Examined, shown: _Shown | None) -> str:
    """ "because …" only where the affected spans themselves show it."""
    tool = next((each.value for each in candidate.literals if each.attribute == "tool"), "")
    if tool and shown is not None and len(examined.rows):
        own, enough = shown.tool == tool, 0.8 * len(examined.rows)
        failing = own & shown.failed
        if failing.sum() >= enough:
            propagated = int((shown.propagated & failing).sum())
            reached = f"; in {propagated:,} the error reached the root" if propagated else ""
            codes = shown.error_status[failing & (shown.error_status > 0)]
            status = f" with status {int(np.bincount(codes).argmax())}" if len(codes) else ""
            return (
                f"because {tool} itself failed{status} in {int(failing.sum()):,} of "
                f"{len(examined.rows):,} traces{reached}"
            )
        critical = int((own & shown.critical).sum())
        if critical >= enough and examined.hypothesis.category is Category.PERFORMANCE:
            return f"because {tool} lies on the critical path of {critical:,} of {len(examined.rows):,} traces"
    return f"{_ASSOCIATED} {candidate.attribute} = {candidate.value}"


def _topics(examined: Examined, features: Features) -> pd.Categorical:
    """The topic of each unit that is explained: of its first trace."""
    return features.shared(_topic_of_trace)[examined.first_explained]


def _topic_of_trace(features: Features) -> pd.Categorical:
    """The topic of each trace, and "" in the end for units that have no trace."""
    return pd.Categorical(np.append(features.traces["topic"].to_numpy(dtype=object), ""))


def _where_reversed(candidate: Candidate, examined: Examined, strata: pd.Categorical) -> str:
    """Topics in which the association goes the other way, in words (Simpson's paradox)."""
    if any(each.attribute == "topic" for each in candidate.literals):
        return ""
    flipped = reversed_strata(examined.explained.shows, holds_for(candidate), strata)
    return f"; but the other way round for the topic {', '.join(flipped)}" if flipped else ""


def fingerprint(hypothesis: Hypothesis, subject: str) -> str:
    """The same for the same claim about the same subject, however many traces there are."""
    identity = f"{hypothesis.id}\n{hypothesis.version}\n{subject}"
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:16]


def not_testable(hypothesis: Hypothesis, reason: str) -> Finding:
    """The finding of a hypothesis that could not be tested, and why."""
    documentation = hypothesis.documentation()
    return Finding(
        fingerprint=fingerprint(hypothesis, ""),
        hypothesis=hypothesis.id,
        title=hypothesis.title,
        statement=documentation.claim,
        category=hypothesis.category,
        verdict=Verdict.NOT_TESTABLE,
        reason=as_sentence(reason),
        severity=hypothesis.severity,
        unit=hypothesis.unit,
        why=documentation.why,
        not_flagged=documentation.not_flagged,
        recommendation=documentation.recommendation,
    )
