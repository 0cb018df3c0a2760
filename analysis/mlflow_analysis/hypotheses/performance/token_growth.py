"""Conversations that carry more input with every turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows

_TURNS = 3
_GROWN = 2.0
_WORTH_IT = 1_000
_STEADY = 0.6


class TokenGrowth(Hypothesis):
    """Input tokens rise with every turn of a conversation.

    ## Why it matters
    If every turn sends all earlier turns and tool outputs again, the cost of a conversation grows with
    the square of its length, answers slow down, and the context window ends the conversation.

    ## Test
    Eligible: sessions with at least 3 turns of known input tokens. Affected: the last turn has at least
    twice the input tokens of the first and at least 1,000, and they rise steadily (Kendall's tau of
    tokens and turn at least 0.6). Confirmed if the lower bound of the share of sessions (Wilson) is
    above 25 %.

    ## Not flagged
    Single long requests in the middle of a session; small histories (under 1,000 tokens); sessions of
    two turns.

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
        return _rows(_grown(_turns(features)))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case, with the tokens beyond those of each first turn."""
        turns = _turns(features)
        grown = _grown(turns)
        again = turns[turns["session"].isin(grown["session"])]
        beyond = (again["input_tokens"] - again["first"]).clip(lower=0).sum()
        factor = (grown["input_tokens"] / grown["first"]).median() if len(grown) else 0.0
        yield Case(
            self.eligible(features),
            _rows(grown),
            statement=f"Input tokens grow steadily over a session, to {factor:.1f} times the first turn's in the "
            "median of those that grow."
            if len(grown)
            else "",
            tokens_lost=int(beyond),
        )


def _turns(features: Features) -> pd.DataFrame:
    traces = features.complete
    traces = traces[(traces["session_id"] != "") & (traces["input_tokens"] > 0)]
    by_session = traces.groupby("session")["input_tokens"]
    traces = traces.assign(first=by_session.transform("first"), turns=by_session.transform("size"))
    return traces[traces["turns"] >= _TURNS]


def _grown(turns: pd.DataFrame) -> pd.DataFrame:
    last = turns.drop_duplicates("session", keep="last")
    last = last[
        (last["input_tokens"] >= _GROWN * last["first"]) & (last["input_tokens"] >= _WORTH_IT)
    ]
    candidates = turns[turns["session"].isin(last["session"])]
    tau = {
        session: of_session["turn"].corr(of_session["input_tokens"], method="kendall")
        for session, of_session in candidates.groupby("session", sort=False)
    }
    return last[last["session"].map(tau).astype(float) >= _STEADY]


def _rows(grown: pd.DataFrame) -> pd.DataFrame:
    first, now = (
        grown["first"].astype(int).astype(str),
        grown["input_tokens"].astype(int).astype(str),
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
