"""What the application does, drafted from its traces alone, for the user to confirm or correct.

Nothing is said that is not read from a trace: each fact names its basis, and each tool, pattern and
quoted instruction can be looked up in the traces.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pandas as pd

from mlflow_analysis.features.payload import parsed
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.purpose import Purpose, PurposeFact, RequestPattern, ToolUse
from mlflow_analysis.focus import pattern_of, terms
from mlflow_analysis.hypotheses.quality.requested_format import language_of
from mlflow_analysis.untrusted import single_line

_READS = frozenset(
    re.findall(
        r"\w+",
        "search lookup look retrieve retriever retrieval query fetch find list get read load browse show "
        "check view database db kb knowledge index vector docs wiki crm catalog catalogue",
    )
)
_ACTS = frozenset(
    re.findall(
        r"\w+",
        "update create delete remove add cancel send modify write change set book buy pay refund return "
        "exchange transfer issue submit post put insert execute run edit save reset start stop",
    )
)
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MOST_TOOLS = 500
_MOST_PATTERNS = 12
_MOST_FIELDS = 6
_EXAMPLES = 3
_LOOKED_AT = 50
"""Calls of a tool from which its arguments and its output are described."""
_QUOTE = 160
_SHARED = 0.5
_TEXTS_PER_LANGUAGE = 2_000
_FEWEST_OF_LANGUAGE, _LEAST_OF_LANGUAGE = 2, 0.02
_LONGEST_ROLE = 240
_HEADING = re.compile(r"\A(?:\s*(?:#[^\n]*\n+|[*=-]{2,}))*")
_FIRST_SENTENCES = re.compile(r"(.{20,300}?[.!?])(?:\s|$)", re.DOTALL)
_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "ja": "Japanese", "ko": "Korean", "zh": "Chinese", "ru": "Russian", "ar": "Arabic",
}  # fmt: skip


def draft_purpose(features: Features) -> Purpose:
    """The job in a few sentences, the tools, the data sources, the patterns in requests, the facts."""
    tools = _tools(features)
    sources = tuple(each for each in tools if _is_source(each))
    patterns = _patterns(features)
    return Purpose(
        _describe(features, tools, sources, patterns),
        tools,
        sources,
        patterns,
        facts=_facts(features),
    )


# ---- what the user's word changes ---------------------------------------------------------------


def as_told(features: Features, purpose: Purpose) -> Features:
    """The tables with what the user declared: the tools there are, and the requests out of scope."""
    declared = purpose.declared_tools
    outside = out_of_scope(features, purpose.out_of_scope)
    return replace(
        features,
        declared_tools=None if declared is None else frozenset(declared),
        out_of_scope=frozenset(outside),
    )


def out_of_scope(features: Features, entries: tuple[str, ...]) -> list[str]:
    """Ids of the traces whose request belongs to one of ``entries``.

    An entry is the label of a request pattern, or words. A trace belongs to it if its own pattern has
    that label or at least two thirds of the label's words (patterns are formed anew with every analysis), or
    if its request holds all the words.
    """
    traces = features.traces
    belongs = pd.Series(False, index=traces.index)
    for entry in entries:
        wanted = set(entry.lower().split(" · "))
        labels = [str(label) for label in traces["topic"].unique() if label]
        near = [
            label
            for label in labels
            if label == entry
            or (len(wanted) > 1 and 3 * len(wanted & set(label.split(" · "))) >= 2 * len(wanted))
        ]
        belongs |= traces["topic"].isin(near)
        patterns = [pattern_of(term) for term in terms(entry.replace(" · ", " "))]
        requests = pd.Series(traces["request"].unique(), dtype=object)
        holds = requests.map(
            lambda text, patterns=patterns: (
                bool(patterns) and all(each.search(text) for each in patterns)
            )
        ).astype(bool)
        belongs |= traces["request"].isin(requests[holds])
    return [str(trace_id) for trace_id in traces.index[belongs]]


# ---- tools --------------------------------------------------------------------------------------


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
    looked_at = calls[calls["tool"].isin(uses.index)].groupby("tool", sort=True).head(_LOOKED_AT)
    by_tool = dict(iter(looked_at.groupby("tool", sort=True)))
    return tuple(
        ToolUse(
            str(name),
            str(use["kind"]),
            int(use["calls"]),
            int(use["failures"]),
            0.0 if pd.isna(use["p50_ms"]) else round(float(use["p50_ms"]), 3),
            single_line(str(use["arguments"]))[:_QUOTE],
            _argument_names(by_tool[name]["arguments"]),
            _gives(by_tool[name]),
        )
        for name, use in uses.to_dict("index").items()
    )


def _argument_names(arguments: pd.Series) -> tuple[str, ...]:
    """Keys of the arguments, the most frequent first. What is cut off is left out."""
    counts: Counter[str] = Counter()
    for text in arguments:
        value = parsed(text)
        while isinstance(value, dict) and len(value) == 1:
            (inner,) = value.values()
            if not isinstance(inner, dict):
                break
            value = inner  # {"input": {…}}: frameworks wrap the arguments
        if isinstance(value, dict):
            counts.update(single_line(str(key))[:40] for key in value)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(key for key, _ in ranked[:_MOST_FIELDS])


def _gives(calls: pd.DataFrame) -> str:
    """What comes back from calls that did not fail, in a few words; "" if nothing is recorded."""
    good = calls[~calls["failed"] & (calls["output"] != "")]
    documents = good.loc[good["documents"] >= 0, "documents"]
    if len(documents):
        count = int(documents.median())
        return f"{count} document{'' if count == 1 else 's'} at the median"
    shapes: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    words = []
    for text in good["output"]:
        value = parsed(text)
        shape = "list" if isinstance(value, list) else "object" if isinstance(value, dict) else ""
        first = (
            next((each for each in value if isinstance(each, dict)), {})
            if shape == "list"
            else value
        )
        if isinstance(first, dict):
            fields.update(single_line(str(key))[:40] for key in first)
        shapes[shape or ("value" if isinstance(value, (int, float, bool)) else "text")] += 1
        words.append(len(text.split()))
    if not shapes:
        return ""
    (shape, _), *_ = sorted(shapes.items(), key=lambda item: (-item[1], item[0]))
    if shape in ("object", "list"):
        ranked = sorted(fields.items(), key=lambda item: (-item[1], item[0]))
        named = [key for key, _ in ranked[:_MOST_FIELDS]]
        more = f" and {len(ranked) - len(named)} more" if len(ranked) > len(named) else ""
        kind = "JSON" if shape == "object" else "a JSON list"
        return f"{kind}: {', '.join(named)}{more}" if named else kind
    if shape == "value":
        return "a number or a truth value"
    count = sorted(words)[len(words) // 2]
    if count == 1:
        return "a single word"
    return f"text, {count} word{'' if count == 1 else 's'} at the median"


def _is_source(tool: ToolUse) -> bool:
    """Whether it is read from: a retriever, or a name that reads and does not act."""
    if tool.kind in ("RETRIEVER", "RERANKER"):
        return True
    parts = {part.lower() for part in _NAME_PART.findall(tool.name)}
    return bool(parts & _READS) and not parts & _ACTS


# ---- requests -----------------------------------------------------------------------------------


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


# ---- facts --------------------------------------------------------------------------------------


def _facts(features: Features) -> tuple[PurposeFact, ...]:
    """What else the traces tell, each with what it was read from."""
    traces = features.traces
    if traces.empty:
        return ()
    of_all = f"of {len(traces)} traces"
    facts = [_conversations(features), _languages(features)]
    models = features.model_calls[features.model_calls["model"] != ""]
    if len(models):
        facts.append(
            PurposeFact(
                "models", _shares(models["model"]), f"{len(models)} model calls that name one"
            )
        )
    users = traces.loc[traces["user"] != "", "user"]
    if len(users):
        facts.append(
            PurposeFact(
                "users", _counted(users.nunique(), "user"), f"user id on {len(users)} {of_all}"
            )
        )
    for column, name in (("app_version", "versions"), ("prompt_version", "prompt versions")):
        told = traces.loc[traces[column] != "", column]
        if len(told):
            facts.append(PurposeFact(name, _shares(told), f"recorded on {len(told)} {of_all}"))
    judged = features.assessments
    if len(judged):
        names = sorted(str(name) for name in judged["name"].unique())
        facts.append(
            PurposeFact(
                "assessments",
                _listed([single_line(name)[:40] for name in names]),
                f"on {judged['trace_id'].nunique()} {of_all}",
            )
        )
    return tuple(fact for fact in facts if fact is not None)


def _conversations(features: Features) -> PurposeFact:
    traces = features.traces
    with_session = int((traces["session_id"] != "").sum())
    if not with_session:
        return PurposeFact("conversations", "single requests", "no trace carries a session id")
    turns = traces[traces["session_id"] != ""].groupby("session_id").size()
    basis = f"session id on {with_session} of {len(traces)} traces"
    if turns.max() == 1:
        return PurposeFact("conversations", f"{len(turns)} sessions of one turn each", basis)
    return PurposeFact(
        "conversations",
        f"{_counted(len(turns), 'session')}; turns: {turns.median():g} at the median, {turns.max()} at most",
        basis,
    )


def _languages(features: Features) -> PurposeFact | None:
    requests = features.traces["request"]
    spoken = requests[requests != ""].drop_duplicates()
    step = max(1, len(spoken) // _TEXTS_PER_LANGUAGE)
    looked_at = spoken.iloc[::step]
    codes = looked_at.str.slice(0, 600).map(language_of)
    told = codes[codes != ""].map(lambda code: _LANGUAGES.get(code, code))
    sizes = told.map(told.value_counts())
    # One request in fifty and fewer is what detection gets wrong by itself.
    told = told[(sizes >= _FEWEST_OF_LANGUAGE) & (sizes >= _LEAST_OF_LANGUAGE * len(told))]
    if told.empty:
        return None
    return PurposeFact(
        "languages",
        _shares(told),
        f"function words and script of {len(told)} of {len(looked_at)} requests; of the rest it is "
        "not plain",
    )


def _shares(values: pd.Series, most: int = 4) -> str:
    counts = values.value_counts()
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    if len(ranked) == 1:
        return single_line(str(ranked[0][0]))[:60]
    said = [
        f"{single_line(str(name))[:60]} {count / len(values):.0%}" for name, count in ranked[:most]
    ]
    more = f" and {len(ranked) - most} more" if len(ranked) > most else ""
    return ", ".join(said) + more


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# ---- in a few sentences -------------------------------------------------------------------------


def _describe(
    features: Features,
    tools: tuple[ToolUse, ...],
    sources: tuple[ToolUse, ...],
    patterns: tuple[RequestPattern, ...],
) -> str:
    if tools:
        kind = f"An agent that calls {_counted(len(tools), 'tool')}"
    elif len(features.model_calls):
        kind = "An application that calls a language model, without tools"
    else:
        kind = "An application whose spans show neither tools nor models"
    turns = int(features.traces["turn"].max()) if features.has_sessions else 1
    sentences = [kind + (f", in conversations of up to {turns} turns." if turns > 1 else ".")]
    stated = _stated_role(features)
    if stated:
        sentences.append(f"Its instructions begin: “{stated}”")
    if patterns:
        largest = ", ".join(
            f"“{each.label.replace(' · ', ', ')}” ({each.share:.0%})" for each in patterns[:3]
        )
        sentences.append(f"The most frequent requests are about {largest}.")
    doing = [each.name for each in tools if each not in sources]
    if sources:
        sentences.append(f"It looks things up with {_listed([each.name for each in sources])}.")
    if doing:
        sentences.append(f"It {'also ' if sources else ''}calls {_listed(doing)}.")
    traces = features.traces
    models = [
        str(model) for model in traces.loc[traces["model"] != "", "model"].value_counts().index
    ]
    if models:
        sentences.append(f"Answers come from {_listed(models, 3)}.")
    return " ".join(sentences)


def _stated_role(features: Features) -> str:
    """First sentence of the instructions that most model calls have."""
    texts = features.model_calls["instructions"]
    texts = texts[texts != ""]
    if texts.empty:
        return ""
    # The first sentence, because what follows may hold the date or the user's name.
    distinct = texts.drop_duplicates()
    opening = texts.map(dict(zip(distinct, distinct.map(_opening), strict=True)))
    counts = opening.value_counts()
    if counts.iloc[0] < _SHARED * len(opening):
        return ""  # every call has instructions of its own
    return min(str(each) for each in counts.index[counts == counts.iloc[0]])


def _opening(text: str) -> str:
    said = single_line(_HEADING.sub("", text))
    first = _FIRST_SENTENCES.match(said)
    return _clipped(first.group(1) if first else said, _LONGEST_ROLE)


def _clipped(text: str, longest: int) -> str:
    """``text``, cut between words where it is too long."""
    return text if len(text) <= longest else text[:longest].rpartition(" ")[0] + " …"


def _listed(names: list[str], most: int = 4) -> str:
    shown = names[:most]
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    if len(shown) > 1 and not rest:
        return ", ".join(shown[:-1]) + " and " + shown[-1]
    return ", ".join(shown) + rest
