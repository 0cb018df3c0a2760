"""Put together what a finding carries, once its count, its test and its causes are known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pandas as pd

from mlflow_analysis.evidence.causes import Candidate, Search, holds_for
from mlflow_analysis.evidence.examples import assessments, examples, trend
from mlflow_analysis.evidence.impact import impact
from mlflow_analysis.evidence.prevalence import Prevalence, traces_of
from mlflow_analysis.evidence.replication import Replication
from mlflow_analysis.evidence.verdict import rule_on_halves
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Finding, RootCause, Unit, Verdict
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
    rows: pd.DataFrame
    search: Search
    explained: Prevalence
    """What the causes are of: ``counted``, unless the case says otherwise."""
    replication: Replication | None = None
    """What the halves of the sessions say, for a claim formed from the data."""

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
        return [*own, *self.search.p_values]


def finding_of(
    weighed: Weighed,
    q_of: dict[float, float],
    features: Features,
) -> Finding:
    """The finding of a weighed case; ``q_of`` gives the q-value of each p-value of its tests."""
    hypothesis, case, counted = weighed.hypothesis, weighed.case, weighed.counted
    replication = weighed.replication
    p_value = weighed.p_value
    q_value = None if p_value is None else q_of[p_value]
    ruled = rule_on_halves(hypothesis, case, counted, replication, q_value)
    causes = tuple(
        _root_cause(candidate, q_of[candidate.p_value], weighed, features)
        for candidate in weighed.search.candidates
        if q_of[candidate.p_value] < FALSE_DISCOVERY_RATE
    )
    documentation = hypothesis.documentation()
    finding = Finding(
        fingerprint=fingerprint(hypothesis, case.subject),
        hypothesis=hypothesis.id,
        title=f"{hypothesis.title}: {case.subject}" if case.subject else hypothesis.title,
        statement=_statement(case, counted, documentation.claim, hypothesis.unit),
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
        trace_ids=tuple(str(trace_id) for trace_id in weighed.rows["trace_id"]),
        assessments=assessments(hypothesis, weighed.rows),
        examples=examples(weighed.rows, _typical(weighed, features), features),
        root_causes=causes,
        impact=impact(hypothesis, case, weighed.rows, features),
        why=documentation.why,
        not_flagged=documentation.not_flagged,
        trend=trend(hypothesis, case, counted, features),
        subject=case.subject,
        replicates=None if replication is None else replication.replicates,
        held_out=replication is not None and replication.held_out,
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


def _typical(weighed: Weighed, features: Features) -> set[str]:
    """Traces of affected units that have the main cause, or else those that are explained."""
    explained = weighed.explained
    if weighed.search.candidates:
        units = explained.units[holds_for(weighed.search.candidates[0]) & explained.shows]
    elif weighed.case.explained is not None:
        units = explained.units[explained.shows]
    else:
        return set()
    return {str(each) for each in traces_of(weighed.hypothesis.unit, units, weighed.case, features)}


def _root_cause(
    candidate: Candidate, q_value: float, weighed: Weighed, features: Features
) -> RootCause:
    return RootCause(
        attribute=candidate.attribute,
        value=candidate.value,
        share=candidate.share,
        lift=candidate.lift,
        q_value=q_value,
        mechanism=_mechanism(candidate, weighed, features)
        + _where_reversed(candidate, weighed, features),
        affected=candidate.affected,
        units=candidate.units,
        replicates=candidate.replicates,
    )


def _mechanism(candidate: Candidate, weighed: Weighed, features: Features) -> str:
    """ "because …" only where the affected spans themselves show it."""
    tool = next((each.value for each in candidate.literals if each.attribute == "tool"), "")
    keys = weighed.rows["trace_id"].astype(str) + "/" + weighed.rows["span_id"].astype(str)
    places = features.spans.index.get_indexer(pd.Index(keys))
    spans = features.spans.iloc[places[places >= 0]]
    if tool and len(spans):
        failing = spans[(spans["tool"] == tool) & spans["failed"]]
        if len(failing) >= 0.8 * len(weighed.rows) and len(failing):
            propagated = int(failing["propagated"].sum())
            reached = f"; in {propagated} the error reached the root" if propagated else ""
            codes = failing["error_status"][failing["error_status"] > 0]
            shown = f" with status {int(codes.mode().iloc[0])}" if len(codes) else ""
            return f"because {tool} itself failed{shown} in {len(failing)} of {len(weighed.rows)} traces{reached}"
        critical = spans[(spans["tool"] == tool) & (spans["critical_ms"] > 0)]
        if (
            len(critical) >= 0.8 * len(weighed.rows)
            and weighed.hypothesis.category.value == "performance"
        ):
            return f"because {tool} lies on the critical path of {len(critical)} of {len(weighed.rows)} traces"
    return f"{_ASSOCIATED} {candidate.attribute} = {candidate.value}"


def _where_reversed(candidate: Candidate, weighed: Weighed, features: Features) -> str:
    """Topics in which the association goes the other way, in words (Simpson's paradox)."""
    if any(each.attribute == "topic" for each in candidate.literals):
        return ""
    counted, unit = weighed.explained, weighed.hypothesis.unit
    pairs = traces_of(unit, counted.units, weighed.case, features)
    topic = features.traces["topic"].reindex(pairs.to_numpy()).set_axis(pairs.index)
    strata = topic[~topic.index.duplicated()].reindex(counted.units).to_numpy(dtype=object)
    flipped = reversed_strata(counted.shows, holds_for(candidate), strata)
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
