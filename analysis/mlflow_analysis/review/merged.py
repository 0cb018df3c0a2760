"""Findings that a person merged: which stands for which, and what they come to together.

The affected traces of all are counted together, each trace once, however many of them show it. Units of
different kinds (sessions, calls, traces) cannot be added, so a merged finding keeps its own count of n with
its interval, and what is added is this number of traces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlflow_analysis.findings.finding import Alias, Finding
from mlflow_analysis.findings.kinds import Severity

EXAMPLES = 5
"""At most so many examples a finding."""
_RANKS = {Severity.LOW: 1, Severity.MEDIUM: 2, Severity.HIGH: 3}


def homes(findings: Sequence[Finding], merged_into: Mapping[str, str]) -> dict[str, str]:
    """For each merged finding, by fingerprint, the one that stands for it: the end of the chain.

    ``merged_into`` is what people said. A finding whose home this analysis does not name stands for itself;
    of findings merged in a circle (two people at the same time) the first in rank order stands for all.
    """
    named = {
        alias.fingerprint: finding.fingerprint for finding in findings for alias in finding.aliases
    }
    named |= {finding.fingerprint: finding.fingerprint for finding in findings}
    rank = {finding.fingerprint: place for place, finding in enumerate(findings)}
    found: dict[str, str] = {}
    for finding in findings:
        way = [finding.fingerprint]
        while True:
            target = named.get(merged_into.get(way[-1], ""))
            if target is None or target == way[-1]:
                home = way[-1]
                break
            if target in way:
                home = min(way[way.index(target) :], key=rank.__getitem__)
                break
            way.append(target)
        if home != finding.fingerprint:
            found[finding.fingerprint] = home
    return found


def together(finding: Finding, members: Sequence[Finding]) -> Finding:
    """``finding`` with the traces, examples and names of ``members``, as severe as the most severe of them.

    Count, interval, causes and impact stay those of ``finding``.
    """
    if not members:
        return finding
    all_of_them = (finding, *members)
    traces = dict.fromkeys(trace for each in all_of_them for trace in each.trace_ids)
    assessments = {
        (each.trace_id, each.span_id, each.name): each
        for member in reversed(all_of_them)
        for each in member.assessments
    }
    shown = {example.trace_id for example in finding.examples}
    further = [each for member in members for each in member.examples if each.trace_id not in shown]
    aliases = [*finding.aliases]
    for each in members:
        aliases += [alias_of(each), *each.aliases]
    return replace(
        finding,
        severity=max((each.severity for each in all_of_them), key=_RANKS.__getitem__),
        trace_ids=tuple(traces),
        assessments=tuple(assessments.values()),
        examples=(*finding.examples, *further)[: max(EXAMPLES, len(finding.examples))],
        aliases=tuple(aliases),
    )


def alias_of(finding: Finding) -> Alias:
    """What is kept of a finding that goes into another."""
    return Alias(
        finding.fingerprint,
        finding.hypothesis,
        finding.title,
        finding.subject,
        finding.unit,
        finding.affected,
        finding.eligible,
        finding.interval,
        finding.trace_ids,
    )
