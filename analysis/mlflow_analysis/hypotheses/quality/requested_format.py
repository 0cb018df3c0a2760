"""Which format a request asks for, and whether an answer has it.

What ``format-mismatch`` and the strength ``well-structured-answers`` stand on.
"""

from __future__ import annotations

import json
import re
from collections import Counter

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.hypotheses.quality.screening import Texts, any_of, requests
from mlflow_analysis.hypotheses.quality.system_prompt import replies, sentences_of, unconditional
from mlflow_analysis.hypotheses.quality.well_answered import well_answered
from mlflow_analysis.hypotheses.quality.wording import declined, handed_off, tells_failure
from mlflow_analysis.hypotheses.remembered import remembered

TEXT_LIMIT = 20_000
"""Requests and answers are cut there: what is longer cannot be parsed."""

_BULLETS = r"(?:bullets\b|bullet points?\b|list form(?:at)?\b|a list\b)"
_KIND_OF_LIST = (
    r"(?:bullet(?:ed)?(?:[ -]point)?|numbered|ordered|unordered|markdown|dashed) (?:list|points?)\b"
)
_YES_OR_NO = r"[\"'“]?yes[\"'”]? or [\"'“]?no\b"
_ASKED: tuple[tuple[str, str], ...] = (
    (
        "JSON",
        r"\b(?:as|in|into|return|respond|reply|answer|output|valid|only|give me|format(?:ted)?|produce)\b"
        r"(?: \w+){0,4}? json\b(?! (?:schema )?(?:below|above|file|i |that i|error|parser|library|column"
        r"|field|data))",
    ),
    (
        "a table",
        r"\b(?:(?:as|in|into) (?:an? )?(?:\w+ )?(?:table|tabular)\b"
        r"|(?:make|give|show|draw|create) (?:me )?(?:an? )(?:\w+ )?table (?:of|with|comparing|showing)\b)",
    ),
    (
        "a list",
        rf"\b(?:(?:as|in|into|with|using) (?:an? )?(?:short )?(?:{_KIND_OF_LIST}|{_BULLETS})"
        r"|as an? (?:\w+ )?list\b)",
    ),
    (
        "one word",
        r"\b(?:(?:in|with|using|as) (?:exactly |only |just )?(?:one|a single|1) word\b"
        r"|one[- ]word answer\b|(?:one|single) word only\b)",
    ),
    (
        "yes or no",
        rf"\b(?:(?:only|just|simply) (?:answer |reply |say |respond )?(?:with )?(?:a )?{_YES_OR_NO}"
        rf"|yes or no only\b|(?:answer|reply|respond) (?:with )?{_YES_OR_NO}[\"'”]? only\b)",
    ),
)
_MAY_BE_GIVEN = (
    r"(?i)\b(?:comma|semicolon|space)[- ](?:separated|delimited)\b"
    r"|\b(?:this|that|my|the following|attached|given|provided) (?:\w+ )?(?:json|table|list)\b"
    r"|\b(?:parse|validate|fix|debug|explain|read|convert|what is|what's|difference)\b"
    r"[^.?!\n]{0,30}\b(?:json|table|list)\b"
)
"""For ``screening``, which does not look ahead."""
_NOT_THIS = re.compile(_MAY_BE_GIVEN + r"(?! (?:as|in|into)\b)")
_ASKED_PATTERNS = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _ASKED)
_HINTS = ("json", "tab", "list", "bullet", "points", "word", "yes")
"""What every request that asks for a format holds; looked for first, because it is quick."""
_ONLY = re.compile(
    r"(?i)\b(?:only|just|nothing (?:but|else)"
    r"|no (?:other|additional|extra)? ?(?:text|words|prose|explanations?|comments?)"
    r"|without (?:any )?(?:other |additional |extra )?(?:text|explanations?|comments?|prose)|exclusively|strictly"
    r"|no markdown)\b"
)
_TOLD = re.compile(
    r"(?i)^(?:you (?:must|should|will) |please |always |only )*(?:answer|respond|reply|output|return)s?\b[^.\n]{0,30}"
    r"\b(?:in|with|as|only)\b[^.\n]{0,20}(?:(?P<json>\bjson\b)|(?P<word>\b(?:one|a single) word\b)"
    r"|(?P<yes>[\"'“]?yes[\"'”]? or [\"'“]?no\b))"
    r"|^(?:(?:all|each|every|your|the)(?: of)?(?: your| final)* (?:answers?|responses?|repl(?:y|ies)|outputs?)) "
    r"(?:must|should|has to|have to) (?:only |always )?be (?:an? )?(?:single )?(?:valid )?(?P<json2>json\b)"
)
LANGUAGES = {
    "german": "de", "deutsch": "de", "french": "fr", "français": "fr", "spanish": "es", "español": "es",
    "italian": "it", "italiano": "it", "portuguese": "pt", "dutch": "nl", "english": "en",
    "chinese": "zh", "japanese": "ja", "korean": "ko", "russian": "ru", "arabic": "ar",
}  # fmt: skip
_ASKED_LANGUAGE = re.compile(
    r"(?i)\b(?:(?:answer|reply|respond|write back|explain(?: it| this)?)(?: me| to me| only| please)* "
    r"in|auf|en|in italiano|please (?:in|use)|(?:,|\.|\)) ?in) (?P<language>"
    + "|".join(LANGUAGES)
    + r")\b(?! (?:law|history|class|literature|restaurant|market|company|version of))"
)
_STOP_WORDS = {
    "en": "the and is are of to in you your that for with this it will be have can on not",
    "de": "der die das und ist sind nicht ein eine sie ihr ihre mit für auf zu von den wird haben kann es",
    "fr": "le la les et est sont vous votre vos des un une pour dans avec pas que ce sur du nous être",
    "es": "el la los las y es son usted su sus de un una para en con no que por lo del se está",
    "it": "il lo la gli le e è sono di un una per con non che in suo del della si può questo",
    "pt": "o a os as e é são você seu sua de um uma para em com não que do da se está por",
    "nl": "de het een en is zijn van u uw niet voor met op in dat die te kan wordt je",
}
_LANGUAGES_WITH = {
    word: [code for code, words in _STOP_WORDS.items() if word in words.split()]
    for word in " ".join(_STOP_WORDS.values()).split()
}
_SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
}
_LETTERS = re.compile(r"[^\W\d_]+")
_FENCED = re.compile(r"```[\w+-]*[ \t]*\n(.*?)```", re.DOTALL)
_LIST_LINE = re.compile(r"^[ \t]*(?:[-*+•–‣]|\d+[.)]|[a-z][.)])[ \t]+\S", re.MULTILINE)
_TABLE_RULE = re.compile(
    r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$", re.MULTILINE
)

_MAY_ASK = (
    r"(?i)\bjson\b|\btab(?:le|ular)\b|\blist\b|bullet|(?:numbered|ordered|markdown|dashed) points?\b"
    r"|(?:one|single|1)[- ]word\b|\byes[\"'~]? or\b|fran.ais|espa.ol|"
    + any_of([name for name in LANGUAGES if name.isascii()])
)
"""For ``screening``: what every request holds that asks for a format."""


def asked_format(request: str, may_be_given: bool = True) -> str:
    """``JSON``, ``a table``, ``a list``, ``one word``, ``yes or no``, ``language de`` … or ``""``.

    ``may_be_given`` is ``False`` where nothing in such a format is spoken of.
    """
    plain = request.casefold()
    if any(hint in plain for hint in _HINTS) and not (may_be_given and _NOT_THIS.search(request)):
        for name, pattern in _ASKED_PATTERNS:
            if pattern.search(request):
                return name
    if not any(name in plain for name in LANGUAGES):
        return ""
    language = _ASKED_LANGUAGE.search(request)
    return f"language {LANGUAGES[language['language'].casefold()]}" if language else ""


def told_format(instructions: str) -> tuple[str, bool]:
    """The format that a system prompt demands of all answers, and whether of nothing else around it."""
    for sentence in sentences_of(instructions):
        match = _TOLD.search(sentence)
        if match:
            choice = sentence.replace(match.group(), "")
            if unconditional(choice):
                named = "JSON" if match["json"] or match["json2"] else ""
                return named or ("one word" if match["word"] else "yes or no"), bool(
                    _ONLY.search(sentence)
                )
    return "", False


def mismatch(wanted: str, response: str, *, only: bool = False) -> str:
    """Why ``response`` is not in the ``wanted`` format, in a few words, or ``""`` if it is.

    With ``only``, nothing may stand around JSON but its code fence.
    """
    if wanted == "JSON":
        if not _holds_json(response):
            return "neither all of it nor a fenced block is JSON"
        around = _FENCED.sub("", response).strip() if not _is_json(response) else ""
        return f"{len(around.split())} words stand around the JSON" if only and around else ""
    if wanted == "a table":
        rows = [
            line for line in response.splitlines() if line.count("|") >= 2 or line.count("\t") >= 1
        ]
        there = _TABLE_RULE.search(response) or len(rows) >= 2 or "<table" in response.lower()
        return "" if there else "it has no rows of cells"
    if wanted == "a list":
        items = len(_LIST_LINE.findall(response)) + response.lower().count("<li")
        return "" if items >= 2 else f"it has {items} list item{'' if items == 1 else 's'}"
    if wanted in ("one word", "yes or no"):
        words = _LETTERS.findall(response)
        return (
            ""
            if len(words) <= (1 if wanted == "yes or no" else 2)
            else f"it has {len(words)} words"
        )
    found = language_of(response)
    code = wanted.removeprefix("language ")
    return "" if found in ("", code) else f"its language is {found}, not {code}"


def language_of(text: str) -> str:
    """ISO 639-1 code of the language, or ``""`` where that is not plain."""
    words = _LETTERS.findall(text)
    letters = sum(map(len, words))
    if letters >= 4 and not text.isascii():
        for code, script in _SCRIPTS.items():
            if len(script.findall(text)) > (0.1 if code == "ja" else 0.4) * letters:
                return code
    if len(words) < 8:
        return ""
    counts = Counter(code for word in words for code in _LANGUAGES_WITH.get(word.casefold(), ()))
    (best, most), (_, second) = [*counts.most_common(2), ("", 0), ("", 0)][:2]
    return best if most >= 3 and most >= 1.5 * second else ""


@remembered
def asked_and_given(features: Features) -> pd.DataFrame:
    """Answers for which a request or the system prompt asks for a format, indexed by trace id.

    Columns ``wanted``, ``by`` ("The user asked" or "The system prompt asks"), ``mismatch`` ("" if it
    fits), ``response``, ``root_span_id``. What the request asks for goes first. Left out: failed traces,
    answers that decline, hand off or say that something did not work, and cut texts.
    """
    traces = well_answered(features)[["request", "response", "root_span_id"]]
    texts = traces["request"].tolist()
    asking = Texts(sorted(requests(features).holding(_MAY_ASK).intersection(texts)))
    may_be_given = asking.holding(_MAY_BE_GIVEN)
    formats = {
        text: found
        for text in asking.distinct
        if (found := asked_format(text, text in may_be_given))
    }
    wanted = pd.Series([formats.get(text, "") for text in texts], index=traces.index, dtype=object)
    asked = traces[wanted != ""][["response", "root_span_id", "request"]]
    asked = asked.assign(wanted=wanted[wanted != ""], by="The user asked", reply=asked["response"])
    told = [
        each
        for each in replies(features, lambda text: bool(told_format(text)[0]))
        if each.trace_id in traces.index and not wanted[each.trace_id]
    ]
    demanded = traces.loc[[each.trace_id for each in told], ["response", "root_span_id"]].assign(
        request=[each.instructions for each in told],
        wanted=[told_format(each.instructions)[0] for each in told],
        by="The system prompt asks",
        reply=[each.reply for each in told],
    )
    asked = pd.concat([asked, demanded])
    asked = asked.loc[traces.index[traces.index.isin(asked.index)]]
    excused = pd.Series(
        [
            len(text) >= TEXT_LIMIT
            or bool(declined(text))
            or bool(handed_off(text))
            or (tells_failure(text) and len(text) < 300)
            or text.rstrip().endswith("?")
            for text in asked["response"]
        ],
        index=asked.index,
        dtype=bool,
    )
    asked = asked[~excused]
    reasons = [
        mismatch(want, text, only=_only(by, source))
        for want, text, by, source in zip(
            asked["wanted"], asked["reply"], asked["by"], asked["request"], strict=True
        )
    ]
    asked = asked.assign(mismatch=pd.Series(reasons, index=asked.index, dtype=object))
    return asked.drop(columns=["reply", "request"])


def _only(by: str, source: str) -> bool:
    """Whether a request, or the system prompt's sentence, wants nothing around the format."""
    if by == "The user asked":
        return any(
            _ONLY.search(sentence) and "json" in sentence.lower()
            for sentence in re.split(r"(?<=[.!?])\s+|\n", source)
        )
    return told_format(source)[1]


def _holds_json(response: str) -> bool:
    return any(_is_json(text) for text in (response, *_FENCED.findall(response)))


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except ValueError:
        return False
