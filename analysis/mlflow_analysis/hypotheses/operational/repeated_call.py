"""Hypothesis ``repeated-call``."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.failure_class import leading_cause, most_frequent
from mlflow_analysis.timing.replay import Mend

_FEWEST_IDENTICAL = 3
_FEWEST_ALTERNATIONS = 8  # A B A B A B A B
_FEWEST_SAME_OUTPUT = 5
_ACKNOWLEDGEMENT_SHARE = 0.5
_EXCERPT = 200
# A pause is meant to be the same every time.
_PAUSE = re.compile(r"(?i)(?:^|[_\W])(?:wait|sleep|delay|pause)(?:$|[_\W])")
_COLUMNS = [
    "trace", "trace_id", "tool", "span_id", "count", "extra_ms", "extra", "first", "last", "arguments", "how",
]  # fmt: skip
_CALL_COLUMNS = [
    "trace", "trace_id", "span_id", "tool", "position", "failed", "duration_ms", "arguments",
    "arguments_key", "output", "output_key",
]  # fmt: skip


class RepeatedCall(Hypothesis):
    """The agent makes the same call over and over, and learns nothing new from it.

    ## Why it matters
    Each turn of such a loop costs a model call and a tool call, and it ends only at the step limit or
    when the model happens to say something else.

    ## Test
    A trace counts if it holds 3 calls or more of one tool with the same canonical arguments and the same
    output, or two calls that alternate four times (A B A B A B A B) without each round bringing
    something new, or one tool that gives the same output five times in a row to different arguments.
    Eligible are complete traces that call a tool; confirmed if the lower bound of the share
    is above 1 %. Impact: a replay without the calls after the second and without the model calls that
    asked for nothing else; tokens and money of the model calls between the second and the last call.

    ## Not flagged
    Retries after a failure (see retry-storm); polling whose output changes, and calls that only wait;
    an output that the tool gives to most of its calls everywhere, such as "ok": it acknowledges.

    ## Recommendation
    Cache tool results within a trace and answer a repeated call with "you have this already, it said …"; show
    the model its earlier calls; stop after the second identical call and let it answer with what it has.

    ## Sources
    Cemri et al., "Why Do Multi-Agent LLM Systems Fail?" (2025), arXiv:2503.13657 (FM-1.3, step
    repetition, the most frequent failure mode); Yao et al., "ReAct" (2023), arXiv:2210.03629 (repetitive
    steps as an error of reasoning).
    """

    id = "repeated-call"
    title = "The same call is repeated"
    category = Category.OPERATIONAL
    mends = "repeated calls"
    severity = Severity.MEDIUM
    needs = frozenset({Field.TOOL_SPANS})

    def eligible(self, features: Features) -> pd.Index:
        """Complete traces that call a tool."""
        at = features.complete_at
        return pd.Index(at[features.traces["tool_calls"].to_numpy()[at] > 0])

    def affected(self, features: Features) -> pd.DataFrame:
        """One row for each loop, at the call that made it one."""
        return _rows(_loops(features))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the time and the tokens that the repetitions took."""
        loops = _loops(features)
        claim = self.documentation().claim.rstrip(".")
        where = f": {most_frequent(loops['tool'])}" if len(loops) else ""
        calls = (
            f"; {int(loops['count'].sum()):,} calls in {len(loops):,} loops" if len(loops) else ""
        )
        asked = _models_between(features, loops)
        used = asked[["input_tokens", "output_tokens"]].sum(axis=1, min_count=1)
        yield Case(
            self.eligible(features),
            _rows(loops),
            statement=f"{claim}{where}{calls}.",
            mended=_mend(features, loops) if len(loops) else None,
            tokens_spared=used.groupby(asked["trace_id"]).sum(min_count=1),
            money_spared=asked["cost"].groupby(asked["trace_id"]).sum(min_count=1),
        )

    def recommend(self, finding: Finding) -> str:
        """Names the tool to cache."""
        tool = leading_cause(finding)
        advice = self.documentation().recommendation
        return f"Begin with {tool}. {advice}" if tool else advice


def _loops(features: Features) -> pd.DataFrame:
    """Every loop, one row each (``_COLUMNS``); a trace and tool appears once, under its plainest form."""
    return features.shared(_find)


def _find(features: Features) -> pd.DataFrame:
    """Works on numbers that stand for tools, arguments and outputs; texts are looked at last."""
    spans = features.spans
    tool = spans.coded("tool")
    pauses = filter(_PAUSE.search, tool.values)
    calling = features.is_call & features.ended & ~tool.among("", *pauses)
    calls = spans[calling][_CALL_COLUMNS].assign(tool_=tool.codes[calling].astype(np.int64))
    for column in ("arguments_key", "output_key"):
        calls[f"{column}_"] = spans.texts(column).codes[calling].astype(np.int64)
    calls["with_tool"] = _number(calls, "trace", "tool_")
    calls["failed"] = calls["failed"].astype(bool)
    in_trace = np.bincount(calls["trace"], minlength=1)[calls["trace"]]
    in_long = calls[in_trace >= _FEWEST_IDENTICAL]
    loops = pd.concat([_identical(in_long), _alternating(in_long), _unmoved(in_long, calls)])
    loops = loops.drop_duplicates(["trace_id", "tool"]).reset_index(drop=True)
    # put together with tables of nothing, columns are of any type, which is slow to compare
    return loops.astype({"trace": int, "first": float, "last": float})


def _identical(calls: pd.DataFrame) -> pd.DataFrame:
    calls = calls.assign(loop=_number(calls, "with_tool", "arguments_key_"))
    calls = calls[calls["loop"].duplicated(keep=False) & (calls["arguments_key"] != "")]
    after_failure = calls.groupby("loop")["failed"].shift(1).eq(True)
    calls = calls[~after_failure & ~calls["failed"]]
    outputs = calls.groupby("loop")["output_key_"].transform("nunique")
    return _summary(
        calls[outputs == 1], _FEWEST_IDENTICAL, "with the same arguments and the same output"
    )


def _alternating(calls: pd.DataFrame) -> pd.DataFrame:
    calls = calls[(calls["arguments_key"] != "").to_numpy()]
    call = calls["tool_"] * (calls["arguments_key_"].max() + 1) + calls["arguments_key_"]
    by_trace = call.groupby(calls["trace"])
    goes_on = (call == by_trace.shift(2)) & (call != by_trace.shift(1))
    run = (~goes_on).groupby(calls["trace"]).cumsum()
    calls = calls.assign(run=run)[goes_on]
    calls = calls.assign(loop=_number(calls, "trace", "run"))
    # the first two of an alternation go on from nothing, so a run is two shorter than what it shows
    length = calls.groupby("loop")["span_id"].transform("size") + 2
    calls = calls[length >= _FEWEST_ALTERNATIONS]
    each_call = calls.groupby(["loop", "tool_", "arguments_key_"])["output_key_"]
    # a round that brings both calls something new each time is progress
    stale = each_call.transform("nunique") < each_call.transform("size")
    stale = stale.groupby(calls["loop"]).transform("any")
    loops = _summary(
        calls[stale.to_numpy(dtype=bool)],
        _FEWEST_ALTERNATIONS - 2,
        "in turn with another, the arguments of both unchanged",
    )
    return loops.assign(count=loops["count"] + 2)


def _unmoved(calls: pd.DataFrame, everywhere: pd.DataFrame) -> pd.DataFrame:
    same = _number(calls, "with_tool", "output_key_")
    often = same.groupby(same).transform("size") >= _FEWEST_SAME_OUTPUT
    calls = calls[calls["with_tool"].isin(calls["with_tool"][often])]
    previous = calls.groupby("with_tool")["output_key_"].shift(1)
    run = (calls["output_key_"] != previous).groupby(calls["with_tool"]).cumsum()
    calls = calls.assign(run=run)
    calls = calls.assign(loop=_number(calls, "with_tool", "run"))
    share = _share_of_output(calls, everywhere)
    calls = calls[
        (calls["output"] != "").to_numpy()
        & (share < _ACKNOWLEDGEMENT_SHARE).to_numpy()
        & ~calls["failed"].to_numpy()
    ]
    return _summary(calls, _FEWEST_SAME_OUTPUT, "and got the same output each time")


def _number(calls: pd.DataFrame, first: str, second: str) -> pd.Series:
    """One number for each pair of two: one key is faster to group by than several."""
    seconds = calls[second].to_numpy(np.int64)
    return calls[first].astype(np.int64) * (seconds.max(initial=0) + 1) + seconds


def _share_of_output(calls: pd.DataFrame, everywhere: pd.DataFrame) -> pd.Series:
    """For each call: the share of the tool's traces in which this output occurs at all."""
    of_tools = everywhere[everywhere["tool_"].isin(calls["tool_"])]
    per_trace = of_tools.drop_duplicates(["trace", "tool_", "output_key_"])
    with_output = per_trace.groupby(["tool_", "output_key_"]).size().rename("with_output")
    traces = of_tools.groupby("tool_")["trace"].nunique().rename("traces")
    merged = calls.join(with_output, on=["tool_", "output_key_"]).join(traces, on="tool_")
    return merged["with_output"] / merged["traces"]


def _summary(calls: pd.DataFrame, fewest: int, how: str) -> pd.DataFrame:
    """One row for each ``loop`` (a number) of at least so many calls."""
    calls = calls[calls.groupby("loop")["span_id"].transform("size") >= fewest]
    if calls.empty:
        return pd.DataFrame(columns=_COLUMNS)
    number = pd.factorize(calls["loop"])[0]
    size, order = np.bincount(number), calls.groupby(number).cumcount().to_numpy()

    def of(chosen: npt.NDArray[np.bool_], *columns: str) -> pd.DataFrame:
        """Of the one call of each loop that is chosen."""
        place = np.empty(len(size), dtype=np.int64)
        place[number[chosen]] = np.flatnonzero(chosen)
        return calls[list(columns)].iloc[place].reset_index(drop=True)

    loops = of(order == 0, "trace", "trace_id", "tool")
    beyond = order >= 2
    extra = np.split(
        calls.index.to_numpy()[beyond][np.argsort(number[beyond], kind="stable")],
        np.cumsum(size - 2)[:-1],
    )
    ended = of(order == size[number] - 1, "position", "arguments")
    return loops.assign(
        span_id=of(order == 2, "span_id")["span_id"],
        count=size,
        extra_ms=calls["duration_ms"].where(beyond, 0.0).groupby(number).sum(),
        extra=pd.Series([tuple(each) for each in extra], dtype=object),
        first=of(order == 1, "position")["position"],
        last=ended["position"],
        arguments=ended["arguments"],
        how=how,
    )[_COLUMNS]


def _models_between(features: Features, loops: pd.DataFrame) -> pd.DataFrame:
    """The model calls between the second and the last call of each trace's loops."""
    calls = features.model_calls
    calls = calls[features.traces_with(loops)[calls["trace"]]]
    models = calls[["trace", "trace_id", "position", "input_tokens", "output_tokens", "cost"]]
    bounds = loops.groupby("trace").agg({"first": "min", "last": "max"})
    merged = models.join(bounds, on="trace")
    inside = (merged["position"] >= merged["first"]) & (merged["position"] <= merged["last"])
    return merged[inside.to_numpy(dtype=bool)]


def _mend(features: Features, loops: pd.DataFrame) -> Mend:
    """Without the calls after the second, and without the model calls that asked for nothing else."""
    removed = pd.Index([span for spans in loops["extra"] for span in spans], dtype=np.int64)
    in_loop = features.traces_with(loops)[features.trace_at]
    spans = features.spans[in_loop][["trace", "parent", "position"]]
    spans = spans.sort_values(["trace", "parent", "position"], kind="stable")
    is_model = features.is_model_call[spans.index]
    step = spans[["trace", "parent"]].to_numpy()
    new = np.append(True, (step[1:] != step[:-1]).any(axis=1)) | is_model
    number = np.cumsum(new) - 1
    size = np.bincount(number)
    gone = np.bincount(number, spans.index.isin(removed))
    asked_in_vain = is_model & ((size - 1 == gone) & (gone > 0))[number]
    return Mend(
        "the calls after the second left out, with the model calls that only asked for them",
        removed=removed.append(spans.index[asked_in_vain]),
    )


def _rows(loops: pd.DataFrame) -> pd.DataFrame:
    count = loops["count"].astype(int).astype(str)
    extra = (loops["extra_ms"].astype(float) / 1000).map("{:.1f}".format).astype(str)
    arguments = loops["arguments"].astype(str).str[:_EXCERPT]
    return affected_rows(
        loops["trace_id"],
        loops["trace_id"],
        loops["span_id"],
        loops["tool"].astype(str) + "(" + arguments + ")",
        loops["tool"].astype(str)
        + " was called "
        + count
        + " times "
        + loops["how"].astype(str)
        + "; the calls after the second took "
        + extra
        + " s.",
    )
