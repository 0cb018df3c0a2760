"""Rules in a system prompt that can be checked on an answer, and whether an answer keeps them.

Only sentences that speak of every answer are taken, without conditions or exceptions; what is told by
example, or about a part of the answer, is left alone. A rule that isn't recognised is no rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from mlflow_analysis.hypotheses.quality.requested_format import LANGUAGES, asked_format, language_of
from mlflow_analysis.hypotheses.quality.system_prompt import sentences_of, unconditional

_NUMBERS = {
    "one": 1, "a single": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twenty": 20, "fifty": 50, "hundred": 100,
}  # fmt: skip
_NUMBER = r"(?P<number>\d{1,4}(?:,\d{3})?|" + "|".join(_NUMBERS) + ")"
_TOLERANCE = 1.1
"""People count words and characters differently."""
_ANSWER = r"(?:answers?|responses?|repl(?:y|ies)|messages?|outputs?)"
_EVERY = rf"(?:(?:all|each|every|any|your|the)(?: (?:of )?(?:your|final|single))* {_ANSWER})"
_QUOTED = r"[\"“'`](?P<literal>[^\"”'`\n]{2,80})[\"”'`]"
_OTHER_PART = re.compile(
    r"(?i)\b(?:titles?|subjects?|headlines?|names?|quer(?:y|ies)|thoughts?|reasoning|summar(?:y|ies)|descriptions?"
    r"|arguments?|comments?|code|plans?|steps?|reports?|documents?|lists?|user|customer)\b"
)
_LENGTH = re.compile(
    r"(?i)\b(?:at most|no more than|not more than|not exceed|a maximum of|maximum|max\.?|under|fewer than|less than"
    r"|below|up to|within|in|limit(?:ed)? to|exceed)\s+(?:exactly |only )?"
    rf"(?:\d{{1,3}}\s?(?:-|–|to)\s?)?{_NUMBER}\s+(?P<unit>words?|sentences?|characters?)\b"
)
_SPEAKS_OF_ANSWERS = re.compile(
    rf"(?i)\b{_ANSWER}\b|^\W*(?:please |always |you must |you should )*(?:answer|respond|reply|write"
    r"|keep (?:it|them))\b"
)
_ENDS = re.compile(
    rf"(?i)\b(?:end|finish|conclude|close|sign off) {_EVERY}\b[^\"“'`\n]{{0,40}}{_QUOTED}"
    rf"|{_EVERY} (?:must|should|has to|have to|always) (?:always )?(?:end|finish|conclude|close)s?\b[^\"“'`\n]{{0,40}}"
    + _QUOTED.replace("literal", "literal2")
)
_BEGINS = re.compile(
    rf"(?i)\b(?:begin|start|open|prefix) {_EVERY}\b[^\"“'`\n]{{0,40}}{_QUOTED}"
    rf"|{_EVERY} (?:must|should|has to|have to|always) (?:always )?(?:begin|start|open)s?\b[^\"“'`\n]{{0,40}}"
    + _QUOTED.replace("literal", "literal2")
)
_INCLUDES = re.compile(
    r"(?i)\b(?:always|must) include (?:the )?(?:exact )?"
    rf"(?:phrase|disclaimer|sentence|words?|text|line|tag)\b[: ]*{_QUOTED}"
    rf"[^.\n]{{0,30}}\b{_EVERY}"
)
_TAG = re.compile(
    rf"(?i)\b(?:wrap|put|enclose|place|surround|write|give|return) {_EVERY}\b[^.\n<]{{0,40}}"
    r"\b(?:in|inside|within|between|with)\b[^.\n<]{0,15}<(?P<tag>[a-z][\w-]{1,30})>"
)
_FORBIDDEN = re.compile(
    r"(?i)\b(?:never|do not|don't|must not|avoid) (?:ever )?(?:us(?:e|ing)|say(?:ing)?|writ(?:e|ing)|includ(?:e|ing)"
    r"|mention(?:ing)?) (?:the |any of the )*(?:words?|phrases?|terms?|expressions?)\b[: ]*"
    r"(?P<list>[\"“'`][^.\n]{2,200})"
)
_IN_QUOTES = re.compile(r"[\"“]([^\"”\n]{2,60})[\"”]|(?<!\w)['`]([^'`\n]{2,60})['`](?!\w)")
_NO_EMOJI = re.compile(
    r"(?i)\b(?:no|never use|do not use|don't use|avoid using|without) (?:any )?emojis?\b"
)
_NO_MARKDOWN = re.compile(
    r"(?i)\b(?:(?:never|do not|don't) (?:use|format with|include|answer (?:in|with)|respond (?:in|with))"
    r" (?:any )?markdown"
    r"|without (?:any )?markdown|no markdown)\b"
)
_NAMED = "|".join(LANGUAGES)
_SPEAK = r"(?:answer|respond|reply|write|communicate|speak)"
_LANGUAGE = re.compile(
    rf"(?i)\b(?:(?:always|only|must) {_SPEAK}(?: to \w+ \w+)?(?: only)? in"
    rf"|{_SPEAK}(?: to the user)? (?:only|exclusively|strictly) in"
    rf"|{_EVERY} (?:must|should|has to) be (?:written )?in) (?:only )?(?P<language>{_NAMED})\b"
    rf"|\b(?:answer|respond|reply|write) in (?P<only>{_NAMED}) (?:only|at all times)\b"
)
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u26ff\u2728\u2705\u274c]")
_MARKDOWN = re.compile(r"^#{1,6} \S|^\s*\|.*\|.*\|\s*$|\*\*\S[^*\n]*\S\*\*|^```", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?]+[\"”')*]*(?:\s+(?=[^a-z\s])|\s*\Z)")
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|Mr|Mrs|Ms|Dr|St|No|approx|a\.m|p\.m|U\.S|Inc|Ltd|Co)\.|\d\.(?=\s|\d)"
)


@dataclass(frozen=True)
class PromptRule:
    """One checkable rule."""

    kind: str
    """words, sentences, characters, end, begin, include, tag, forbid, emoji, markdown or language."""
    name: str
    """In a few words: "at most 50 words"."""
    value: str
    quote: str
    """The sentence of the prompt that says so."""


@lru_cache(maxsize=1_000)
def rules_of(instructions: str) -> tuple[PromptRule, ...]:
    """The rules of a system prompt, each once, in their order."""
    rules: dict[tuple[str, str], PromptRule] = {}
    for sentence in sentences_of(instructions):
        for rule in _rules_in(sentence):
            rules.setdefault((rule.kind, rule.value), rule)
    return tuple(rules.values())


@lru_cache(maxsize=20_000)
def _rules_in(sentence: str) -> tuple[PromptRule, ...]:
    outside_quotes = _IN_QUOTES.sub(" ", sentence)
    if not unconditional(outside_quotes) and not _FORBIDDEN.search(sentence):
        return ()
    found: list[tuple[str, str, str]] = []
    length = _LENGTH.search(sentence)
    if (
        length
        and _SPEAKS_OF_ANSWERS.search(sentence)
        and not _OTHER_PART.search(sentence)
        and not re.search(r"(?i)\bat least|more than \d+ words? (?:is|are)", sentence)
    ):
        number = _NUMBERS.get(length["number"].lower()) or int(
            re.sub(r"\D", "", length["number"]) or 0
        )
        unit = length["unit"].lower().rstrip("s") + "s"
        if number:
            found.append(
                (unit, f"at most {number} {unit if number > 1 else unit[:-1]}", str(number))
            )
    for kind, pattern, told in (("end", _ENDS, "ends with"), ("begin", _BEGINS, "begins with")):
        match = pattern.search(sentence)
        if match:
            literal = match["literal"] or match["literal2"]
            if not re.search(r"[\[{<]", literal):
                found.append((kind, f"{told} “{literal}”", literal))
    included = _INCLUDES.search(sentence)
    if included and not re.search(r"[\[{<]", included["literal"]):
        found.append(("include", f"includes “{included['literal']}”", included["literal"]))
    tag = _TAG.search(sentence)
    if tag:
        found.append(("tag", f"stands in <{tag['tag']}>", tag["tag"]))
    forbidden = _FORBIDDEN.search(sentence)
    if forbidden and not re.search(r"(?i)\b(?:if|unless|when|except)\b", outside_quotes):
        words = [first or second for first, second in _IN_QUOTES.findall(forbidden["list"])]
        found += [("forbid", f"never says “{word}”", word) for word in words[:10]]
    if _NO_EMOJI.search(sentence):
        found.append(("emoji", "no emoji", ""))
    if _NO_MARKDOWN.search(sentence):
        found.append(("markdown", "no Markdown", ""))
    language = _LANGUAGE.search(sentence)
    if language and "language" not in sentence.casefold():
        named = (language["language"] or language["only"]).casefold()
        found.append(("language", f"in {named.capitalize()}", LANGUAGES[named]))
    return tuple(PromptRule(kind, name, value, sentence) for kind, name, value in found)


def broken(rule: PromptRule, answer: str, request: str) -> tuple[str, int, int] | None:
    """How ``answer`` breaks a rule, in words, and where; ``None`` if it keeps it or that isn't plain."""
    whole = (0, len(answer))
    plain = answer.strip().strip("*_`\"' \n").casefold()
    if rule.kind in ("words", "characters", "sentences"):
        count = _length(answer, rule.kind)
        most = int(rule.value)
        slack = 1 if rule.kind == "sentences" and most > 1 else 0
        limit = most + slack if rule.kind == "sentences" else most * _TOLERANCE
        return (f"it has {count} {rule.kind}", *whole) if count > limit else None
    literal = rule.value.casefold().strip().rstrip(".!")
    if rule.kind in ("end", "begin", "include"):
        tail = plain[-len(literal) - 40 :]
        kept = (
            literal
            in {"end": tail, "begin": plain[: len(literal) + 40], "include": plain}[rule.kind]
        )
        return None if kept else ("it does not", *whole)
    if rule.kind == "tag":
        return None if f"<{literal}" in plain else (f"it has no <{rule.value}>", *whole)
    if rule.kind == "language":
        spoken = language_of(answer)
        if spoken in ("", rule.value) or asked_format(request).startswith("language "):
            return None
        return (f"its language is {spoken}, not {rule.value}", *whole)
    if rule.kind == "forbid":
        if literal in request.casefold():
            return None
        match = re.search(rf"(?<!\w){re.escape(rule.value)}(?!\w)", answer, re.IGNORECASE)
    else:
        match = (_EMOJI if rule.kind == "emoji" else _MARKDOWN).search(answer)
        if match and match.group() in request:
            return None
    return (f"it has “{match.group()[:60]}”", *match.span()) if match else None


def _length(answer: str, unit: str) -> int:
    if unit == "words":
        return len(answer.split())
    if unit == "characters":
        return len(answer.strip())
    return len(_SENTENCE_END.findall(_ABBREVIATION.sub("x", answer.strip())))
