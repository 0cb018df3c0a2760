"""Put together what a finding carries, once its count, its test and its causes are known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.evidence.candidates import Candidate, holds_for
from mlflow_analysis.evidence.causes import Search
from mlflow_analysis.evidence.examples import Rows, assessments, examples, trend
from mlflow_analysis.evidence.impact import impact
from mlflow_analysis.evidence.outcomes import Contrasted, harm_in_words
from mlflow_analysis.evidence.prevalence import Flags, Members, Places, Prevalence, places_in
from mlflow_analysis.evidence.replication import Replication
from mlflow_analysis.evidence.verdict import rule_on_halves
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Category, Finding, OutcomeContrast, RootCause, Unit, Verdict
from mlflow_analysis.hypotheses.base import Case, Hypothesis
from mlflow_analysis.statistics.contrasts import reversed_strata
from mlflow_analysis.statistics.multiple_testing import FALSE_DISCOVERY_RATE

_ASSOCIATED = "associated with"


@dataclass(frozen=True)
class Weighed:
    """A case with its count and the search for its causes, before correction."""

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

    @property
    def p_value(self) -> float | None:
        """Of its own test: on the half that decides, where there is one."""
        case: Case | None = self.case
        if self.replication is not None and self.replication.held_out:
            decided = self.replication.decided
            case = decided.case if decided is not None else None
        return case.contrast.p_value if case is not None and case.contrast is not None else None

    @property
    def p_values(self) -> list[float]:
        """Of every test that was run for it."""
        own = [] if self.p_value is None else [self.p_value]
        return [*own, *self.search.p_values, *(each.p_value for each in self.outcomes)]


def finding_of(
    weighed: Weighed,
    q_of: dict[float, float],
    features: Features,
) -> Finding:
    """The finding of a weighed case; ``q_of`` gives the q-value of each p-value of its tests."""
    hypothesis, case, counted = weighed.hypothesis, weighed.case, weighed.counted
    replication = weighed.replication
    p_value = weighed.p_value
    rows = weighed.rows
    q_value = None if p_value is None else q_of[p_value]
    ruled = rule_on_halves(hypothesis, case, counted, replication, q_value)
    clear = [
        each for each in weighed.search.candidates if q_of[each.p_value] < FALSE_DISCOVERY_RATE
    ]
    causes = _root_causes(clear, q_of, weighed, features)
    outcomes: tuple[OutcomeContrast, ...] = ()
    if ruled.verdict is Verdict.CONFIRMED:
        outcomes = tuple(each.corrected(q_of[each.p_value]) for each in weighed.outcomes)
    documentation = hypothesis.documentation()
    statement = _statement(case, counted, documentation.claim, hypothesis.unit)
    if hypothesis.text_cue and ruled.verdict is Verdict.CONFIRMED:
        statement = f"{statement} {harm_in_words(outcomes)}"
    finding = Finding(
        fingerprint=fingerprint(hypothesis, case.subject),
        hypothesis=hypothesis.id,
        title=f"{hypothesis.title}: {case.subject}" if case.subject else hypothesis.title,
        statement=statement,
        category=hypothesis.category,
        verdict=ruled.verdict,
        reason=ruled.reason,
        severity=hypothesis.severity,
        unit=hypothesis.unit,
        affected=counted.affected,
        eligible=counted.eligible,
        rate=counted.rate,
        interval=counted.interval,
        effect=case.contrast.effect if case.contrast else None,
        p_value=p_value,
        q_value=q_value,
        needs_more=ruled.needs_more,
        trace_ids=tuple(map(str, rows.trace_id.tolist())),
        assessments=assessments(hypothesis, rows, case),
        examples=examples(rows, case, _typical(weighed, features), features),
        root_causes=causes,
        impact=impact(hypothesis, case.explained or case, _mendable(weighed), features),
        why=documentation.why,
        not_flagged=documentation.not_flagged,
        trend=trend(counted, weighed.first, features),
        subject=case.subject,
        onset_ms=case.onset_ms,
        replicates=None if replication is None else replication.replicates,
        held_out=replication is not None and replication.held_out,
        outcomes=outcomes,
    )
    return _with_recommendation(hypothesis, finding)


def _with_recommendation(hypothesis: Hypothesis, finding: Finding) -> Finding:
    return replace(finding, recommendation=hypothesis.recommend(finding))


def _statement(case: Case, counted: Prevalence, claim: str, unit: Unit) -> str:
    said = (case.statement or claim).rstrip()
    said = said if said.endswith((".", "!", "?")) else f"{said}."
    if not counted.eligible:
        return said
    low, high = counted.interval
    noun = unit.value if counted.eligible == 1 else f"{unit.value}s"
    return (
        f"{said} {counted.affected} of {counted.eligible} {noun} show it: "
        f"{counted.rate:.1%} (95% interval {low:.1%} to {high:.1%})."
    )


def _mendable(weighed: Weighed) -> Places:
    """The traces of what is explained: of those that a user asks about only those that did badly."""
    if weighed.case.explained is None:
        return weighed.rows.trace
    bad = weighed.counted.units.isin(weighed.case.explained.affected["unit"])
    return weighed.rows.trace[bad[weighed.rows.unit]]


def _typical(weighed: Weighed, features: Features) -> Flags | None:
    """Traces (t, bool) of affected units that have the main cause, or else those that are explained."""
    units = weighed.explained.shows
    if weighed.search.candidates:
        units = units & holds_for(weighed.search.candidates[0])
    elif weighed.case.explained is None:
        return None
    typical = np.zeros(len(features.traces), dtype=bool)
    typical[weighed.members.of(units)] = True
    return typical if typical.any() else None


def _root_causes(
    candidates: list[Candidate], q_of: dict[float, float], weighed: Weighed, features: Features
) -> tuple[RootCause, ...]:
    if not candidates:
        return ()
    about_tool = any(part.attribute == "tool" for each in candidates for part in each.literals)
    shown = _spans_that_show_it(weighed, features) if about_tool else None
    strata = _topics(weighed, features)
    return tuple(
        RootCause(
            attribute=each.attribute,
            value=each.value,
            share=each.share,
            lift=each.lift,
            q_value=q_of[each.p_value],
            mechanism=_mechanism(each, weighed, shown) + _where_reversed(each, weighed, strata),
            affected=each.affected,
            units=each.units,
            replicates=each.replicates,
        )
        for each in candidates
    )


@dataclass(frozen=True)
class _Shown:
    """What the spans that show a finding say for themselves."""

    tool: npt.NDArray[np.object_]
    failed: Flags
    propagated: Flags
    error_status: npt.NDArray[np.int64]
    critical: Flags


def _spans_that_show_it(weighed: Weighed, features: Features) -> _Shown:
    spans, rows = features.spans, weighed.rows
    places = places_in(spans.index, rows.trace_id + "/" + rows.span_id)
    known = places[places >= 0]
    return _Shown(
        spans["tool"].to_numpy(dtype=object)[known],
        spans["failed"].to_numpy(dtype=bool)[known],
        spans["propagated"].to_numpy(dtype=bool)[known],
        spans["error_status"].to_numpy(dtype=np.int64)[known],
        spans["critical_ms"].to_numpy(dtype=float)[known] > 0,
    )


def _mechanism(candidate: Candidate, weighed: Weighed, shown: _Shown | None) -> str:
    """ "because …" only where the affected spans themselves show it."""
    tool = next((each.value for each in candidate.literals if each.attribute == "tool"), "")
    if tool and shown is not None and len(weighed.rows):
        own, enough = shown.tool == tool, 0.8 * len(weighed.rows)
        failing = own & shown.failed
        if failing.sum() >= enough:
            propagated = int((shown.propagated & failing).sum())
            reached = f"; in {propagated} the error reached the root" if propagated else ""
            codes = shown.error_status[failing & (shown.error_status > 0)]
            status = f" with status {int(np.bincount(codes).argmax())}" if len(codes) else ""
            return (
                f"because {tool} itself failed{status} in {int(failing.sum())} of "
                f"{len(weighed.rows)} traces{reached}"
            )
        critical = int((own & shown.critical).sum())
        if critical >= enough and weighed.hypothesis.category is Category.PERFORMANCE:
            return f"because {tool} lies on the critical path of {critical} of {len(weighed.rows)} traces"
    return f"{_ASSOCIATED} {candidate.attribute} = {candidate.value}"


def _topics(weighed: Weighed, features: Features) -> pd.Categorical:
    """The topic of each unit that is explained: of its first trace."""
    return features.shared(_topic_of_trace)[weighed.first_explained]


def _topic_of_trace(features: Features) -> pd.Categorical:
    """The topic of each trace, and "" in the end for units that have no trace."""
    return pd.Categorical(np.append(features.traces["topic"].to_numpy(dtype=object), ""))


def _where_reversed(candidate: Candidate, weighed: Weighed, strata: pd.Categorical) -> str:
    """Topics in which the association goes the other way, in words (Simpson's paradox)."""
    if any(each.attribute == "topic" for each in candidate.literals):
        return ""
    flipped = reversed_strata(weighed.explained.shows, holds_for(candidate), strata)
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
        reason=f"Not testable: {reason}.",
        severity=hypothesis.severity,
        unit=hypothesis.unit,
        why=documentation.why,
        not_flagged=documentation.not_flagged,
        recommendation=documentation.recommendation,
    )
