"""The user's own claims, built while the program runs from a ``Focus``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.brief.focus import FAILURE, LATENCY, PLACES, TOKENS, Focus, pattern_of, terms
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import (
    Case,
    Contrast,
    Documentation,
    Hypothesis,
    Rule,
    affected_rows,
)
from mlflow_analysis.hypotheses.quality.failing_assessment import verdicts
from mlflow_analysis.hypotheses.quality.wording import cut_out
from mlflow_analysis.statistics.contrasts import difference_of_rates, ratio_of_medians

_FEWEST = 5
_WORSE_RATE = 0.05
_WORSE_RATIO = 1.1
_TAIL = 0.75
_MOST_NAMES = 6


class Own(Hypothesis):
    """Traces that the user asked about do worse than the others.

    ## Why it matters
    The user asked: this claim was typed by a person who knows the application.

    ## Test
    Eligible: ended traces whose outcome is known (for latency a duration, for tokens a count, for an
    assessment a verdict). Affected: those that match, which is to say that the store returns them for the
    filter, and that request, response, tool outputs and error messages (or the places named) together
    hold every word at the start of a word, case ignored. Failures and failing assessments: rate among
    the matching minus rate among the others (Newcombe interval at the effective sample size; p from
    exchanging whole sessions), worth speaking of from 5 points. Latency and tokens: median among the
    matching over median among the others (interval by bootstrap of sessions), worth speaking of from
    1.1. Root causes contrast the matching traces that did badly (failed, or were above the third
    quartile of the others) with the matching ones that did not.

    ## Not flagged
    Fewer than five traces that match, or that do not; traces without the outcome; small words and a
    plural s, which are not looked for.

    ## Recommendation
    Read the examples. If the claim holds, start with the first root cause; if it does not, look at what
    else these traces have in common, or narrow the words or the filter.

    ## Sources
    Newcombe 1998, Interval estimation for the difference between independent proportions, Stat. Med. 17.
    """

    category: ClassVar[Category] = Category.USER
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    rule: ClassVar[Rule] = Rule.EFFECT
    live: ClassVar[bool] = False
    focus: ClassVar[Focus]
    selected: ClassVar[frozenset[str] | None]
    """Ids that the store returned for the filter; ``None`` without one."""
    objection: ClassVar[str]
    """Why the filter could not be evaluated, or ""."""

    @classmethod
    def documentation(cls) -> Documentation:
        """As of all own claims, but the claim is what the user typed."""
        return replace(super().documentation(), claim=f"{cls.focus.claim} than elsewhere")

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces whose outcome is known."""
        return _outcome(self.focus.outcome, features).values.index

    def affected(self, features: Features) -> pd.DataFrame:
        """Those that match."""
        return next(iter(self.cases(features))).affected

    def cases(self, features: Features) -> Iterable[Case]:
        """One case; or why there is nothing to test."""
        outcome = _outcome(self.focus.outcome, features)
        eligible = outcome.values.index
        hits = self._hits(features.traces.loc[eligible], features)
        matching = np.asarray(eligible.isin(hits.index), dtype=bool)
        rows = self._rows(hits, outcome, features)
        reason = self.objection or outcome.missing or self._too_few(matching)
        if reason:
            shown = rows if not self.objection else rows.iloc[:0]
            yield Case(eligible, shown, test_without_effect=reason)
            return
        contrast, told = self._contrast(outcome, matching, features)
        bad = outcome.bad(matching)
        yield Case(
            eligible,
            rows,
            contrast=contrast,
            statement=f"{told}{self._caution(hits)}",
            explained=Case(eligible[matching], rows[rows["unit"].isin(eligible[bad])]),
        )

    def recommend(self, finding: Finding) -> str:
        """What the root causes are of, where there are any."""
        advice = self.documentation().recommendation
        if not finding.root_causes:
            return advice
        return f"The root causes are those of the matching traces that {self._did_badly}. {advice}"

    # ---- which traces -----------------------------------------------------------------------

    def _hits(self, traces: pd.DataFrame, features: Features) -> pd.DataFrame:
        """Matching traces of ``traces``: where the first word was found, and its text.

        Index trace id; columns place, span_id, text. For a filter alone the place is "".
        """
        ids = traces.index
        if self.selected is not None:
            ids = ids[ids.isin(self.selected)]
        hits = pd.DataFrame({
            "place": "", "span_id": traces.loc[ids, "root_span_id"], "text": "", "term": "",
        })  # fmt: skip
        if self.objection:
            return hits.iloc[:0]
        sought = terms(self.focus.words)
        if not sought or hits.empty:
            return hits
        texts = _texts(self.focus.places or PLACES, traces.loc[ids], features)
        first = _holding(sought[0], texts).drop_duplicates("trace_id")
        common = ids[ids.isin(first["trace_id"])]
        for term in sought[1:]:
            found = _holding(term, texts[texts["trace_id"].isin(common)])
            common = common[common.isin(found["trace_id"])]
        return first.set_index("trace_id").assign(term=sought[0]).reindex(common)

    def _too_few(self, matching: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
        count, rest = int(matching.sum()), int((~matching).sum())
        if not len(matching):
            return "No trace has ended."
        if not count:
            return (
                f"None of {len(matching)} traces matches {self.focus.subject}. Try fewer words, another "
                "spelling, or a wider filter."
            )
        if not rest:
            return (
                f"All {count} traces match, so there are no others to compare with. Narrow it down."
            )
        if min(count, rest) < _FEWEST:
            group = "match" if count < _FEWEST else "do not match"
            return (
                f"Only {min(count, rest)} of {len(matching)} traces {group}; {_FEWEST} are needed."
            )
        return ""

    # ---- what is said -----------------------------------------------------------------------

    def _contrast(
        self,
        outcome: _Outcome,
        matching: np.ndarray[tuple[int], np.dtype[np.bool_]],
        features: Features,
    ) -> tuple[Contrast, str]:
        values = outcome.values.to_numpy(dtype=float)
        cluster = features.traces["session"].reindex(outcome.values.index).to_numpy(dtype=object)
        if outcome.unit:
            ratio = ratio_of_medians(values, matching, cluster, features.seed)
            effect = Effect("ratio of medians", ratio.value, ratio.interval)
            told = (
                f"The {matching.sum()} traces {self.focus.traces} take {outcome.told(ratio.median_in)} at "
                f"the median, the other {(~matching).sum()} take {outcome.told(ratio.median_out)}."
            )
            return Contrast(effect, ratio.p_value), told
        rates = difference_of_rates(values, matching, cluster, features.seed)
        effect = Effect("risk difference", rates.value, rates.interval, rates.rate_out)
        told = (
            f"Of the {matching.sum()} traces {self.focus.traces}, {int(values[matching].sum())} "
            f"{self._fail} ({rates.rate_in:.1%}); of the other {(~matching).sum()}, "
            f"{int(values[~matching].sum())} ({rates.rate_out:.1%})."
        )
        return Contrast(effect, rates.p_value), told

    @property
    def _did_badly(self) -> str:
        if self.focus.outcome in (LATENCY, TOKENS):
            return "are above the third quartile of the others"
        return self._fail

    @property
    def _fail(self) -> str:
        name = self.focus.outcome
        return "failed" if name == FAILURE else f"fail “{name}”"

    def _caution(self, hits: pd.DataFrame) -> str:
        """Where the words are mostly those of error messages, failing comes with them by itself."""
        in_errors = (hits["place"] == "errors").mean() if len(hits) else 0.0
        if self.focus.outcome != FAILURE or in_errors < 0.5:
            return ""
        return (
            f" On {in_errors:.0%} of them the words stand in an error message only, so that failing "
            "comes with them by itself; add “in: request” to look at what is asked."
        )

    def _rows(self, hits: pd.DataFrame, outcome: _Outcome, features: Features) -> pd.DataFrame:
        hits = hits.loc[outcome.values.index[outcome.values.index.isin(hits.index)]]
        excerpts, offsets, rationales = [], [], []
        for place, text, term, value in zip(
            hits["place"],
            hits["text"],
            hits["term"],
            outcome.values.reindex(hits.index),
            strict=True,
        ):
            excerpt, offset = "", -1
            where = f"It is one of those where {self.focus.filter}"
            if place:
                match = pattern_of(term).search(text)
                assert match is not None, "a hit holds its term"
                excerpt, offset = cut_out(text, *match.span())
                where = f"{_HOLDERS[place]} holds “{match.group()[:80]}”"
            excerpts.append(excerpt)
            offsets.append(offset)
            rationales.append(f"{where}; {outcome.said(value)}.")
        root = features.traces["root_span_id"].reindex(hits.index)
        return affected_rows(
            hits.index,
            hits.index,
            hits["span_id"].where(hits["span_id"] != "", root),
            pd.Series(excerpts, dtype=object),
            pd.Series(rationales, dtype=object),
            pd.Series(offsets, dtype=int),
        )


_HOLDERS = {
    "request": "Its request",
    "response": "Its response",
    "tools": "A tool's output",
    "errors": "An error message",
}


def own_hypothesis(
    focus: Focus, selected: frozenset[str] | None = None, objection: str = ""
) -> Hypothesis:
    """The hypothesis that tests ``focus``; ``selected`` is what the store returns for its filter."""

    class Typed(Own):
        id: ClassVar[str] = f"own-{focus.key}"
        title: ClassVar[str] = focus.claim
        minimum_effect: ClassVar[float] = (
            _WORSE_RATIO if focus.outcome in (LATENCY, TOKENS) else _WORSE_RATE
        )

    Typed.__doc__ = Own.__doc__
    Typed.focus, Typed.selected, Typed.objection = focus, selected, objection
    return Typed()


# ---- outcomes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Outcome:
    """One figure a trace: 1 or 0 for bad or good, or an amount (``unit`` is not "")."""

    values: pd.Series
    """Index: ids of the traces whose outcome is known."""
    unit: str = ""
    fails: str = ""
    passes: str = ""
    missing: str = ""
    """Why there are none."""

    def told(self, value: float) -> str:
        return f"{value / 1000:.2f} s" if self.unit == "ms" else f"{value:,.0f} {self.unit}"

    def said(self, value: float) -> str:
        if self.unit:
            return f"it took {self.told(value)}"
        return self.fails if value else self.passes

    def bad(
        self, matching: np.ndarray[tuple[int], np.dtype[np.bool_]]
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which of the matching traces did badly; n flags."""
        values = self.values.to_numpy(dtype=float)
        bound = np.quantile(values[~matching], _TAIL) if self.unit else 0.5
        return np.asarray(matching & (values > bound), dtype=bool)


def _outcome(name: str, features: Features) -> _Outcome:
    traces = features.complete
    if name == FAILURE:
        return _Outcome(traces["failed"].astype(float), fails="it failed", passes="it did not fail")
    if name in (LATENCY, TOKENS):
        column, unit = ("duration_ms", "ms") if name == LATENCY else ("total_tokens", "tokens")
        known = traces.loc[traces[column] > 0, column]
        lacks = "has a duration" if name == LATENCY else "carries token usage"
        return _Outcome(known, unit, missing="" if len(known) else f"No trace {lacks}.")
    judged = verdicts(features)
    names = sorted(set(judged["name"]))
    of_name = judged[(judged["name"] == name) & judged["trace_id"].isin(traces.index)]
    fails = (~of_name["good"].astype(bool)).groupby(of_name["trace_id"]).any()
    known = fails.reindex(traces.index[traces.index.isin(fails.index)]).astype(float)
    return _Outcome(
        known,
        fails=f"“{name}” fails",
        passes=f"“{name}” passes",
        missing=_no_such(name, names, len(known), features),
    )


def _no_such(name: str, names: list[str], known: int, features: Features) -> str:
    if known:
        return ""
    there = ", ".join(f"“{each}”" for each in names[:_MOST_NAMES])
    remedy = f"Outcomes are failure, latency, tokens{', ' + there if there else ''}."
    if (features.assessments["name"] == name).any():
        return f"The assessment “{name}” says neither pass nor fail of any ended trace. {remedy}"
    return f"No trace carries an assessment “{name}”. {remedy}"


# ---- words --------------------------------------------------------------------------------------


def _texts(places: Iterable[str], traces: pd.DataFrame, features: Features) -> pd.DataFrame:
    """The texts to look into, in the order of ``PLACES``: columns trace_id, span_id, place, text."""
    spans = features.spans[features.spans["trace_id"].isin(traces.index)]
    calls = features.calls[features.calls["trace_id"].isin(traces.index)]
    sources = {
        "request": (traces.index, traces["root_span_id"], traces["request"]),
        "response": (traces.index, traces["root_span_id"], traces["response"]),
        "tools": (calls["trace_id"], calls["span_id"], calls["output"]),
        "errors": (spans["trace_id"], spans["span_id"], spans["error_message"]),
    }
    tables = []
    for place in places:
        ids, span_ids, text = sources[place]
        table = pd.DataFrame({
            "trace_id": np.asarray(ids, dtype=object), "span_id": np.asarray(span_ids, dtype=object),
            "place": place, "text": np.asarray(text, dtype=object),
        })  # fmt: skip
        tables.append(table[table["text"] != ""])
    return pd.concat(tables, ignore_index=True)


def _holding(term: str, texts: pd.DataFrame) -> pd.DataFrame:
    """The rows whose text holds ``term``; each distinct text is looked into once."""
    pattern, words = pattern_of(term), term.split()
    anywhere = not pattern.pattern.startswith("(?<!")
    holds = {}
    for text in pd.unique(texts["text"]):
        lowered = text.lower()
        at = lowered.find(words[0])
        # Most texts are done with here; a pattern for each would take ten times as long.
        while at > 0 and not anywhere and lowered[at - 1].isalnum():
            at = lowered.find(words[0], at + 1)
        holds[text] = at >= 0 and pattern.search(text) is not None
    return texts[texts["text"].map(holds).astype(bool)]
