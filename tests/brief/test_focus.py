"""How a focus is written, and what is wrong with one that cannot be."""

from __future__ import annotations

import pytest

from mlflow_analysis.brief.focus import Focus, FocusNotUnderstood, focus_of, parse, terms
from stores import HOSTILE


@pytest.mark.parametrize(
    ("text", "focus"),
    [
        ("refund", Focus("refund")),
        ("refund -> latency", Focus("refund", outcome="latency")),
        ("refund → Latency", Focus("refund", outcome="latency")),
        ('"time -> out" now -> Helpful', Focus('"time -> out" now', outcome="Helpful")),
        ("filter: tags.region = 'eu'", Focus(filter="tags.region = 'eu'")),
        (
            "filter: tags.region = 'eu' words: refund in: request, tools outcome: tokens",
            Focus("refund", "tags.region = 'eu'", ("request", "tools"), "tokens"),
        ),
        ("refund filter: tags.note = 'words: x' -> latency",
         Focus("refund", "tags.note = 'words: x'", outcome="latency")),
        ("refund in: errors tools responses"[:-1], Focus("refund", "", ("response", "tools", "errors"))),
        ("words: a, b in: request response tools errors", Focus("a, b")),
        ("it's late isn't it -> failure", Focus("it's late isn't it")),
        ("the order-date: when", Focus("the order-date: when")),
    ],
)  # fmt: skip
def test_what_is_written_is_what_is_meant(text: str, focus: Focus) -> None:
    assert parse(text) == focus
    assert parse(focus.text) == focus


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "something to look for"),
        ("-> latency", "something to look for"),
        ("in: request", "something to look for"),
        ("refund ->", "Nothing stands after the arrow"),
        ("refund in: moon", "“moon” is no place to look in. Places are request, response"),
        ("refund words: order", "says twice what its words should be"),
        ("refund outcome: tokens -> latency", "says twice what its outcome should be"),
        ("x" * 2_000, "longer than 1,000 characters"),
        ("... !", "something to look for"),
    ],
)
def test_what_cannot_be_meant_is_told_with_a_remedy(text: str, sentence: str) -> None:
    with pytest.raises(FocusNotUnderstood, match=sentence) as told:
        parse(text)
    assert told.value.remedy.endswith(".")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("refunds that time out", ("refund", "time")),
        ('refunds that "time out"', ("refund", "time out")),
        ("where is it", ("where", "is", "it")),
        ("status glass is this", ("status", "glass")),
        ("Refund, (please)!", ("refund", "please")),
        ("#W1234 refund refund", ("#w1234", "refund")),
        ('"The  Order"', ("the order",)),
    ],
)
def test_small_words_and_a_plural_s_do_not_count(words: str, found: tuple[str, ...]) -> None:
    assert terms(words) == found


def test_the_key_forgets_spacing_and_case_but_not_what_is_asked() -> None:
    assert focus_of("Refund  orders").key == focus_of("refund order").key
    keys = {
        focus_of("refund").key,
        focus_of("refund", outcome="latency").key,
        focus_of("refund", places="request").key,
        focus_of("refund", "tags.a = 'b'").key,
        focus_of("refund", "tags.a = 'B'").key,
    }
    assert len(keys) == 5


def test_hostile_text_is_made_visible() -> None:
    focus = parse(HOSTILE)
    assert "\x1b" not in focus.text + focus.claim
    assert "\u202e" not in focus.text + focus.claim
