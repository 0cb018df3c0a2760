"""Tool calls that wait for one another without need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import AFFECTED_COLUMNS, Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.performance.sequential_runs import Rows, Runs, independent_runs
from mlflow_analysis.timing.replay import Mend

_SHARE_SAVED = 0.10
_LEAST_SAVED_MS = 100.0
_CALLS_TOLD = 6


class SequentialCalls(Hypothesis):
    """Independent tool calls run one after the other instead of side by side.

    ## Why it matters
    The user waits for the sum of the calls where the longest one would do. Nothing has to become
    faster for that: only to start earlier.

    ## Test
    Unit: the parent of tool calls with the most to save, one for each ended trace that has one. Looked for
    are sibling tool or retriever calls that do not overlap (by more than 1 ms), with no other span between
    their starts, where no value of an earlier call's output (that was not already known from the request
    or from that call's own arguments) appears in a later call's arguments. Saving: the sum of their
    durations less the longest, added up over the parent's runs of such calls. Affected: parents whose
    saving is more than 10 % of the trace's duration and at least 100 ms; so is then the median saving.
    Confirmed if the lower bound of the share of traces that call tools (Wilson, at the effective sample
    size) is above 5 %, refuted if the upper bound is below. Impact: a replay in which each call of a run
    waits for the start, not for the end, of the one before it, and keeps the recorded gap before it.

    ## Not flagged
    Calls with a model call or any other step between them; a later call that uses what an earlier one
    returned; retries and repeated identical calls; a call after a failed one; tools whose name says that
    they change something, for their order may matter; calls whose arguments or outputs were not recorded
    or were too long to compare; savings nobody feels.

    ## Recommendation
    Start these calls together (asyncio.gather, a thread pool, RunnableParallel) and let the model ask for
    several tools in one step (parallel tool calls).

    ## Sources
    Kim et al. 2024, An LLM Compiler for Parallel Function Calling, arXiv:2312.04511. Nielsen 1993,
    Usability Engineering, ch. 5 (0.1 s is the limit of what is felt as immediate). Amdahl 1967.
    """

    id: ClassVar[str] = "sequential-calls"
    title: ClassVar[str] = "Independent tool calls in sequence"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.SPAN
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset(
        {Field.TOOL_SPANS, Field.DURATIONS, Field.DURATIONS_MEASURED}
    )
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """The key of one parent of tool calls for each ended trace that has one."""
        return _units(features, _wasteful(features))

    def affected(self, features: Features) -> pd.DataFrame:
        """Parents that would save time."""
        return _rows(_wasteful(features), features)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the time that would be saved."""
        wasteful = _wasteful(features)
        told = ""
        if len(wasteful.parent):
            saving = wasteful.saving_ms
            share = saving / _whole_ms(features, wasteful.parent)
            told = (
                "Independent tool calls run one after the other; side by side they would save "
                f"{np.median(saving) / 1000:.2f} s in the median, {np.median(share):.0%} of the trace."
            )
        yield Case(
            _units(features, wasteful),
            _rows(wasteful, features),
            statement=told,
            mended=_side_by_side(wasteful.runs) if len(wasteful.parent) else None,
        )

    def recommend(self, finding: Finding) -> str:
        """The documented advice, with the time it would give back."""
        saved = finding.impact.seconds if finding.impact else None
        if not saved:
            return self.documentation().recommendation
        told = f" Together they would have saved {saved:,.0f} s or more in the traces read."
        return self.documentation().recommendation + told


@dataclass(frozen=True)
class _Wasteful:
    """Parents whose saving is worth it, one a trace, the one that saves most, in the order of the table."""

    parent: Rows
    """Its row of spans."""
    saving_ms: npt.NDArray[np.float64]
    """By parent."""
    runs: Runs
    """Theirs, one parent's after another's."""


def _wasteful(features: Features) -> _Wasteful:
    return features.shared(_find)


def _find(features: Features) -> _Wasteful:
    runs = independent_runs(features, _LEAST_SAVED_MS, _SHARE_SAVED)
    parents, number = np.unique(runs.parent, return_inverse=True)
    saving = np.bincount(number, runs.saving_ms, minlength=len(parents)).astype(float)
    worth_it = (saving >= _LEAST_SAVED_MS) & (saving > _SHARE_SAVED * _whole_ms(features, parents))
    parents, saving = parents[worth_it], saving[worth_it]
    traces = features.trace_at[parents]
    order = np.lexsort((parents, -saving, traces))
    best = np.sort(order[np.unique(traces[order], return_index=True)[1]])
    parents, saving = parents[best], saving[best]
    return _Wasteful(parents, saving, runs.only(np.isin(runs.parent, parents)))


def _whole_ms(features: Features, parents: Rows) -> npt.NDArray[np.float64]:
    """Duration of the traces of these rows of spans."""
    durations = features.traces["duration_ms"].to_numpy(dtype=float)
    return np.asarray(durations[features.trace_at[parents]])


def _units(features: Features, wasteful: _Wasteful) -> pd.Index:
    """For each ended trace the wasteful parent, else the parent of its first tool call."""
    at = features.trace_at
    calls = features.is_call & features.ended & (features.parent_at >= 0)
    parents = np.append(wasteful.parent, features.parent_at[calls])
    _, first = np.unique(at[parents], return_index=True)
    return pd.Index(parents[first])


def _side_by_side(runs: Runs) -> Mend:
    groups = np.repeat(np.arange(len(runs.parent)), runs.lengths)
    return Mend(
        "the independent calls started together", side_by_side=pd.Series(groups, index=runs.calls)
    )


def _rows(wasteful: _Wasteful, features: Features) -> pd.DataFrame:
    spans, runs, parents = features.spans, wasteful.runs, wasteful.parent
    if not len(parents):
        return pd.DataFrame(columns=AFFECTED_COLUMNS)
    # what is shown of a parent is the run that would save most
    order = np.lexsort((-runs.saving_ms, runs.parent))
    most = np.zeros(len(order), dtype=bool)
    most[order[np.searchsorted(runs.parent[order], parents)]] = True
    shown = runs.only(most)
    first, last = shown.edges[:-1], np.minimum(shown.edges[1:], shown.edges[:-1] + _CALLS_TOLD)
    names = spans["name"].to_numpy(dtype=object)[shown.calls]
    ms, start = (
        spans[name].to_numpy(dtype=float)[shown.calls] for name in ("duration_ms", "start_ms")
    )
    since = start - np.repeat(start[first], shown.lengths)
    told = [
        f"{name} {took:,.0f} ms (from {begun:,.0f} ms)"
        for name, took, begun in zip(names, ms.tolist(), since.tolist(), strict=True)
    ]
    excerpts = [
        ", then ".join(told[low:high])
        for low, high in zip(first.tolist(), last.tolist(), strict=True)
    ]
    calls = np.bincount(np.searchsorted(parents, runs.parent), runs.lengths).astype(int)
    rationales = [
        f"{count:,} calls wait for one another though none uses what another returned: together they "
        f"would take {saving:,.0f} ms less, {saving / whole:.0%} of the trace's {whole:,.0f} ms."
        for count, saving, whole in zip(
            calls.tolist(),
            wasteful.saving_ms.tolist(),
            _whole_ms(features, parents).tolist(),
            strict=True,
        )
    ]
    return affected_rows(
        pd.Index(parents),
        spans["trace_id"].iloc[parents],
        spans["span_id"].iloc[shown.calls[first + 1]],
        pd.Series(excerpts, dtype=object),
        pd.Series(rationales, dtype=object),
    )
