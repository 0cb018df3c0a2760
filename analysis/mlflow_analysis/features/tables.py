"""The tables that hypotheses are tested on, and what each column means.

All tables are ordered by the start of the trace (ties by trace id), then by the start of the
span, so that the order in which traces arrived cannot show in any result. Times are
milliseconds since the epoch, durations milliseconds, missing numbers NaN, missing text "".

``traces``, indexed by ``trace_id``, one row a trace that was read:

==================== =======================================================================
place                0, 1, … in this table
start_ms             start
duration_ms          NaN while in progress
state                OK, ERROR, IN_PROGRESS, STATE_UNSPECIFIED
failed               the application failed: state ERROR, or the root span ended in an error
complete             ended, with a root span (incomplete ones are left out of other tests)
session              session id, or the trace id where there is no session: the cluster
session_id           session id, or ""
turn                 1 for the first trace of its session, 2 for the next, …
user                 user id, or ""
request, response    whole text of the last user message and of the answer, cut at 20,000
request_words, response_words
name                 trace name (root span)
app_version, prompt_version, model     "" if not recorded; ``model`` is the most used one
input_tokens, output_tokens, total_tokens
input_cost, cost     US dollars, for the input and in all; NaN if not recorded
hour                 0 … 23, UTC
load                 other traces started in the 60 s before this one
topic                label of the cluster of similar requests, "" before clustering (and see ``topics``)
root_span_id
span_count, tool_calls, model_calls
error_class, error_message, error_template    of the first failing span in call order, or ""
first_failed_span_id, first_failed_name
==================== =======================================================================

``spans``, numbered (index ``span``, 0 …), one row a span; the spans of a trace stand together. ``calls``,
``model_calls`` and ``operations`` are selections of them (``selection``: no copies, ask for the columns that
are needed) and ``failures`` a frame; all keep the numbers, by which a span is named wherever one is:

==================== =======================================================================
trace_id, span_id, session
                     ``span_id`` as Arrow has it (``string``), all other texts as objects, once asked for
trace                place of its trace in ``traces``
parent               number of the span that it stands below; -1 for a root, and where the parent was not recorded
name, kind           kind as in ``records``: TOOL, CHAT_MODEL, …
tool                 name of the tool or retriever where the span is such a call, else ""
status               OK, ERROR, UNSET, as recorded
position, depth      order of start within the trace; 0 for a root
start_ms, end_ms, duration_ms     floats; end NaN while running
self_ms              duration without the time covered by children
critical_ms          the part of the trace's critical path that is this span's own
failed               recorded ERROR, or a failure recognised in the output text
error_class          hypothesis id of the failure class ("rate-limited" …), "other" or ""
error_status         HTTP or gRPC number, -1 if none
error_message        the text that shows it, cut at 600
error_offset         where it starts in ``output``; -1 if it came from status or events
error_template       ``error_message`` with numbers, ids and quoted text masked
propagated           every span from here to the root failed
model, input_tokens, output_tokens, finish_reason
cached_tokens        input tokens read from the provider's cache; NaN if not told
input_cost, cost     of a model call, US dollars; NaN if not recorded
arguments            canonical JSON of the inputs, cut at 2,000
arguments_key        hash of the whole canonical inputs, "" where there are none
output               text of the outputs, cut at 8,000
output_key           hash of the whole outputs
instructions         system prompt that a model call received, cut at 4,000; "" if none
offered              names of the tools that a model call was offered, sorted, joined by "\\n"
requested            names of the tools that its reply asked to call, joined by "\\n"
documents            how many documents a retriever returned, -1 if unknown or no retriever
top_score            the highest score among them (higher is better), NaN if none
==================== =======================================================================

``assessments``, one row each: trace_id, span_id, name, kind, value (text), passed (True, False or
None where it is neither), rationale, source, error.

``attributes``, indexed by ``trace_id``: one text column for each tag or metadata key of the
application's own (``tag.region`` …) that has 2 to 50 distinct values; "" where missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.failure_patterns import NO_MESSAGE
from mlflow_analysis.features.selection import Columns, Selection
from mlflow_analysis.records import MODEL_KINDS, TOOL_KINDS
from mlflow_analysis.statistics.clustering import cluster_codes
from mlflow_analysis.timing.clock import look_measured

Made = TypeVar("Made")


class Field(str, Enum):
    """What a hypothesis may need; the value is how the absence is told."""

    SPANS = "no trace has spans"
    TOOL_SPANS = "no span is a tool call"
    MODEL_SPANS = "no span is a model call"
    RETRIEVER_SPANS = "no span is a retriever call"
    REQUESTS = "no trace has a request text"
    RESPONSES = "no trace has a response text"
    SESSIONS = "no trace carries a session id"
    FOLLOW_UPS = "no session has a second turn"
    USERS = "no trace carries a user id"
    TOKENS = "no span or trace carries token usage"
    DURATIONS = "no trace has a duration"
    DURATIONS_MEASURED = (
        "durations look synthetic: over half of the calls of each tool and model take exactly "
        "the same time"
    )
    ASSESSMENTS = "no trace carries feedback"
    VERSIONS = "no trace carries a version of application, prompt or model"
    FINISH_REASONS = "no model call carries a finish reason"


@dataclass(frozen=True)
class Features:
    """The tables of one set of traces. Columns are described in the module's documentation."""

    traces: pd.DataFrame
    spans: Selection
    assessments: pd.DataFrame
    attributes: pd.DataFrame
    seed: int = 0
    """For every random draw in a test, so that equal input gives equal output."""
    declared_tools: frozenset[str] | None = None
    """The tools that the user says the application has; ``None`` if nobody said."""
    out_of_scope: frozenset[str] = frozenset()
    """Ids of the traces whose request the user says is none of the application's business."""

    whole: Features | None = field(default=None, repr=False, compare=False)
    """What they are a part of."""
    _shared: dict[Callable[..., Any], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def shared(self, work: Callable[[Features], Made]) -> Made:
        """``work(self)``, done once for all hypotheses that ask for it.

        ``work`` is a function that stays, as one of a module does; what it returns must not be altered.
        """
        if work not in self._shared:
            self._shared[work] = work(self)
        made: Made = self._shared[work]
        return made

    def by_trace(self, work: Callable[[Features], pd.DataFrame]) -> pd.DataFrame:
        """``shared(work)``, of which each row rests on one trace alone, that of its ``trace_id``.

        A part takes its rows from what was worked out for the whole.
        """
        if self.whole is None:
            return self.shared(work)
        if work not in self._shared:
            rows = self.whole.by_trace(work)
            ids = pd.Index(rows["trace_id"], dtype=object)
            self._shared[work] = rows[self.traces.index.get_indexer(ids) >= 0]
        mine: pd.DataFrame = self._shared[work]
        return mine

    def part(self, chosen: npt.NDArray[np.bool_]) -> Features:
        """The tables of some traces (t, bool).

        Turn, load and topic stay what they are among all, and so does whether durations were measured.
        """
        traces, inside = self.traces[chosen], chosen[self.trace_at]
        traces = traces.assign(place=np.arange(len(traces), dtype=np.int32))
        trace = np.cumsum(chosen, dtype=np.int32) - 1
        span = np.append(np.cumsum(inside, dtype=np.int32) - 1, -1)
        part = replace(
            self,
            traces=traces,
            spans=self.spans[inside].renumbered(
                trace=trace[self.trace_at[inside]], parent=span[self.parent_at[inside]]
            ),
            assessments=self.assessments[np.append(chosen, False)[self.assessed_at]],
            attributes=self.attributes[chosen],
            whole=self,
        )
        failures = self.failures[inside[self.failures.index]]
        # what a trace tells of itself is the same beside any others
        vars(part).update(
            durations_measured=self.durations_measured,
            session_codes=cluster_codes(self.session_codes[chosen]),
            is_call=self.is_call[inside],
            is_model_call=self.is_model_call[inside],
            failures=failures.assign(
                trace=trace[failures["trace"]], parent=span[failures["parent"]]
            ).set_axis(pd.Index(span[failures.index].astype(np.int64), name="span"), axis=0),
        )
        return part

    def traces_with(self, spans: Columns | npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which traces (t, bool) hold any of these rows, or flagged rows, of ``spans``."""
        places = self.trace_at[spans] if isinstance(spans, np.ndarray) else spans["trace"]
        held = np.zeros(len(self.traces), dtype=bool)
        held[places] = True
        return held

    @cached_property
    def session_codes(self) -> npt.NDArray[np.int64]:
        """The session of each trace as a number, 0 … in order of first appearance."""
        return pd.factorize(self.traces["session"])[0].astype(np.int64)

    @cached_property
    def trace_at(self) -> npt.NDArray[np.int64]:
        """For each span the place of its trace in ``traces``."""
        return self.spans["trace"].to_numpy(np.int64)

    @cached_property
    def assessed_at(self) -> npt.NDArray[np.int64]:
        """For each assessment the place of its trace in ``traces``, -1 if it is not there."""
        return self.traces.index.get_indexer(pd.Index(self.assessments["trace_id"], dtype=object))

    @cached_property
    def parent_at(self) -> npt.NDArray[np.int64]:
        """For each span the number of its parent, -1 where there is none."""
        return self.spans["parent"].to_numpy(np.int64)

    @cached_property
    def ended(self) -> npt.NDArray[np.bool_]:
        """For each span whether its trace is complete."""
        return self.traces["complete"].to_numpy(dtype=bool)[self.trace_at]

    @cached_property
    def is_call(self) -> npt.NDArray[np.bool_]:
        """For each span whether it calls a tool, retriever, reranker or memory."""
        return self.spans.coded("kind").among(*TOOL_KINDS)

    @cached_property
    def is_model_call(self) -> npt.NDArray[np.bool_]:
        """For each span whether it calls a language model."""
        return self.spans.coded("kind").among(*MODEL_KINDS)

    @cached_property
    def complete(self) -> pd.DataFrame:
        """The traces that ended and have a root: what most hypotheses look at."""
        complete = self.traces["complete"].to_numpy(dtype=bool)
        return self.traces if complete.all() else self.traces[complete]

    @cached_property
    def complete_at(self) -> npt.NDArray[np.int64]:
        """Where the traces of ``complete`` stand in ``traces``."""
        return np.flatnonzero(self.traces["complete"].to_numpy(dtype=bool))

    @cached_property
    def every_complete(self) -> pd.Index:
        """``complete_at`` as what many claims are eligible for: one object, that is looked up once."""
        return pd.Index(self.complete_at)

    @cached_property
    def calls(self) -> Selection:
        """Spans that call a tool, retriever, reranker or memory."""
        return self.spans[self.is_call]

    @cached_property
    def model_calls(self) -> Selection:
        """Spans that call a language model."""
        return self.spans[self.is_model_call]

    @cached_property
    def failures(self) -> pd.DataFrame:
        """Failed spans of complete traces where the failure began.

        A span whose child failed for the same reason only passed it on, and so did a root below
        which a span failed for the same reason. One that gives no reason passed on what failed below.
        """
        has_failed = self.spans["failed"].to_numpy(dtype=bool) & self.ended
        failed = self.spans[has_failed].frame
        span, above = failed.index.to_numpy(), failed["parent"].to_numpy(np.int64)
        trace = failed["trace"].astype(np.int64)  # times the number of reasons it may be large
        reason, reasons = pd.factorize(failed["error_class"])
        passed_on = np.isin(span * len(reasons) + reason, above * len(reasons) + reason)
        deepest = failed["depth"].groupby(trace * len(reasons) + reason).transform("max")
        root_passed_on = (failed["depth"] == 0) & (deepest > 0)
        silent = failed["error_message"] == NO_MESSAGE
        if silent.any():
            deepest = failed["depth"].groupby(trace).transform("max")
            passed_up = np.isin(span, above)
            root_passed_on |= silent & (passed_up | ((failed["depth"] == 0) & (deepest > 0)))
        return failed[~passed_on & ~root_passed_on]

    @cached_property
    def operations(self) -> Selection:
        """Spans of complete traces in which a failure can begin: what failures are counted among.

        Calls of tools and models, spans without children, and any span of ``failures``.
        """
        spans, ended = self.spans, self.ended
        has_children = np.zeros(len(spans), dtype=bool)
        has_children[self.parent_at[ended & (self.parent_at >= 0)]] = True
        is_call = self.is_call | self.is_model_call
        began = np.zeros(len(spans), dtype=bool)
        began[self.failures.index] = True
        return spans[ended & (is_call | ~has_children | began)]

    @cached_property
    def durations_measured(self) -> bool:
        """Whether the calls of tools and models take as long as they happen to take (``timing.clock``)."""
        calls = self.spans[self.is_call | self.is_model_call]
        kind, name = calls.coded("kind"), calls.coded("name")
        operation = kind.codes.astype(np.int64) * len(name.values) + name.codes
        return look_measured(operation, calls["duration_ms"])

    @cached_property
    def has_sessions(self) -> bool:
        """Whether any session holds more than one trace."""
        return bool((self.traces["turn"] > 1).any())

    @cached_property
    def present(self) -> frozenset[Field]:
        """The fields that at least one trace has."""
        return frozenset(filter(self.has, Field))

    def has(self, field: Field) -> bool:
        """Whether at least one trace has it."""
        return self.shared(_HAS[field])


_HAS: dict[Field, Callable[[Features], bool]] = {
    # ``any`` looks no further than the first text that is there
    Field.SPANS: lambda read: len(read.spans) > 0,
    Field.TOOL_SPANS: lambda read: bool(read.is_call.any()),
    Field.MODEL_SPANS: lambda read: bool(read.is_model_call.any()),
    Field.RETRIEVER_SPANS: lambda read: bool(read.spans.coded("kind").among("RETRIEVER").any()),
    Field.REQUESTS: lambda read: any(read.traces["request"]),
    Field.RESPONSES: lambda read: any(read.traces["response"]),
    Field.SESSIONS: lambda read: any(read.traces["session_id"]),
    Field.FOLLOW_UPS: lambda read: read.has_sessions,
    Field.USERS: lambda read: any(read.traces["user"]),
    Field.TOKENS: lambda read: bool(read.traces["total_tokens"].notna().any()),
    Field.DURATIONS: lambda read: bool(read.traces["duration_ms"].notna().any()),
    Field.DURATIONS_MEASURED: lambda read: read.durations_measured,
    Field.ASSESSMENTS: lambda read: len(read.assessments) > 0,
    Field.VERSIONS: lambda read: any(
        any(read.traces[name]) for name in ("app_version", "prompt_version", "model")
    ),
    Field.FINISH_REASONS: lambda read: any(read.model_calls["finish_reason"]),
}
