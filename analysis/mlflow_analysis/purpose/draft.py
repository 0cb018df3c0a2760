"""What the application does, drafted from its traces alone, for the user to confirm or correct.

Nothing is said that is not read from a trace: each fact names its basis, and each tool, pattern and
quoted instruction can be looked up in the traces.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from mlflow_analysis.features.tables import Features
from mlflow_analysis.features.topics import NO_SUBJECT
from mlflow_analysis.findings.purpose import Purpose, RequestPattern, ToolUse
from mlflow_analysis.purpose.facts import facts_of
from mlflow_analysis.purpose.tools import is_source, tools_of
from mlflow_analysis.purpose.wording import counted, listed
from mlflow_analysis.untrusted import single_line

_MOST_PATTERNS = 12
_EXAMPLES = 3
_QUOTE = 160
_SHARED = 0.5
_LONGEST_ROLE = 240
_HEADING = re.compile(r"\A(?:\s*(?:#[^\n]*\n+|[*=-]{2,}))*")
_FIRST_SENTENCES = re.compile(r"(.{20,300}?[.!?])(?:\s|$)", re.DOTALL)


def draft_purpose(features: Features) -> Purpose:
    """The job in a few sentences, the tools, the data sources, the patterns in requests, the facts."""
    tools = tools_of(features)
    sources = tuple(each for each in tools if is_source(each))
    patterns = _patterns(features)
    return Purpose(
        _describe(features, tools, sources, patterns),
        tools,
        sources,
        patterns,
        facts=facts_of(features),
    )


def _patterns(features: Features) -> tuple[RequestPattern, ...]:
    """Groups of similar requests, largest first."""
    named = features.traces[["topic", "request"]]
    named = named[((named["topic"] != "") & (named["request"] != "")).to_numpy()]
    sizes = named.groupby("topic", sort=True).size().sort_values(ascending=False, kind="stable")
    requests = dict(iter(named.drop_duplicates("request").groupby("topic")["request"]))
    patterns = []
    for topic, count in sizes.head(_MOST_PATTERNS).items():
        by_length = sorted(requests[topic], key=len)
        middle = len(by_length) // 2
        shown = by_length[middle : middle + _EXAMPLES]
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
    if tools:
        kind = f"An agent that calls {counted(len(tools), 'tool')}"
    elif len(features.model_calls):
        kind = "An application that calls a language model, without tools"
    else:
        kind = "An application whose spans show neither tools nor models"
    turns = int(features.traces["turn"].max()) if features.has_sessions else 1
    sentences = [kind + (f", in conversations of up to {turns} turns." if turns > 1 else ".")]
    stated = _stated_role(features)
    if stated:
        sentences.append(f"Its instructions begin: “{stated}”")
    subjects = [each for each in patterns if each.label not in NO_SUBJECT]
    if subjects:
        largest = ", ".join(
            f"“{each.label.replace(' · ', ', ')}” ({each.share:.0%})" for each in subjects[:3]
        )
        sentences.append(f"The most frequent requests are about {largest}.")
    doing = [each.name for each in tools if each not in sources]
    if sources:
        sentences.append(f"It looks things up with {listed([each.name for each in sources])}.")
    if doing:
        sentences.append(f"It {'also ' if sources else ''}calls {listed(doing)}.")
    traces = features.traces
    models = [
        str(model) for model in traces.loc[traces["model"] != "", "model"].value_counts().index
    ]
    if models:
        sentences.append(f"Answers come from {listed(models, 3)}.")
    return " ".join(sentences)


def _stated_role(features: Features) -> str:
    """First sentence of the instructions that most model calls have."""
    codes, distinct = features.model_calls.texts("instructions").met()
    # The first sentence, because what follows may hold the date or the user's name.
    counts: Counter[str] = Counter()
    for text, times in zip(distinct, np.bincount(codes).tolist(), strict=True):
        if text:
            counts[_opening(text)] += times
    most = max(counts.values(), default=0)
    if not counts or most < _SHARED * counts.total():
        return ""  # every call has instructions of its own
    return min(opening for opening, times in counts.items() if times == most)


def _opening(text: str) -> str:
    said = single_line(_HEADING.sub("", text))
    first = _FIRST_SENTENCES.match(said)
    return _clipped(first.group(1) if first else said, _LONGEST_ROLE)


def _clipped(text: str, longest: int) -> str:
    """``text``, cut between words where it is too long."""
    return text if len(text) <= longest else text[:longest].rpartition(" ")[0] + " …"
