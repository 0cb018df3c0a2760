"""Hypothesis ``unreliable-tool``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from mlflow_analysis.features.selection import Selection
from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.failure_class import (
    EXCERPT_LENGTH,
    after_seconds,
    most_frequent,
    outcomes,
    seconds_in,
    with_status,
)
from mlflow_analysis.statistics.clustering import Codes, design_effect
from mlflow_analysis.statistics.intervals import newcombe

Flags = npt.NDArray[np.bool_]
_FEWEST_CALLS = 10
_COLUMNS = [
    "trace", "trace_id", "span_id", "session", "tool", "depth", "duration_ms", "failed", "propagated", "error_class",
    "error_status", "error_message", "error_offset",
]  # fmt: skip


class UnreliableTool(Hypothesis):
    """One tool fails more often than the other tools do.

    ## Why it matters
    An agent is as reliable as its weakest tool: what it fails at, the model must work around, repeat or
    leave out.

    ## Test
    For each tool with 10 calls or more: its failure rate minus that of all the other tools' calls, with a
    Newcombe interval widened by the design effect of sessions. The p-value is that of Cochran, Mantel and
    Haenszel's test stratified by session where most of the tool's calls have calls of other tools beside
    them in their session, since a session that goes badly takes all its tools along; else that of
    Fisher's test on the counts divided by the design effect. Confirmed if the lower bound is above 5
    points and q < 0.10.

    ## Not flagged
    Tools with fewer than 10 calls; calls cancelled on purpose; a tool that is as bad as all the others.

    ## Recommendation
    Read the tool's most frequent failure first and mend that. Until then give it a fallback, retry what is
    idempotent with back-off, and let the agent know what to do without it.

    ## Sources
    Newcombe (1998), Statistics in Medicine 17:873; Mantel & Haenszel (1959), J. Natl. Cancer Inst. 22:719;
    Rao & Scott (1981), J. Am. Stat. Assoc. 76:221.
    """

    id = "unreliable-tool"
    title = "A tool is unreliable"
    category = Category.OPERATIONAL
    mends = "failing calls"
    unit = Unit.SPAN
    severity = Severity.MEDIUM
    rule = Rule.EFFECT
    minimum_effect = 0.05
    needs = frozenset({Field.TOOL_SPANS})
    not_causes = frozenset({"tool"})
    live = False

    def eligible(self, features: Features) -> pd.Index:
        """Calls of any tool in complete traces."""
        return _calls(features).index

    def affected(self, features: Features) -> pd.DataFrame:
        """Failed calls, of any tool."""
        calls = _calls(features)
        return _rows(features, _failing(features, calls.index[_failed(calls)]))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each tool with enough calls; eligible are the calls of that tool."""
        calls = _calls(features)
        codes, names = calls.coded("tool").met()
        sizes = np.bincount(codes, minlength=len(names))
        tested = np.flatnonzero(sizes >= _FEWEST_CALLS)
        if len(names) < 2 or not len(tested):
            reason = "only one tool is called" if len(names) < 2 else "no tool has 10 calls"
            nobody = _rows(features, _failing(features, calls.index[:0]))
            yield Case(calls.index, nobody, test_without_effect=reason)
            return
        failed, sessions = _failed(calls), calls.coded("session").met()[0]
        widening = design_effect(failed, sessions)
        mixed = _tools_in(sessions, codes)[sessions] > 1
        failing = _failing(features, calls.index[failed])
        of_failing, rows = codes[failed], _rows(features, failing)
        for code in tested:
            of_tool = codes == code
            spans = failing[of_failing == code]
            by_session = bool(mixed[of_tool].mean() > 0.5)
            contrast = _contrast(of_tool, failed, sessions if by_session else None, widening)
            tool = str(names[code])
            yield Case(
                calls.index[of_tool],
                rows[of_failing == code].reset_index(drop=True),
                subject=tool,
                contrast=contrast,
                statement=_told(tool, int(sizes[code]), spans, contrast.effect),
                seconds_lost=seconds_in(spans),
            )

    def recommend(self, finding: Finding) -> str:
        """Names the tool and its rate."""
        return f"{finding.subject} fails in {finding.rate:.0%} of its calls. {self.documentation().recommendation}"


def _calls(features: Features) -> Selection:
    spans = features.spans
    return spans[features.is_call & features.ended & ~spans.coded("tool").among("")]


def _failing(features: Features, calls: pd.Index) -> pd.DataFrame:
    """What is told of those that failed."""
    return features.spans.take(calls.to_numpy(np.int64))[_COLUMNS]


def _failed(calls: Selection) -> Flags:
    return calls["failed"].to_numpy(dtype=bool) & ~calls.coded("error_class").among("cancelled")


def _tools_in(sessions: Codes, tools: Codes) -> Codes:
    """How many tools are called in each session."""
    pairs = pd.unique(sessions * (tools.max() + 1) + tools)
    return np.bincount(pairs // (tools.max() + 1))


def _contrast(of_tool: Flags, failed: Flags, sessions: Codes | None, widening: float) -> Contrast:
    """Against all other calls; stratified by session where ``sessions`` are given."""
    n1, k1 = int(of_tool.sum()), int((of_tool & failed).sum())
    n2, k2 = len(failed) - n1, int(failed.sum()) - k1
    rate_in, rate_out = k1 / n1, (k2 / n2 if n2 else 0.0)
    interval = newcombe(k1, n1, k2, n2, widening)
    if rate_in <= rate_out:
        p_value = 1.0  # the claim is one-sided: nothing speaks for it
    elif sessions is not None:
        p_value = _mantel_haenszel(of_tool, failed, sessions)
    else:
        table = np.array([[k1, n1 - k1], [k2, n2 - k2]]) / widening
        p_value = float(scipy.stats.fisher_exact(np.rint(table).astype(int)).pvalue)
    effect = Effect("difference of failure rates", rate_in - rate_out, interval, rate_out)
    return Contrast(effect, p_value)


def _mantel_haenszel(of_tool: Flags, failed: Flags, sessions: Codes) -> float:
    """p of no association within sessions, with the continuity correction."""
    cells = 4 * sessions + 2 * ~of_tool + ~failed
    counts = np.bincount(cells, minlength=4 * (int(sessions.max()) + 1)).astype(float)
    tables = counts.reshape(-1, 2, 2)
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    telling = (rows > 0).all(axis=1) & (columns > 0).all(axis=1)
    if not telling.any():
        return 1.0
    from statsmodels.stats.contingency_tables import StratifiedTable

    table = StratifiedTable(np.moveaxis(tables[telling], 0, 2))
    return float(table.test_null_odds(correction=True).pvalue)


def _rows(features: Features, spans: pd.DataFrame) -> pd.DataFrame:
    return affected_rows(
        spans.index,
        spans["trace_id"],
        spans["span_id"],
        spans["error_message"].str[:EXCERPT_LENGTH],
        spans["tool"]
        + " failed"
        + with_status(spans)
        + after_seconds(spans)
        + outcomes(features, spans),
        spans["error_offset"],
    )


def _told(tool: str, calls: int, spans: pd.DataFrame, effect: Effect) -> str:
    rate = len(spans) / calls
    text = (
        f"{tool} fails in {rate:.1%} of {calls:,} calls, the other tools in {effect.baseline:.1%}."
    )
    if spans.empty:
        return text
    return f"{text} The failures are {most_frequent(spans['error_class'].replace('other', 'of no known class'), '')}."
