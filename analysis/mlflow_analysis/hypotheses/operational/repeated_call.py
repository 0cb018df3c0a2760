"""Hypothesis ``repeated-call``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.failure_class import leading_cause, most_frequent
from mlflow_analysis.records import MODEL_KINDS
from mlflow_analysis.timing.replay import Mend

_FEWEST_IDENTICAL = 3
_FEWEST_ALTERNATIONS = 8  # A B A B A B A B
_FEWEST_SAME_OUTPUT = 5
_ACKNOWLEDGEMENT_SHARE = 0.5
_EXCERPT = 200
# A pause is meant to be the same every time.
_PAUSE = r"(?i)(?:^|[_\W])(?:wait|sleep|delay|pause)(?:$|[_\W])"
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
        complete = features.complete
        return complete.index[complete["tool_calls"] > 0]

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
    calls = spans[features.is_call & features.ended & (spans["tool"] != "")][_CALL_COLUMNS]
    names = pd.Series(calls["tool"].unique(), dtype=object)
    pauses = names[names.astype(str).str.contains(_PAUSE)]
    calls = calls[~calls["tool"].isin(pauses).to_numpy()]
    for column in ("tool", "arguments_key", "output_key"):
        calls[f"{column}_"] = pd.factorize(calls[column].to_numpy(dtype=object))[0]
    calls["failed"] = calls["failed"].astype(bool)
    in_trace = np.bincount(calls["trace"], minlength=1)[calls["trace"]]
    in_long = calls[in_trace >= _FEWEST_IDENTICAL]
    loops = pd.concat([_identical(in_long), _alternating(in_long), _unmoved(in_long, calls)])
    return loops.drop_duplicates(["trace_id", "tool"]).reset_index(drop=True)


def _identical(calls: pd.DataFrame) -> pd.DataFrame:
    same = ["trace", "tool_", "arguments_key_"]
    calls = calls[(calls["arguments_key"] != "").to_numpy()]
    calls = calls[calls.duplicated(same, keep=False)]
    after_failure = calls.groupby(same)["failed"].shift(1).eq(True)
    calls = calls[~after_failure & ~calls["failed"]]
    outputs = calls.groupby(same)["output_key_"].transform("nunique")
    return _summary(
        calls[outputs == 1], same, _FEWEST_IDENTICAL, "with the same arguments and the same output"
    )


def _alternating(calls: pd.DataFrame) -> pd.DataFrame:
    calls = calls[(calls["arguments_key"] != "").to_numpy()]
    call = calls["tool_"] * (calls["arguments_key_"].max() + 1) + calls["arguments_key_"]
    by_trace = call.groupby(calls["trace"])
    goes_on = (call == by_trace.shift(2)) & (call != by_trace.shift(1))
    run = (~goes_on).groupby(calls["trace"]).cumsum()
    calls = calls.assign(run=run)[goes_on]
    # the first two of an alternation go on from nothing, so a run is two shorter than what it shows
    runs = ["trace", "run"]
    length = calls.groupby(runs)["span_id"].transform("size") + 2
    calls = calls[length >= _FEWEST_ALTERNATIONS]
    each_call = calls.groupby([*runs, "tool_", "arguments_key_"])["output_key_"]
    # a round that brings both calls something new each time is progress
    stale = each_call.transform("nunique") < each_call.transform("size")
    stale = stale.groupby([calls["trace"], calls["run"]]).transform("any")
    loops = _summary(
        calls[stale.to_numpy(dtype=bool)],
        runs,
        _FEWEST_ALTERNATIONS - 2,
        "in turn with another, the arguments of both unchanged",
    )
    return loops.assign(count=loops["count"] + 2)


def _unmoved(calls: pd.DataFrame, everywhere: pd.DataFrame) -> pd.DataFrame:
    of_tool = ["trace", "tool_"]
    often = calls.groupby([*of_tool, "output_key_"])["span_id"].transform("size")
    enough = (often >= _FEWEST_SAME_OUTPUT).groupby([calls[name] for name in of_tool])
    calls = calls[enough.transform("any").to_numpy(dtype=bool)]
    previous = calls.groupby(of_tool)["output_key_"].shift(1)
    run = (calls["output_key_"] != previous).groupby([calls[name] for name in of_tool]).cumsum()
    calls = calls.assign(run=run)
    share = _share_of_output(calls, everywhere)
    calls = calls[
        (calls["output"] != "").to_numpy()
        & (share < _ACKNOWLEDGEMENT_SHARE).to_numpy()
        & ~calls["failed"].to_numpy()
    ]
    return _summary(
        calls, [*of_tool, "run"], _FEWEST_SAME_OUTPUT, "and got the same output each time"
    )


def _share_of_output(calls: pd.DataFrame, everywhere: pd.DataFrame) -> pd.Series:
    """For each call: the share of the tool's traces in which this output occurs at all."""
    of_tools = everywhere[everywhere["tool_"].isin(calls["tool_"])]
    per_trace = of_tools.drop_duplicates(["trace", "tool_", "output_key_"])
    with_output = per_trace.groupby(["tool_", "output_key_"]).size().rename("with_output")
    traces = of_tools.groupby("tool_")["trace"].nunique().rename("traces")
    merged = calls.join(with_output, on=["tool_", "output_key_"]).join(traces, on="tool_")
    return merged["with_output"] / merged["traces"]


def _summary(calls: pd.DataFrame, by: list[str], fewest: int, how: str) -> pd.DataFrame:
    if len(calls):
        calls = calls[calls.groupby(by)["span_id"].transform("size") >= fewest]
    if calls.empty:
        return pd.DataFrame(columns=_COLUMNS)
    order = calls.groupby(by).cumcount()
    calls = calls.assign(
        extra_ms=calls["duration_ms"].where(order >= 2, 0.0),
        shows_it=calls["span_id"].where(order == 2),
        second=calls["position"].where(order == 1),
    )
    loops = calls.groupby(by, sort=False).agg(
        trace=("trace", "first"),
        trace_id=("trace_id", "first"),
        tool=("tool", "first"),
        span_id=("shows_it", "first"),
        count=("span_id", "size"),
        extra_ms=("extra_ms", "sum"),
        first=("second", "first"),
        last=("position", "last"),
        arguments=("arguments", "last"),
    )
    loops = loops.reset_index(drop=True).assign(how=how)
    beyond = (order >= 2).to_numpy()
    number = calls.groupby(by, sort=False).ngroup().to_numpy()[beyond]
    spans = calls.index.to_numpy()[beyond][np.argsort(number, kind="stable")]
    edges = np.cumsum(np.bincount(number, minlength=len(loops)))[:-1]
    loops["extra"] = pd.Series([tuple(each) for each in np.split(spans, edges)], dtype=object)
    return loops[_COLUMNS]


def _models_between(features: Features, loops: pd.DataFrame) -> pd.DataFrame:
    """The model calls between the second and the last call of each trace's loops."""
    models = features.model_calls[
        ["trace", "trace_id", "position", "input_tokens", "output_tokens", "cost"]
    ]
    models = models[models["trace"].isin(loops["trace"]).to_numpy()]
    # the columns of loops that were put together are of any type, which is slow to compare
    bounds = loops[["trace", "first", "last"]].astype({"trace": int, "first": float, "last": float})
    bounds = bounds.groupby("trace").agg({"first": "min", "last": "max"})
    merged = models.join(bounds, on="trace")
    inside = (merged["position"] >= merged["first"]) & (merged["position"] <= merged["last"])
    return merged[inside.to_numpy(dtype=bool)]


def _mend(features: Features, loops: pd.DataFrame) -> Mend:
    """Without the calls after the second, and without the model calls that asked for nothing else."""
    removed = pd.Index([span for spans in loops["extra"] for span in spans], dtype=np.int64)
    spans = features.spans[features.spans["trace"].isin(loops["trace"])][
        ["trace", "parent", "kind", "position"]
    ].sort_values(["trace", "parent", "position"], kind="stable")
    is_model = spans["kind"].isin(MODEL_KINDS).to_numpy()
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
