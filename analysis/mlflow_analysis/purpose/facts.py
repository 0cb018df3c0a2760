"""What else the traces tell of the application, each fact with what it was read from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.purpose import PurposeFact
from mlflow_analysis.hypotheses.quality.requested_format import language_of
from mlflow_analysis.purpose.wording import counted, listed
from mlflow_analysis.untrusted import single_line

_TEXTS_PER_LANGUAGE = 2_000
_FEWEST_OF_LANGUAGE, _LEAST_OF_LANGUAGE = 2, 0.02
_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "ja": "Japanese", "ko": "Korean", "zh": "Chinese", "ru": "Russian", "ar": "Arabic",
}  # fmt: skip


def facts_of(features: Features) -> tuple[PurposeFact, ...]:
    """What else the traces tell, each with what it was read from."""
    traces = features.traces
    if traces.empty:
        return ()
    of_all = f"of {len(traces):,} traces"
    facts = [_conversations(features), _languages(features)]
    models = features.model_calls["model"]
    models = models[models != ""]
    if len(models):
        basis = f"{len(models):,} model calls that name one"
        facts.append(PurposeFact("models", _shares(models), basis))
    users = traces.loc[traces["user"] != "", "user"]
    if len(users):
        facts.append(
            PurposeFact(
                "users", counted(users.nunique(), "user"), f"user id on {len(users):,} {of_all}"
            )
        )
    for column, name in (("app_version", "versions"), ("prompt_version", "prompt versions")):
        told = traces.loc[traces[column] != "", column]
        if len(told):
            facts.append(PurposeFact(name, _shares(told), f"recorded on {len(told):,} {of_all}"))
    judged = features.assessments
    if len(judged):
        names = sorted(str(name) for name in judged["name"].unique())
        facts.append(
            PurposeFact(
                "assessments",
                listed([single_line(name)[:40] for name in names]),
                f"on {judged['trace_id'].nunique():,} {of_all}",
            )
        )
    return tuple(fact for fact in facts if fact is not None)


def _conversations(features: Features) -> PurposeFact:
    traces = features.traces
    ids = traces["session_id"].to_numpy(dtype=object)
    ids = ids[ids != ""]
    if not len(ids):
        return PurposeFact("conversations", "single requests", "no trace carries a session id")
    turns = np.bincount(pd.factorize(ids)[0])
    basis = f"session id on {len(ids):,} of {len(traces):,} traces"
    if turns.max() == 1:
        return PurposeFact("conversations", f"{len(turns):,} sessions of one turn each", basis)
    return PurposeFact(
        "conversations",
        f"{counted(len(turns), 'session')}; turns: {np.median(turns):g} at the median, {turns.max()} at most",
        basis,
    )


def _languages(features: Features) -> PurposeFact | None:
    spoken = features.traces["request"].unique()
    spoken = spoken[spoken != ""]
    step = max(1, len(spoken) // _TEXTS_PER_LANGUAGE)
    looked_at = pd.Series(spoken[::step], dtype=object)
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
        f"function words and script of {len(told):,} of {len(looked_at):,} requests; of the rest it is "
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
