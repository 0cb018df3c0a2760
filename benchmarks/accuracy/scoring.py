"""What an analysis made of a scenario: found, cause first, and what else it confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.accuracy.planting import Generator, Scenario
from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.hypotheses.catalogue import catalogue
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.source import RecordedTraces


@dataclass(frozen=True)
class Outcome:
    """One scenario, scored. Plain data: it crosses from process to process."""

    generator: str
    hypothesis: str
    seed: int
    size: int
    built: bool
    """Whether the catalogue has the hypothesis at all."""
    detectable: bool
    planted: int
    has_cause: bool
    """Whether there is a cause to name; where there is none, only being found counts."""
    found: bool
    cause_first: bool
    told: str
    """What the finding said, for reading misses."""
    strays: tuple[str, ...]
    """Confirmed issues that are neither planted nor a consequence, and claims whose test broke."""
    seconds: float


def analyse(records: Iterable[TraceRecord], seed: int = 0) -> Analysis:
    """The whole catalogue on traces in memory."""
    *_, last = analyze(RecordedTraces(records), AnalysisOptions(seed=seed))
    assert isinstance(last, AnalysisReady)
    return last.analysis


def score(scenario: Scenario, analysis: Analysis, seconds: float = 0.0) -> Outcome:
    """Compare with the answer sheet."""
    generator = scenario.generator
    accepted = {generator.hypothesis, *generator.aliases}
    candidates = [each for each in analysis.findings if each.hypothesis in accepted]
    finding = _best(scenario, candidates)
    return Outcome(
        generator.id,
        generator.hypothesis,
        scenario.seed,
        scenario.size,
        generator.hypothesis in {each.id for each in catalogue()},
        scenario.detectable,
        len(scenario.planted),
        bool(generator.cause or generator.tells),
        finding is not None,
        finding is not None and names_cause(finding, generator),
        _told(finding, candidates),
        tuple(
            f"{each.hypothesis} {each.subject}".strip()
            for each in confirmed(analysis)
            if each.is_issue and each.hypothesis not in accepted | generator.also
        )
        + broken(analysis),
        seconds,
    )


def confirmed(analysis: Analysis) -> list[Finding]:
    """In rank order."""
    return [each for each in analysis.findings if each.verdict is Verdict.CONFIRMED]


def broken(analysis: Analysis) -> tuple[str, ...]:
    """Claims whose test ended in an exception."""
    return tuple(
        f"{each.hypothesis} did not run"
        for each in analysis.findings
        if each.verdict is Verdict.NOT_TESTABLE and "did not run" in each.reason
    )


def _best(scenario: Scenario, candidates: list[Finding]) -> Finding | None:
    """The confirmed one that shares most traces with what was planted, if it shares any."""
    shared = [
        (len(scenario.planted & set(each.trace_ids)), -rank, each)
        for rank, each in enumerate(candidates)
        if each.verdict is Verdict.CONFIRMED
    ]
    best = max(shared, key=lambda each: each[:2], default=None)
    return best[2] if best is not None and best[0] > 0 else None


def names_cause(finding: Finding, generator: Generator) -> bool:
    """Whether the first root cause, with the finding's subject, names every part of the cause."""
    if generator.tells:
        told = [finding.statement, finding.subject, *(each.value for each in finding.root_causes)]
        return any(generator.tells in text for text in told)
    literals = [(part.attribute, finding.subject) for part in generator.cause if finding.subject]
    if finding.root_causes:
        first = finding.root_causes[0]
        literals += zip(first.attribute.split(" and "), first.value.split(" and "), strict=False)
    return all(
        any(part.named(attribute, value) for attribute, value in literals)
        for part in generator.cause
    )


def _told(finding: Finding | None, candidates: list[Finding]) -> str:
    if finding is None:
        return "; ".join(
            f"{each.verdict.value} {each.subject} {each.affected}/{each.eligible}: {each.reason}"
            for each in candidates[:3]
        )
    causes = " | ".join(
        f"{each.attribute}={each.value} ({each.affected}/{each.units})"
        for each in finding.root_causes[:2]
    )
    return f"{finding.subject} {finding.affected}/{finding.eligible}; causes: {causes or 'none'}"
