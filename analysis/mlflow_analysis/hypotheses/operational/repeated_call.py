"""Hypothesis ``repeated-call``."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Finding, Severity
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.failure_class import leading_cause, most_frequent

_FEWEST_IDENTICAL = 3
_FEWEST_ALTERNATIONS = 8  # A B A B A B A B
_FEWEST_SAME_OUTPUT = 5
_ACKNOWLEDGEMENT_SHARE = 0.5
_EXCERPT = 200
# A pause is meant to be the same every time.
_PAUSE = r"(?i)(?:^|[_\W])(?:wait|sleep|delay|pause)(?:$|[_\W])"
_COLUMNS = ["trace_id", "tool", "span_id", "count", "extra_ms", "first", "last", "arguments", "how"]


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
    is above 1 %. Tokens and seconds are those after the second call.

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
        calls = f"; {int(loops['count'].sum())} calls in {len(loops)} loops" if len(loops) else ""
        yield Case(
            self.eligible(features),
            _rows(loops),
            statement=f"{claim}{where}{calls}.",
            seconds_lost=float(loops["extra_ms"].sum()) / 1000 if len(loops) else None,
            tokens_lost=_tokens_between(features, loops),
        )

    def recommend(self, finding: Finding) -> str:
        """Names the tool to cache."""
        tool = leading_cause(finding)
        advice = self.documentation().recommendation
        return f"Begin with {tool}. {advice}" if tool else advice


def _loops(features: Features) -> pd.DataFrame:
    """Every loop, one row each (``_COLUMNS``); a trace and tool appears once, under its plainest form."""
    calls = features.calls
    calls = calls[
        (calls["tool"] != "")
        & calls["trace_id"].isin(features.complete.index)
        & ~calls["tool"].astype(str).str.contains(_PAUSE)
    ]
    calls = calls.assign(failed=calls["failed"].astype(bool))
    calls = calls.sort_values(["trace_id", "position"], kind="stable")
    enough = calls.groupby("trace_id")["span_id"].transform("size") >= _FEWEST_IDENTICAL
    shares = _share_of_output(calls)
    in_long, shares = calls[enough], shares[enough]
    loops = pd.concat([_identical(in_long), _alternating(in_long), _unmoved(in_long, shares)])
    return loops.drop_duplicates(["trace_id", "tool"]).reset_index(drop=True)


def _identical(calls: pd.DataFrame) -> pd.DataFrame:
    same = ["trace_id", "tool", "arguments_key"]
    calls = calls[calls["arguments_key"] != ""]
    calls = calls[calls.duplicated(same, keep=False)]
    after_failure = calls.groupby(same)["failed"].shift(1).eq(True)
    calls = calls[~after_failure & ~calls["failed"]]
    outputs = calls.groupby(same)["output_key"].transform("nunique")
    return _summary(
        calls[outputs == 1], same, _FEWEST_IDENTICAL, "with the same arguments and the same output"
    )


def _alternating(calls: pd.DataFrame) -> pd.DataFrame:
    calls = calls[calls["arguments_key"] != ""]
    call = calls["tool"] + " " + calls["arguments_key"]
    by_trace = call.groupby(calls["trace_id"])
    goes_on = (call == by_trace.shift(2)) & (call != by_trace.shift(1))
    run = (~goes_on).groupby(calls["trace_id"]).cumsum()
    calls = calls.assign(run=run)[goes_on]
    # the first two of an alternation go on from nothing, so a run is two shorter than what it shows
    runs = ["trace_id", "run"]
    length = calls.groupby(runs)["span_id"].transform("size") + 2
    distinct = calls.groupby([*runs, "tool", "arguments_key"])["output_key"].transform("nunique")
    times = calls.groupby([*runs, "tool", "arguments_key"])["output_key"].transform("size")
    # a round that brings both calls something new each time is progress
    stale = (distinct < times).groupby([calls["trace_id"], calls["run"]]).transform("any")
    calls = calls[(length >= _FEWEST_ALTERNATIONS) & stale]
    loops = _summary(
        calls,
        runs,
        _FEWEST_ALTERNATIONS - 2,
        "in turn with another, the arguments of both unchanged",
    )
    return loops.assign(count=loops["count"] + 2)


def _unmoved(calls: pd.DataFrame, share: pd.Series) -> pd.DataFrame:
    calls = calls.assign(share=share)
    previous = calls.groupby(["trace_id", "tool"])["output_key"].shift(1)
    run = (calls["output_key"] != previous).groupby([calls["trace_id"], calls["tool"]]).cumsum()
    calls = calls.assign(run=run)
    calls = calls[
        (calls["output"] != "") & (calls["share"] < _ACKNOWLEDGEMENT_SHARE) & ~calls["failed"]
    ]
    return _summary(
        calls, ["trace_id", "tool", "run"], _FEWEST_SAME_OUTPUT, "and got the same output each time"
    )


def _share_of_output(calls: pd.DataFrame) -> pd.Series:
    """For each call: the share of the tool's traces in which this output occurs at all."""
    per_trace = calls.drop_duplicates(["trace_id", "tool", "output_key"])
    with_output = per_trace.groupby(["tool", "output_key"])["trace_id"].size().rename("with_output")
    of_tool = calls.groupby("tool")["trace_id"].nunique().rename("of_tool")
    merged = (
        calls[["tool", "output_key"]]
        .join(with_output, on=["tool", "output_key"])
        .join(of_tool, on="tool")
    )
    return merged["with_output"] / merged["of_tool"]


def _summary(calls: pd.DataFrame, by: list[str], fewest: int, how: str) -> pd.DataFrame:
    if calls.empty:
        return pd.DataFrame(columns=_COLUMNS)
    order = calls.groupby(by).cumcount()
    calls = calls.assign(
        extra_ms=calls["duration_ms"].where(order >= 2, 0.0),
        shows_it=calls["span_id"].where(order == 2),
        second=calls["position"].where(order == 1),
        key_trace=calls["trace_id"],
        key_tool=calls["tool"],
    )
    loops = calls.groupby(by, sort=False).agg(
        trace=("key_trace", "first"),
        name=("key_tool", "first"),
        span_id=("shows_it", "first"),
        count=("span_id", "size"),
        extra_ms=("extra_ms", "sum"),
        first=("second", "first"),
        last=("position", "last"),
        arguments=("arguments", "last"),
    )
    loops = loops[loops["count"] >= fewest].reset_index(drop=True).assign(how=how)
    return loops.rename(columns={"trace": "trace_id", "name": "tool"})[_COLUMNS]


def _tokens_between(features: Features, loops: pd.DataFrame) -> int | None:
    """Tokens of the model calls between the second and the last call of each trace's loops."""
    models = features.model_calls
    models = models[models["trace_id"].isin(loops["trace_id"])]
    if models.empty or models["input_tokens"].notna().sum() == 0:
        return None
    bounds = loops.groupby("trace_id").agg(first=("first", "min"), last=("last", "max"))
    merged = models.join(bounds, on="trace_id")
    inside = merged[merged["position"].between(merged["first"], merged["last"])]
    return int(inside[["input_tokens", "output_tokens"]].sum().sum())


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
