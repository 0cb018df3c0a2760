"""Ids and links that no tool returned."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, affected_rows
from mlflow_analysis.hypotheses.quality.wording import cut_out

_LINK = re.compile(r"https?://[^\s<>()\[\]\"'`]+[^\s<>()\[\]\"'`.,;:!?]")
_ID = re.compile(r"(?<![\w/.-])(?:[A-Z]{1,6}[-_]?\d{3,}[A-Z\d-]*|#\d{4,})(?![\w/])")
_STANDARD = re.compile(r"(?:ISO|RFC|EN|DIN|IEEE|UTF|SHA|HTTP|CVE|WCAG|IP|AES|RSA|WIN|USB)[-_]?\d")
_GENERAL = 3
_MOSTLY_UNTRACED = 0.8
_FEWEST = 20
_OUTPUT_LIMIT = 8_000


class UnsupportedByTools(Hypothesis):
    """Answers give ids or links that no tool returned and nobody had mentioned.

    ## Why it matters
    A number or a link that looks right and leads nowhere is the most expensive kind of invention: the
    user acts on it.

    ## Test
    Eligible: ended traces with a tool call that did not fail, whose answer gives a link or an id (capital
    letters with at least three digits, or # with four). Affected: one of them occurs in no tool output
    or argument of the trace, in no model input that was kept, in no request, and in nothing earlier in
    the session. Confirmed if the lower bound of the share (Wilson) is above 5 %.

    ## Not flagged
    What stands in answers of 3 sessions or more (the prompt gave it); names of standards; bare numbers,
    which may be computed; links of a form that many answers use, if the id in them is known; outputs too
    long to be kept whole; applications in which nearly all ids come from somewhere that is not traced.

    ## Recommendation
    Let the model quote ids and links only from tool outputs, check each against them before answering,
    and leave it out if it is not there.

    ## Sources
    Ji et al. 2023, Survey of Hallucination in Natural Language Generation, ACM Computing Surveys 55
    (extrinsic hallucination). Maynez et al. 2020, On Faithfulness and Factuality in Abstractive
    Summarization, ACL. Gao et al. 2023, ALCE: Enabling LLMs to Generate Text with Citations, EMNLP.
    """

    id: ClassVar[str] = "unsupported-by-tools"
    title: ClassVar[str] = "Ids and links from nowhere"
    category: ClassVar[Category] = Category.QUALITY
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.HIGH
    minimum_effect: ClassVar[float] = 0.05
    needs: ClassVar[frozenset[Field]] = frozenset({Field.TOOL_SPANS, Field.RESPONSES})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Traces whose answer gives an id or a link."""
        return pd.Index([answer.trace_id for answer in _answers(features)], dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """Those with one from nowhere."""
        return _rows([answer for answer in _answers(features) if answer.unsupported], features)

    def cases(self, features: Features) -> Iterable[Case]:
        """One case about all answers."""
        answers = _answers(features)
        invented = [answer for answer in answers if answer.unsupported]
        untraced = len(answers) >= _FEWEST and len(invented) > _MOSTLY_UNTRACED * len(answers)
        yield Case(
            pd.Index([answer.trace_id for answer in answers], dtype=object),
            _rows(invented, features),
            statement="Answers give ids or links that occur in no tool output, request or earlier turn.",
            test_without_effect=(
                "nearly all ids and links in answers come from somewhere that is not traced"
                if untraced
                else ""
            ),
        )


@dataclass(frozen=True)
class _Answer:
    trace_id: str
    given: tuple[str, ...]
    unsupported: tuple[str, ...]


def _answers(features: Features) -> list[_Answer]:
    """Answers that give an id or a link, with those that have no source."""
    traces = features.complete
    given = {
        str(trace_id): tuple(dict.fromkeys(_LINK.findall(text) + _ids(text)))
        for trace_id, text in traces["response"].items()
    }
    sessions: dict[str, set[str]] = {}
    for trace_id, session in traces["session"].items():
        for value in given[str(trace_id)]:
            sessions.setdefault(_form(value), set()).add(str(session))
    known = {form for form, where in sessions.items() if len(where) >= _GENERAL}
    calls = features.calls
    well = calls[~calls["failed"]]
    eligible = (
        ~traces["failed"]
        & traces.index.isin(well["trace_id"])
        & ~traces.index.isin(calls.loc[calls["output"].str.len() >= _OUTPUT_LIMIT, "trace_id"])
        & pd.Series(
            [bool(given[str(trace_id)]) for trace_id in traces.index],
            index=traces.index,
            dtype=bool,
        )
    )
    if not eligible.any():
        return []
    source = _sources(features, traces[traces["session"].isin(traces.loc[eligible, "session"])])
    return [
        _Answer(
            str(trace_id),
            given[str(trace_id)],
            tuple(
                value
                for value in given[str(trace_id)]
                if not _known(value, known, source[str(trace_id)])
            ),
        )
        for trace_id in traces.index[eligible]
    ]


def _sources(features: Features, traces: pd.DataFrame) -> dict[str, str]:
    """For each trace all text that an id could come from, in lower case: its own and the session's before."""
    spans = features.spans[features.spans["trace_id"].isin(traces.index)]
    of_calls = spans["tool"] != ""
    text = spans["arguments"] + " " + spans["output"].where(of_calls, "")
    own = text.groupby(spans["trace_id"]).agg(" ".join)
    before: dict[str, str] = {}
    found: dict[str, str] = {}
    for trace_id, session, request, response in zip(
        traces.index, traces["session"], traces["request"], traces["response"], strict=True
    ):
        now = f"{before.get(session, '')} {request} {own.get(trace_id, '')}".casefold()
        found[str(trace_id)] = now
        before[session] = f"{now} {response}"
    return found


def _known(value: str, known: set[str], source: str) -> bool:
    if value.casefold().lstrip("#") in source or value.casefold().rstrip("/") in source:
        return True
    if _form(value) not in known:
        return False
    varying = re.findall(r"[\w-]*\d[\w-]*", value)
    return not value.startswith("http") or all(part.casefold() in source for part in varying)


def _form(value: str) -> str:
    """Links with the ids in them masked; ids as they are."""
    return re.sub(r"[\w-]*\d[\w-]*", "0", value) if value.startswith("http") else value


def _ids(text: str) -> list[str]:
    return [found for found in _ID.findall(_LINK.sub(" ", text)) if not _STANDARD.match(found)]


def _rows(invented: list[_Answer], features: Features) -> pd.DataFrame:
    traces = features.traces.loc[[answer.trace_id for answer in invented]]
    cuts = []
    for answer, text in zip(invented, traces["response"], strict=True):
        at = text.find(answer.unsupported[0])
        cuts.append(cut_out(text, at, at + len(answer.unsupported[0])))
    return affected_rows(
        traces.index,
        traces.index,
        traces["root_span_id"],
        pd.Series([excerpt for excerpt, _ in cuts], dtype=object),
        pd.Series(
            [
                f"{len(answer.unsupported)} of {len(answer.given)} ids and links have no source: "
                + ", ".join(answer.unsupported[:3])[:200]
                + "."
                for answer in invented
            ],
            dtype=object,
        ),
        pd.Series([offset for _, offset in cuts], dtype=int),
    )
