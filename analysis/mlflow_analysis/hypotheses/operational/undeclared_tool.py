"""Hypothesis ``undeclared-tool``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.failure_patterns import UNDECLARED
from mlflow_analysis.features.selection import Columns
from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.failure_class import most_frequent, seconds_in

_OWN_STEP_TRACES = 2
_OWN_STEP_SHARE = 0.2
_OF_THE_FRAMEWORK = frozenset({"finalresult", "finalanswer", "pythoninterpreter"})
"""How Pydantic AI and smolagents hand the answer over, or run the code that the model wrote."""
_SPAN_PREFIX = re.compile(
    r"(?i)^(?:running tool|execute[_ ]tool|tool[ ._]?call|calling tool|tool)[:. ]+"
)
_SEPARATOR = re.compile(r"__|[./:]")
_MARGIN = 60
_COLUMNS = [
    "trace", "trace_id", "span_id", "parent", "kind", "tool", "position", "offered", "requested", "output",
    "input_tokens", "output_tokens", "duration_ms",
]  # fmt: skip
_NOT_OFFERED = "” is called, which no model call of the trace was offered."


class UndeclaredTool(Hypothesis):
    """The model calls tools that it was never offered.

    ## Why it matters
    A call of a tool that does not exist fails, costs a step and often ends the run; where a program runs
    whatever is asked for, it is also a way past the list of what the model may do.

    ## Test
    Unit: calls, in ended traces that record which tools the model was offered. Eligible: each model call
    that records its offer and whose reply asks for a tool (of one recorded within another, the outer);
    where no reply of the trace records what it asks for, each tool call after a model call that records
    its offer. Affected: the name was offered to no model call of the trace. Names are compared without
    case, underscores and prefixes (``functions.``, ``mcp__server__``). Where the user of this program
    says which tools the application has, that alone counts: eligible is each call of a tool in an ended
    trace, offer or not, affected one of a tool that the user did not name. In either case a call that
    the framework itself refused because there is no such tool is affected as well, once a trace; where no
    offer is recorded such refusals are looked for among all calls of tools. A recorded fact: confirmed
    from 3 calls or 1 % on.

    ## Not flagged
    Tools offered later in the trace; traces and model calls that record no offer; what a tool calls by
    itself; steps that the program runs on its own (a tool that is never offered, in more than 2 and more
    than 20 % of the traces); retrievers; the pseudo-tools by which a framework hands over the answer.

    ## Recommendation
    Constrain the choice of tools (strict schemas, ``tool_choice``), keep names in the prompt and in the
    declarations the same, and answer an unknown name with the list of known ones, so that the next step
    can be right.

    ## Sources
    Patil et al. 2023, Gorilla: Large Language Model Connected with Massive APIs, arXiv:2305.15334
    (hallucinated APIs). OpenTelemetry semantic conventions, ``gen_ai.tool.definitions``. Model Context
    Protocol specification, tools.
    """

    id: ClassVar[str] = "undeclared-tool"
    title: ClassVar[str] = "Tools called that were never offered"
    category: ClassVar[Category] = Category.OPERATIONAL
    unit: ClassVar[Unit] = Unit.SPAN
    severity: ClassVar[Severity] = Severity.MEDIUM
    rule: ClassVar[Rule] = Rule.FACT
    needs: ClassVar[frozenset[Field]] = frozenset({Field.SPANS})

    def eligible(self, features: Features) -> pd.Index:
        """Calls in traces that record an offer."""
        return _calls(features).index

    def affected(self, features: Features) -> pd.DataFrame:
        """Those of a tool that was not offered."""
        calls = _calls(features)
        return _rows(calls[calls["undeclared"] != ""])

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the names that were made up most."""
        calls = _calls(features)
        wrong = calls[calls["undeclared"] != ""]
        told = features.declared_tools is not None
        if calls.empty:
            nothing = (
                "no model call records which tools it was offered, and nobody has declared them"
            )
            yield Case(calls.index, _rows(wrong), test_without_effect=nothing)
            return
        found = (
            "Tools are called that the user does not name among the application's"
            if told
            else "Tools are called that no model call of the trace was offered"
        )
        tokens = wrong[["input_tokens", "output_tokens"]].sum(axis=1).sum()
        yield Case(
            calls.index,
            _rows(wrong, told=told),
            statement=(
                "" if wrong.empty else f"{found}: {most_frequent(wrong['undeclared'], '')}."
            ),
            seconds_lost=seconds_in(wrong),
            tokens_lost=int(tokens) if tokens else None,
        )

    def recommend(self, finding: Finding) -> str:
        """The documented advice, with the number of calls."""
        return (
            f"{finding.affected:,} calls are of a tool that was not offered or declared. "
            f"{self.documentation().recommendation}"
        )


def _calls(features: Features) -> pd.DataFrame:
    """Eligible calls: rows of ``spans`` with ``undeclared``, the first such name of the call, or ""."""
    judged = (
        _offered_calls(features)
        if features.declared_tools is None
        else _told_calls(features, features.declared_tools)
    )
    refused = features.failures[features.failures["error_class"] == UNDECLARED]
    told_already = judged.loc[judged["undeclared"] != "", "trace"]
    refused = refused[~refused["trace"].isin(told_already)].drop_duplicates("trace")
    if refused.empty:
        return judged
    if judged.empty:
        judged = _unjudged(features.calls[features.ended[features.is_call]])
    refused = _unjudged(refused).assign(
        undeclared=refused["tool"].where(refused["tool"] != "", refused["name"]),
        refusal=refused["error_message"],
        refusal_offset=refused["error_offset"],
    )
    return pd.concat([judged[~judged.index.isin(refused.index)], refused])


def _unjudged(spans: Columns) -> pd.DataFrame:
    return spans[_COLUMNS].assign(undeclared="", requested="", offered="")


def _offered_calls(features: Features) -> pd.DataFrame:
    """Calls in traces that record an offer, with ``undeclared`` as above."""
    spans = features.spans
    is_call = (features.is_model_call | spans.coded("kind").among("TOOL")) & features.ended
    offering = is_call & ~spans.coded("offered").among("")
    models = spans[offering][["trace", "position", "offered", "requested"]]
    offers: dict[int, frozenset[str]] = {}
    pairs = models.loc[~models.duplicated(["trace", "offered"]).to_numpy()]
    for trace, offered in zip(pairs["trace"], pairs["offered"], strict=True):
        known = _forms_of(offered)
        before = offers.get(trace, known)
        offers[trace] = before if known <= before else before | known
    # a framework and the library below it record one call as two spans, one in the other
    parents = features.parent_at[offering]
    outer = (parents < 0) | ~offering[parents]
    counted = np.zeros(len(spans), dtype=bool)
    counted[models.index[outer & (models["requested"] != "").to_numpy()]] = True
    counted[_silent_calls(features, is_call, models).index] = True
    asked = spans[counted][_COLUMNS]
    names = asked["requested"].where(asked["requested"] != "", asked["tool"])
    unknown = [
        _first_unknown(name, offers[trace])
        for name, trace in zip(names, asked["trace"], strict=True)
    ]
    # without any call the column would be one of floats
    return asked.assign(undeclared=pd.Series(unknown, index=asked.index, dtype=object))


def _told_calls(features: Features, declared: frozenset[str]) -> pd.DataFrame:
    """Calls of tools, with ``undeclared`` as above: what the user did not name."""
    calls = features.calls[features.ended[features.is_call]][_COLUMNS]
    known: frozenset[str] = frozenset().union(*(_forms(name) for name in sorted(declared)))
    wrong = {str(name): _first_unknown(str(name), known) for name in calls["tool"].unique()}
    undeclared = pd.Series(
        [wrong[str(name)] for name in calls["tool"]], index=calls.index, dtype=object
    )
    return calls.assign(undeclared=undeclared, requested="", offered="")


def _silent_calls(
    features: Features, is_call: npt.NDArray[np.bool_], models: pd.DataFrame
) -> pd.DataFrame:
    """Tool calls of traces in which no reply records what it asks for."""
    spans, is_model = features.spans, is_call & features.is_model_call
    speaking = features.traces_with(is_model & ~spans.coded("requested").among(""))
    unrecorded = features.traces_with(is_model & spans.coded("offered").among(""))
    is_silent = features.traces_with(models) & ~speaking & ~unrecorded
    # the calls of no model are those of tools
    of_tools = is_call & ~is_model
    silent = spans[of_tools & is_silent[features.trace_at]]
    tools = silent[["trace", "parent", "tool", "position"]]
    first = models.groupby("trace")["position"].min()
    tools = tools[tools["position"] > tools["trace"].map(first)]
    tools = tools[~tools["parent"].isin(np.flatnonzero(of_tools))]
    ever = frozenset().union(*(_forms_of(offer) for offer in sorted(set(models["offered"]))))
    traces = tools.groupby("tool")["trace"].nunique()
    usual = max(_OWN_STEP_TRACES, _OWN_STEP_SHARE * models["trace"].nunique())
    own_steps = [name for name, count in traces.items() if count > usual and not _known(name, ever)]
    return tools[~tools["tool"].isin(own_steps)]


@lru_cache(maxsize=4096)
def _forms_of(offered: str) -> frozenset[str]:
    return frozenset().union(*(_forms(name) for name in offered.split("\n")))


def _forms(name: str) -> frozenset[str]:
    """The whole name and its last part, without case and separators."""
    bare = _SPAN_PREFIX.sub("", name.strip())
    parts = [bare, _SEPARATOR.split(bare)[-1]]
    found = {re.sub(r"[^a-z0-9]", "", part.casefold()) for part in parts}
    return frozenset(found - {""})


@lru_cache(maxsize=4096)
def _first_unknown(names: str, known: frozenset[str]) -> str:
    return next((name for name in names.split("\n") if not _known(name, known)), "")


def _known(name: str, known: frozenset[str]) -> bool:
    forms = _forms(name)
    # MLflow 2 numbered spans of one name: search_1, search_2
    unnumbered = _forms(re.sub(r"_\d+$", "", name))
    return not forms or bool((forms | unnumbered) & (known | _OF_THE_FRAMEWORK))


def _rows(wrong: pd.DataFrame, *, told: bool = False) -> pd.DataFrame:
    cuts = []
    for name, output, is_model in zip(
        wrong["undeclared"], wrong["output"], wrong["requested"] != "", strict=True
    ):
        at = output.find(name) if is_model else -1
        begin = max(0, at - _MARGIN)
        cuts.append((output[begin : at + len(name) + _MARGIN], begin) if at >= 0 else (name, -1))
    offered = wrong["offered"].str.count("\n") + 1
    rationale = (
        "The reply asks for “" + wrong["undeclared"] + "”, which is none of the "
        + offered.astype(str) + " tools offered: "
        + wrong["offered"].str.replace("\n", ", ").str.slice(0, 160) + "."
    )  # fmt: skip
    rationale = rationale.where(
        wrong["requested"] != "",
        "“"
        + wrong["undeclared"]
        + ("” is called, which the user does not name among the tools." if told else _NOT_OFFERED),
    )
    excerpts = pd.Series([cut for cut, _ in cuts], index=wrong.index, dtype=object)
    offsets = pd.Series([offset for _, offset in cuts], index=wrong.index, dtype=int)
    if "refusal" in wrong:
        refused = wrong["refusal"].notna()
        excerpts = excerpts.where(~refused, wrong["refusal"].str.slice(0, 2 * _MARGIN))
        offsets = offsets.where(~refused, wrong["refusal_offset"]).astype(int)
        said = (
            "“" + wrong["undeclared"] + "” is called, and the answer is that there is no such tool."
        )
        rationale = rationale.where(~refused, said)
    return affected_rows(
        wrong.index, wrong["trace_id"], wrong["span_id"], excerpts, rationale, offsets
    )
