"""What a person asks of the traces in their own words: which ones, and what may be wrong with them.

A focus is written on one line::

    refund                                        traces that speak of it: do they fail more often?
    "double charge" refund -> latency             both, a phrase and a word: are they slower?
    filter: tags.region = 'eu' words: refund in: request outcome: tokens

    judge: answers promise a refund that policy forbids    a sentence that a language model decides on

``filter`` is MLflow's trace filter syntax and is evaluated by the store. ``words`` must all be found,
each at the start of a word, case ignored; a phrase stands in double quotes. ``in`` says where to
look: request, response, tools (their outputs), errors (their messages); everywhere if left out.
``outcome``, or what follows ``->``, is failure, latency, tokens or the name of an assessment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlflow_analysis.brief.not_understood import NotUnderstood
from mlflow_analysis.untrusted import single_line

FAILURE, LATENCY, TOKENS = "failure", "latency", "tokens"
OUTCOMES = (FAILURE, LATENCY, TOKENS)
"""Any other outcome is the name of an assessment."""
PLACES = ("request", "response", "tools", "errors")
JUDGE = "judge:"
"""What begins so is a sentence for the judge, as it stands."""
LONGEST = 1_000

_LABELS = ("filter", "words", "in", "outcome")
_LABEL = re.compile(rf"(?:(?<=\s)|^)({'|'.join(_LABELS)}):", re.IGNORECASE)
_ARROW = re.compile(r"(?:(?<=\s)|^)(?:->|→)(?=\s|$)")
_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'|`[^`]*`")
_TERM = re.compile(r'"([^"]*)"|(\S+)')
_EDGES = ".,;:!?()[]{}\"“”„'‘’"
_FILLERS = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be been but by can could did do does for from had has have how i if in "
        "into is it its me my not of on or our out so some that the their them then there these they "
        "this those to too was we were what when where which while who why will with would you your",
    )
)
_PLURAL = re.compile(r"(?<=[^\W\d_]{3})(?<![siu])s$")
_WITHOUT_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts that write words without spaces between them: there a term may stand anywhere."""


class FocusNotUnderstood(NotUnderstood):
    """A focus that says too little or contradicts itself: a sentence, and what to do."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Which traces, and which outcome of theirs is in question. Made by ``focus_of`` or ``parse``."""

    words: str = ""
    filter: str = ""
    places: tuple[str, ...] = ()
    """Where to look for the words, of ``PLACES``; everywhere if empty."""
    outcome: str = FAILURE
    judge: str = ""
    """A sentence that a language model decides on, trace by trace; all else is empty then."""

    @property
    def text(self) -> str:
        """One line that ``parse`` turns into the same focus."""
        if self.judge:
            return f"{JUDGE} {self.judge}"
        if not self.filter and not self.places:
            return self.words if self.outcome == FAILURE else f"{self.words} -> {self.outcome}"
        parts = (
            ("filter", self.filter),
            ("words", self.words),
            ("in", ", ".join(self.places)),
            ("outcome", "" if self.outcome == FAILURE else self.outcome),
        )
        return " ".join(f"{label}: {said}" for label, said in parts if said)

    @property
    def subject(self) -> str:
        """The traces in question, in words."""
        if self.judge:
            return f"“{self.judge}”"
        named = " and ".join(f"“{term}”" for term in terms(self.words))
        if named and self.places:
            named += " in " + " or ".join(_PLACE_NAMES[place] for place in self.places)
        if self.filter:
            named += (" where " if named else "") + self.filter
        return named

    @property
    def traces(self) -> str:
        """The traces in question, after "traces"."""
        return f"{'with' if self.words else 'where'} {self.subject}"

    @property
    def claim(self) -> str:
        """What is tested, as the title of a finding."""
        if self.judge:
            return f"By the judge: {self.judge}"
        worse = {
            FAILURE: "More failures",
            LATENCY: "Slower traces",
            TOKENS: "More tokens",
        }.get(self.outcome, f"Assessment “{self.outcome}” fails more often")
        return f"{worse} {self.traces}"

    @property
    def key(self) -> str:
        """Eight hexadecimal digits that stay the same however the focus is spaced or capitalised."""
        import hashlib  # not on the way to first paint
        import json

        # The filter as it stands: values in it may differ by case alone.
        identity = [terms(self.words), self.filter, self.places, self.outcome]
        if self.judge:
            identity.append(self.judge.casefold())
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:8]


_PLACE_NAMES = {
    "request": "the request",
    "response": "the response",
    "tools": "a tool's output",
    "errors": "an error message",
}


def focus_of(
    words: str = "", filter_string: str = "", places: str = "", outcome: str = ""
) -> Focus:
    """A focus from its four parts as typed. Raises ``FocusNotUnderstood``."""
    words, filter_string = single_line(words), single_line(filter_string)
    if len(words) + len(filter_string) + len(outcome) > LONGEST:
        raise FocusNotUnderstood(
            f"This focus is longer than {LONGEST:,} characters.", "Give fewer words."
        )
    named = [each for each in re.split(r"[\s,]+", single_line(places).lower()) if each]
    unknown = next((each for each in named if each not in PLACES), None)
    if unknown is not None:
        raise FocusNotUnderstood(
            f"“{unknown}” is no place to look in.", f"Places are {', '.join(PLACES)}."
        )
    if not terms(words) and (named or not filter_string):
        raise FocusNotUnderstood(
            "A focus needs something to look for.",
            "Give words, or a filter such as filter: tags.region = 'eu'.",
        )
    asked = single_line(outcome) or FAILURE
    return Focus(
        words,
        filter_string,
        () if set(named) == set(PLACES) else tuple(each for each in PLACES if each in named),
        asked.lower() if asked.lower() in OUTCOMES else asked,
    )


def parse(text: str) -> Focus:
    """The focus written as ``text``. Raises ``FocusNotUnderstood``."""
    text = single_line(text)
    if text.strip().lower().startswith(JUDGE):
        return _for_the_judge(text.strip()[len(JUDGE) :].strip())
    # Labels and arrows inside quotes are text: they are looked for where quotes are blanked out.
    bare = _QUOTED.sub(lambda quoted: "\0" * len(quoted.group()), text)
    arrows = list(_ARROW.finditer(bare))
    parts: dict[str, str] = {}
    if arrows:
        parts["outcome"] = text[arrows[-1].end() :].strip()
        if not parts["outcome"]:
            raise FocusNotUnderstood(
                "Nothing stands after the arrow.",
                f"Outcomes are {', '.join(OUTCOMES)} or the name of an assessment.",
            )
        text, bare = text[: arrows[-1].start()], bare[: arrows[-1].start()]
    labels = list(_LABEL.finditer(bare))
    ends = [*(each.start() for each in labels[1:]), len(text)][: len(labels)]
    plain = text[: labels[0].start()] if labels else text
    if plain.strip():
        parts["words"] = plain.strip()
    for label, end in zip(labels, ends, strict=True):
        name = label.group(1).lower()
        if name in parts:
            raise FocusNotUnderstood(
                f"This focus says twice what its {name} should be.", f"Give “{name}:” once."
            )
        parts[name] = text[label.end() : end].strip()
    return focus_of(
        parts.get("words", ""),
        parts.get("filter", ""),
        parts.get("in", ""),
        parts.get("outcome", ""),
    )


def _for_the_judge(sentence: str) -> Focus:
    if len(sentence.split()) < 2:
        raise FocusNotUnderstood(
            "The judge needs a sentence.",
            "Say what a trace would show, for example judge: answers promise a refund.",
        )
    if len(sentence) > LONGEST:
        raise FocusNotUnderstood(
            f"This focus is longer than {LONGEST:,} characters.", "Give fewer words."
        )
    return Focus(judge=sentence)


def terms(words: str) -> tuple[str, ...]:
    """What must be found: phrases in double quotes as they are, and the telling words.

    Small words ("the", "that", "with" …) do not count unless there are no others, nor does a plural s.

    >>> terms('refunds that "time out"')
    ('refund', 'time out')
    """
    found: list[tuple[str, bool]] = []
    for phrase, word in _TERM.findall(words.lower()):
        term = " ".join(phrase.split()) if phrase else word.strip(_EDGES)
        if term:
            found.append((term, bool(phrase)))
    telling = [each for each in found if each[1] or each[0] not in _FILLERS] or found
    return tuple(
        dict.fromkeys(term if quoted else _PLURAL.sub("", term) for term, quoted in telling)
    )


def pattern_of(term: str) -> re.Pattern[str]:
    """Finds ``term`` at the start of a word, case ignored, any white space between its words."""
    start = "" if _WITHOUT_SPACES.match(term) else r"(?<![^\W_])"
    return re.compile(start + r"\s+".join(map(re.escape, term.split())), re.IGNORECASE)


def distinct(focuses: Sequence[Focus]) -> tuple[Focus, ...]:
    """Each claim once, in the order asked."""
    return tuple({focus.key: focus for focus in reversed(focuses)}.values())[::-1]
