"""Tool calls that wait for one another without need."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isnan
from typing import Any, ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Finding, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.records import TOOL_KINDS

_SHARE_SAVED = 0.10
_LEAST_SAVED_MS = 100.0
_OVERLAP_MS = 1.0
_OUTPUT_LIMIT, _ARGUMENTS_LIMIT = 8_000, 2_000
_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CHANGING_WORDS = (
    "create update delete remove insert write save send post put patch book pay charge refund cancel submit "
    "commit move add set edit apply execute run login authenticate click type navigate open close install "
    "issue reserve order schedule upload transfer"
)
_READING_WORDS = (
    "get fetch lookup look search list find check status read query quote history details show view retrieve "
    "info policy balance count estimate sql"
)
_CHANGING, _READING = frozenset(_CHANGING_WORDS.split()), frozenset(_READING_WORDS.split())
_VALUE = re.compile(r"\w[\w.@:/+-]{2,}")


@dataclass(frozen=True)
class _Run:
    """Calls of one parent that could have run side by side."""

    parent: str
    """Span key of the parent."""
    calls: list[Any]
    """Rows of ``features.spans``."""

    @property
    def saving_ms(self) -> float:
        durations = [call.duration_ms for call in self.calls]
        return float(sum(durations) - max(durations))


class SequentialCalls(Hypothesis):
    """Independent tool calls run one after the other instead of side by side.

    ## Why it matters
    The user waits for the sum of the calls where the longest one would do. Nothing has to become
    faster for that: only to start earlier.

    ## Test
    Unit: spans that call tools. Looked for are sibling tool or retriever calls that do not overlap, with
    no other span between them, where no value of an earlier call's output (that was not already known
    from the request or from that call's own arguments) appears in a later call's arguments. Saving: the
    sum of their durations less the longest. Affected: parents whose saving is more than 10 % of the
    trace's duration and at least 100 ms. Confirmed if the lower bound of the share (Wilson) is above 5 %.

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
        """Span keys of the parents of tool calls, in ended traces."""
        calls = features.calls
        calls = calls[calls["trace_id"].isin(features.complete.index) & (calls["parent_id"] != "")]
        keys = calls["trace_id"] + "/" + calls["parent_id"]
        return pd.Index(keys.unique(), dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """Parents that would save time."""
        return _rows(_wasteful(features), features)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the time that would be saved."""
        wasteful = _wasteful(features)
        per_parent = pd.Series(
            {parent: sum(run.saving_ms for run in runs) for parent, runs in wasteful.items()},
            dtype=float,
        )
        told = ""
        if len(per_parent):
            trace_ids = per_parent.index.str.rpartition("/").get_level_values(0)
            share = (
                per_parent.to_numpy() / features.traces["duration_ms"].reindex(trace_ids).to_numpy()
            )
            told = (
                "Independent tool calls run one after the other; side by side they would save "
                f"{per_parent.median() / 1000:.2f} s in the median, {pd.Series(share).median():.0%} of the trace."
            )
        yield Case(
            self.eligible(features),
            _rows(wasteful, features),
            statement=told,
            seconds_lost=float(per_parent.sum()) / 1000,
        )

    def recommend(self, finding: Finding) -> str:
        """The documented advice, with the time it would give back."""
        lost = finding.impact.seconds if finding.impact else None
        told = f" Together they would have saved {lost:.0f} s in the traces read." if lost else ""
        return self.documentation().recommendation + told


def _wasteful(features: Features) -> dict[str, list[_Run]]:
    """Runs by parent where the saving is worth it."""
    duration = features.complete["duration_ms"]
    found: dict[str, list[_Run]] = {}
    for run in _runs(features):
        found.setdefault(run.parent, []).append(run)
    return {
        parent: runs
        for parent, runs in found.items()
        if (saving := sum(run.saving_ms for run in runs)) >= _LEAST_SAVED_MS
        and saving > _SHARE_SAVED * float(duration[parent.rpartition("/")[0]])
    }


def _runs(features: Features) -> Iterator[_Run]:
    spans = features.spans
    spans = spans[spans["trace_id"].isin(features.complete.index) & (spans["parent_id"] != "")]
    spans = spans.assign(parent=spans["trace_id"] + "/" + spans["parent_id"])
    of_tools = spans["kind"].isin(TOOL_KINDS)
    several = of_tools.groupby(spans["parent"]).transform("sum") > 1
    requests = features.traces["request"]
    ordered = spans[several].sort_values(["parent", "start_ms", "position"], kind="stable")
    columns = [
        "parent", "trace_id", "span_id", "name", "kind", "failed", "start_ms", "end_ms", "duration_ms",
        "arguments", "arguments_key", "output", "output_key",
    ]  # fmt: skip
    for parent, siblings in ordered[columns].groupby("parent", sort=False):
        request = str(requests[parent.rpartition("/")[0]])
        run: list[Any] = []
        for call in siblings.itertuples(index=False):
            if run and not (call.kind in TOOL_KINDS and _may_join(call, run, request)):
                if len(run) > 1:
                    yield _Run(str(parent), run)
                run = []
            if call.kind in TOOL_KINDS and not isnan(call.end_ms):
                run.append(call)
        if len(run) > 1:
            yield _Run(str(parent), run)


def _may_join(call: Any, run: list[Any], request: str) -> bool:
    """Whether ``call`` could have started together with those before it."""
    previous = run[-1]
    if call.start_ms < previous.end_ms - _OVERLAP_MS or call.arguments_key == "":
        return False
    if len(call.arguments) >= _ARGUMENTS_LIMIT:
        return False
    return all(_independent(earlier, call, request) for earlier in run)


def _independent(earlier: Any, later: Any, request: str) -> bool:
    if earlier.failed or earlier.output == "" or len(earlier.output) >= _OUTPUT_LIMIT:
        return False
    if earlier.name == later.name and earlier.arguments_key == later.arguments_key:
        return False
    if _changes_something(earlier.name) or _changes_something(later.name):
        return False
    known = request + " " + earlier.arguments
    arguments = _values(later.arguments)
    passed_on = {value for value in _values(earlier.output) if value not in known}
    return not any(
        value in argument or (len(argument) > 3 and argument in value)
        for argument in arguments - _values(known)
        for value in passed_on
    )


def _changes_something(tool: str) -> bool:
    words = {word.lower() for word in _NAME_WORD.findall(tool)}
    return bool(words & _CHANGING) and not words & _READING


def _values(text: str) -> set[str]:
    """What could be handed from one call to the next: JSON leaves, and the words of plain text."""
    try:
        leaves = list(_leaves(json.loads(text)))
    except ValueError:
        leaves = [text]
    words = {word for leaf in leaves for word in _VALUE.findall(leaf)}
    return words - {"true", "false", "null", "None", "True", "False"}


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value)


def _rows(wasteful: dict[str, list[_Run]], features: Features) -> pd.DataFrame:
    durations = features.traces["duration_ms"]
    rows: list[tuple[str, str, str, str, str]] = []
    for parent, runs in wasteful.items():
        run = max(runs, key=lambda each: each.saving_ms)
        saving = sum(each.saving_ms for each in runs)
        trace_id = parent.rpartition("/")[0]
        duration = float(durations[trace_id])
        calls = ", then ".join(
            f"{call.name} {call.duration_ms:.0f} ms (from {call.start_ms - run.calls[0].start_ms:.0f} ms)"
            for call in run.calls[:6]
        )
        rows.append(
            (
                parent,
                trace_id,
                str(run.calls[1].span_id),
                calls,
                f"{sum(len(each.calls) for each in runs)} calls wait for one another though none uses what "
                f"another returned: together they would take {saving:.0f} ms less, {saving / duration:.0%} of "
                f"the trace's {duration:.0f} ms.",
            )
        )
    columns = list(zip(*rows, strict=True)) or [()] * 5
    units, trace_ids, spans, excerpts, rationales = (
        pd.Series(list(c), dtype=object) for c in columns
    )
    return affected_rows(units, trace_ids, spans, excerpts, rationales)
