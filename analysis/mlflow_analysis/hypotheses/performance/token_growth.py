"""Conversations that carry more input with every turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows

_TURNS = 3
_GROWN = 2.0
_WORTH_IT = 1_000
_STEADY = 0.6
_CACHED = 0.5


class TokenGrowth(Hypothesis):
    """Input tokens rise with every turn of a conversation.

    ## Why it matters
    If every turn sends all earlier turns and tool outputs again, the cost of a conversation grows with
    the square of its length, answers slow down, and the context window ends the conversation.

    ## Test
    Eligible: sessions with at least 3 ended turns of known input tokens. Affected: the last turn has at
    least twice the input tokens of the first and at least 1,000, they rise steadily (Kendall's tau-b of
    tokens and turn at least 0.6), and less than half of the last turn's input came from the provider's
    cache, where that was recorded (cached tokens over input tokens, or over both together where the
    cached ones are the more). Confirmed if the lower bound of the share of sessions (Wilson) is above
    25 %, refuted if the upper bound is below. Impact: the input tokens of each turn beyond those of the
    first turn, and their share of the input's cost where costs were recorded.

    ## Not flagged
    Single long requests in the middle of a session; small histories (under 1,000 tokens); sessions of
    two turns; growth that the provider's cache pays for (half of the last turn's input or more).

    ## Recommendation
    Keep the last turns and a summary of the rest, drop tool outputs once they were used, and order the
    prompt so that its unchanging prefix is cached.

    ## Sources
    Kendall 1938, A New Measure of Rank Correlation, Biometrika 30. Liu et al. 2024, Lost in the Middle,
    TACL 12. Anthropic and OpenAI documentation on prompt caching.
    """

    id: ClassVar[str] = "token-growth"
    title: ClassVar[str] = "Input grows with every turn"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.SESSION
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.25
    needs: ClassVar[frozenset[Field]] = frozenset({Field.TOKENS, Field.FOLLOW_UPS})

    def eligible(self, features: Features) -> pd.Index:
        """Sessions with enough turns of known tokens."""
        return pd.Index(_turns(features)["session"].unique(), dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """The last turns of sessions whose input grew."""
        return _rows(_grown(features, _turns(features)))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the tokens beyond those of each first turn."""
        turns = _turns(features)
        grown = _grown(features, turns)
        again = turns[turns["session"].isin(grown["session"])]
        beyond = (again["input_tokens"] - again["first"]).clip(lower=0)
        factor = (grown["input_tokens"] / grown["first"]).median() if len(grown) else 0.0
        yield Case(
            pd.Index(turns["session"].unique(), dtype=object),
            _rows(grown),
            statement=f"Input tokens grow steadily over a session, to {factor:.1f} times the first turn's in the "
            "median of those that grow."
            if len(grown)
            else "",
            tokens_spared=beyond,
            money_spared=again["input_cost"] * beyond / again["input_tokens"],
        )


def _turns(features: Features) -> pd.DataFrame:
    traces = features.complete
    known = (traces["session_id"] != "") & (traces["input_tokens"] > 0)
    columns = ["place", "session", "turn", "input_tokens", "input_cost", "root_span_id"]
    traces = traces.loc[known, columns]
    by_session = traces["input_tokens"].groupby(features.session_codes[traces["place"]])
    traces = traces.assign(first=by_session.transform("first"), turns=by_session.transform("size"))
    return traces[traces["turns"] >= _TURNS]


def _grown(features: Features, turns: pd.DataFrame) -> pd.DataFrame:
    """The last turns of the sessions whose input grew."""
    last = turns.drop_duplicates("session", keep="last")
    last = last[
        (last["input_tokens"] >= _GROWN * last["first"]) & (last["input_tokens"] >= _WORTH_IT)
    ]
    last = last[~(_cached_share(features, last["place"]) >= _CACHED).to_numpy()]
    tau = _kendall(turns[turns["session"].isin(last["session"])])
    return last[(last["session"].map(tau) >= _STEADY).to_numpy(dtype=bool)]


def _cached_share(features: Features, traces: pd.Series) -> pd.Series:
    """Share of the traces' input that was read from the cache; NaN where that was not recorded."""
    calls = features.model_calls
    calls = calls[calls["cached_tokens"].notna()]
    calls = calls[calls["trace"].isin(traces)]
    tokens = calls[["trace", "cached_tokens", "input_tokens"]]
    sums = tokens.groupby("trace").sum().reindex(traces)
    cached, read = sums["cached_tokens"], sums["input_tokens"]
    # some providers count cached tokens within the input, others beside it
    return cached / read.where(read >= cached, read + cached).where(lambda whole: whole > 0)


def _kendall(turns: pd.DataFrame) -> pd.Series:
    """Kendall's tau-b of input tokens and order, by session; all sessions of one length at once."""
    turns = turns.sort_values(["session", "turn"], kind="stable")
    tau = {}
    for length in np.unique(turns["turns"].to_numpy(dtype=np.int64)).tolist():
        same = turns[turns["turns"] == length]
        tokens = same["input_tokens"].to_numpy(dtype=float).reshape(-1, length)
        first, second = np.triu_indices(length, 1)
        for session, row in zip(same["session"].iloc[::length], tokens, strict=True):
            sign = np.sign(row[second] - row[first])
            untied = np.count_nonzero(sign)
            tau[session] = float(sign.sum() / np.sqrt(len(sign) * untied)) if untied else 0.0
    return pd.Series(tau, dtype=float)


def _rows(grown: pd.DataFrame) -> pd.DataFrame:
    first, now = (
        grown["first"].astype(int).map("{:,}".format).astype(str),
        grown["input_tokens"].astype(int).map("{:,}".format).astype(str),
    )
    return affected_rows(
        grown["session"],
        grown.index,
        grown["root_span_id"],
        first + " input tokens in the first turn, " + now + " in the last",
        "Turn "
        + grown["turn"].astype(str)
        + " sends "
        + now
        + " input tokens, the first turn sent "
        + first
        + ".",
    )
