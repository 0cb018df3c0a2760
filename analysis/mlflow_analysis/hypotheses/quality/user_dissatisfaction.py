"""Users who correct, complain, or leave after a failure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

import pandas as pd
from scipy import stats

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.failing_assessment import verdicts
from mlflow_analysis.hypotheses.quality.wording import cut_out

COMPLAINTS = re.compile(
    r"(?i)(?:\b(?:that|this|it)(?:'s| is| was) (?:still |just |completely |totally |simply )*"
    r"(?:wrong|incorrect|not (?:right|correct|true|what i (?:asked|want|need|meant)|helpful|it)"
    r"|useless|nonsense|ridiculous)\b"
    r"|\b(?:wrong|incorrect|bad) (?:answer|response)\b|\bnot what i (?:asked|wanted|want|meant|need)"
    r"|^\W*no[,.!]? (?:i (?:meant|mean|asked|said|want(?:ed)?)|that|not|it's|you)\b"
    r"|\byou (?:did ?n't|did not|don't|do not|aren't|are not|never) (?:even )?"
    r"(?:answer\w*|understand|listen\w*|read|help\w*|get it)"
    r"|\byou(?:'re| are) (?:wrong|not (?:helping|listening|understanding)|useless)\b"
    r"|\b(?:still|does(?:n't| not)|did(?:n't| not)) (?:not |isn't |doesn't )?"
    r"(?:work(?:ing)?|help(?:ed|ing)?|answer\w*)\b"
    r"|\b(?:useless|frustrat\w+|terrible|awful|waste of (?:my )?time|annoying|disappoint\w+|unacceptable)\b"
    r"|\b(?:speak|talk) (?:to|with) (?:a |an )?(?:real |actual )?(?:human|person|agent|someone real|representative)\b"
    r"|\bi (?:already|just) (?:told|said|asked|gave)\b|\btry again,? (?:please)?\b.*\bwrong\b)"
)
"""Version 1 of the lexicon; a change of it raises the hypothesis' version."""

_SIGNIFICANT = 0.01


class UserDissatisfaction(Hypothesis):
    """Users correct the application, complain, or leave after a failure.

    ## Why it matters
    Few users give feedback; most who are not served say so in the next message or are gone.

    ## Test
    Unit: sessions with a second turn, or whose only turn failed. Affected: a follow-up corrects or
    complains (lexicon, version 1: "that's wrong", "not what I asked", "still not working", "talk to a
    human" …); or the session ends with a failed turn, where sessions end after failures significantly
    more often than after successes (Fisher, p < 0.01). Confirmed if the lower bound of the share of
    sessions (Wilson) is above 5 %. The statement tells how sessions with and without complaint were
    assessed, where they were; without that it says only that the pattern is present.

    ## Not flagged
    First messages (a complaint about the product is the user's request, not a verdict on the answer);
    sessions that end after an answer; endings after failures where endings are as common elsewhere.

    ## Recommendation
    Read the examples turn by turn: what had the answer before the complaint missed? Then look for that
    cause among the other findings, and offer a way out (a person, a form) after the second failure.

    ## Sources
    Ang et al. 2002, Prosody-based automatic detection of annoyance and frustration in human-computer
    dialog, ICSLP. Hancock et al. 2019, Learning from Dialogue after Deployment, ACL. Lin et al. 2024,
    Interpretable User Satisfaction Estimation (SPUR), arXiv:2403.12388.
    """

    id: ClassVar[str] = "user-dissatisfaction"
    title: ClassVar[str] = "Users complain or give up"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.SESSION
    severity: ClassVar[Severity] = Severity.MEDIUM
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset({Field.FOLLOW_UPS, Field.REQUESTS})

    def eligible(self, features: Features) -> pd.Index:
        """Sessions with a second turn or a failure."""
        traces = _in_sessions(features)
        return pd.Index(
            traces.loc[(traces["turn"] > 1) | traces["failed"], "session"].unique(), dtype=object
        )

    def affected(self, features: Features) -> pd.DataFrame:
        """Complaining turns, and last turns that failed where failing makes users leave."""
        traces = _in_sessions(features)
        rows: list[tuple[str, str, str, int, str]] = []
        follow_ups = traces[traces["turn"] > 1]
        plain = follow_ups["request"].str.replace("\u2019", "'", regex=False)
        for trace_id in plain.index[plain.str.contains(COMPLAINTS.pattern)]:
            said = COMPLAINTS.search(plain[trace_id])
            if said is not None:
                excerpt, offset = cut_out(str(follow_ups.at[trace_id, "request"]), *said.span())
                turn = int(follow_ups.at[trace_id, "turn"])
                session = str(follow_ups.at[trace_id, "session"])
                rows.append(
                    (
                        session,
                        str(trace_id),
                        excerpt,
                        offset,
                        f"In turn {turn} the user says “{said.group().strip()}”.",
                    )
                )
        rows += _abandoned(traces)
        columns = list(zip(*rows, strict=True)) or [()] * 5
        sessions, trace_ids, excerpts, offsets, rationales = (list(column) for column in columns)
        return affected_rows(
            pd.Series(sessions, dtype=object),
            pd.Series(trace_ids, dtype=object),
            pd.Series(traces["root_span_id"].reindex(trace_ids).tolist(), dtype=object),
            pd.Series(excerpts, dtype=object),
            pd.Series(rationales, dtype=object),
            pd.Series(offsets, dtype=int),
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case; the statement holds the contrast with assessments, if there are any."""
        affected = self.affected(features)
        judged = verdicts(features)
        session = features.traces["session"].reindex(judged["trace_id"])
        judged = judged.assign(session=session.to_numpy()).groupby("session")["good"].all()
        inside = judged.index.isin(affected["unit"])
        told = "Pattern present; no assessments tell how these sessions were judged."
        if inside.any() and not inside.all():
            told = (
                f"An assessment fails in {1 - judged[inside].mean():.0%} of {inside.sum()} such sessions, against "
                f"{1 - judged[~inside].mean():.0%} of {(~inside).sum()} others."
            )
        yield Case(
            self.eligible(features),
            affected,
            statement=f"Users correct the answer, complain, or leave after a failure. {told}",
        )


def _in_sessions(features: Features) -> pd.DataFrame:
    traces = features.complete
    return traces[traces["session_id"] != ""]


def _abandoned(traces: pd.DataFrame) -> list[tuple[str, str, str, int, str]]:
    last = ~traces["session"].duplicated(keep="last")
    failed = traces["failed"].astype(bool)
    table = pd.crosstab(failed, last).reindex(
        index=[True, False], columns=[True, False], fill_value=0
    )
    after_failure, after_success = table.loc[True], table.loc[False]
    if not after_failure.sum() or not after_success.sum():
        return []
    p_value = float(stats.fisher_exact(table.to_numpy(), alternative="greater").pvalue)
    if p_value >= _SIGNIFICANT:
        return []
    rate_failed = after_failure[True] / after_failure.sum()
    rate_other = after_success[True] / after_success.sum()
    gave_up = traces[last & failed]
    return [
        (
            str(session),
            str(trace_id),
            f"(the session ends after this failure) {request[:160]}",
            -1,
            f"The session ends with failed turn {int(turn)}; sessions end after {rate_failed:.0%} of failed "
            f"turns and {rate_other:.0%} of the others (p = {p_value:.2g}).",
        )
        for trace_id, session, turn, request in zip(
            gave_up.index, gave_up["session"], gave_up["turn"], gave_up["request"], strict=True
        )
    ]
