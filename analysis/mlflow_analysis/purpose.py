"""What the application does, drafted from its traces alone, for the user to confirm or correct."""

from __future__ import annotations

import re

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings import Purpose, RequestPattern, ToolUse
from mlflow_analysis.untrusted import single_line

_SOURCE_NAME = re.compile(
    r"search|look_?up|retriev|query|fetch|find|list|get_|read|database|\bdb\b|\bkb\b|knowledge|index|vector",
    re.IGNORECASE,
)
_MOST_TOOLS = 30
_MOST_PATTERNS = 12
_EXAMPLES = 3
_QUOTE = 160
_SHARED = 0.5
_FIRST_SENTENCE = re.compile(r"(.{20,300}?[.!?])(?:\s|$)", re.DOTALL)


def draft_purpose(features: Features) -> Purpose:
    """The job in a few sentences, the tools, the data sources, and the patterns in requests."""
    tools = _tools(features)
    sources = tuple(
        each for each in tools if each.kind == "RETRIEVER" or _SOURCE_NAME.search(each.name)
    )
    patterns = _patterns(features)
    return Purpose(_describe(features, tools, sources, patterns), tools, sources, patterns)


def _tools(features: Features) -> tuple[ToolUse, ...]:
    """Tools by number of calls."""
    calls = features.calls
    if calls.empty:
        return ()
    uses = calls.groupby("tool", sort=True).agg(
        kind=("kind", "first"),
        calls=("failed", "size"),
        failures=("failed", "sum"),
        p50_ms=("duration_ms", "median"),
        arguments=("arguments", "first"),
    )
    uses = uses.sort_values("calls", ascending=False, kind="stable").head(_MOST_TOOLS)
    return tuple(
        ToolUse(
            str(name),
            str(use["kind"]),
            int(use["calls"]),
            int(use["failures"]),
            0.0 if pd.isna(use["p50_ms"]) else round(float(use["p50_ms"]), 3),
            single_line(str(use["arguments"]))[:_QUOTE],
        )
        for name, use in uses.to_dict("index").items()
    )


def _patterns(features: Features) -> tuple[RequestPattern, ...]:
    """Groups of similar requests, largest first."""
    named = features.traces[(features.traces["topic"] != "") & (features.traces["request"] != "")]
    patterns = []
    sizes = named.groupby("topic", sort=True).size().sort_values(ascending=False, kind="stable")
    for topic, count in sizes.head(_MOST_PATTERNS).items():
        texts = named.loc[named["topic"] == topic, "request"].drop_duplicates()
        by_length = texts.iloc[texts.str.len().argsort(kind="stable")]
        middle = len(by_length) // 2
        shown = by_length.iloc[middle : middle + _EXAMPLES]
        examples = tuple(single_line(text)[:_QUOTE] for text in shown)
        patterns.append(
            RequestPattern(str(topic), int(count), float(count / len(features.traces)), examples)
        )
    return tuple(patterns)


def _describe(
    features: Features,
    tools: tuple[ToolUse, ...],
    sources: tuple[ToolUse, ...],
    patterns: tuple[RequestPattern, ...],
) -> str:
    traces = features.traces
    sentences = []
    stated = _stated_role(features)
    if stated:
        sentences.append(f"Its instructions begin: “{stated}”")
    if tools:
        kind = "an agent that calls tools"
    elif len(features.model_calls):
        kind = "an application that calls a language model, without tools"
    else:
        kind = "an application whose spans show neither tools nor models"
    multi = (
        f" in conversations of up to {int(traces['turn'].max())} turns"
        if features.has_sessions
        else ""
    )
    sentences.insert(0, f"This looks like {kind} and answers people{multi}.")
    if patterns:
        largest = ", ".join(f"“{each.label}” ({each.share:.0%})" for each in patterns[:3])
        sentences.append(f"The most frequent requests are about {largest}.")
    doing = [each.name for each in tools if each not in sources]
    if sources:
        sentences.append(f"It looks things up with {_listed([each.name for each in sources])}.")
    if doing:
        sentences.append(f"It acts with {_listed(doing)}.")
    models = [
        str(model) for model in traces.loc[traces["model"] != "", "model"].value_counts().index[:3]
    ]
    if models:
        sentences.append(f"Answers come from {_listed(models)}.")
    return " ".join(sentences)


def _stated_role(features: Features) -> str:
    """First sentence of the system prompt that most model calls have."""
    prompts = features.model_calls["arguments"].str.extract(
        r'"content":"((?:[^"\\]|\\.){20,1200})","role":"system"|"role":"system","content":"((?:[^"\\]|\\.){20,1200})"'
    )
    texts = prompts[0].fillna(prompts[1]).dropna() if len(prompts) else prompts
    if len(texts) == 0:
        return ""
    counts = texts.value_counts()
    if counts.iloc[0] < _SHARED * len(texts):
        return ""  # every call has instructions of its own
    text = str(counts.index[0]).replace("\\n", " ").replace('\\"', '"')
    first = _FIRST_SENTENCE.match(text)
    return single_line(first.group(1) if first else text)[:_QUOTE]


def _listed(names: list[str], most: int = 6) -> str:
    shown = names[:most]
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    if len(shown) > 1 and not rest:
        return ", ".join(shown[:-1]) + " and " + shown[-1]
    return ", ".join(shown) + rest
