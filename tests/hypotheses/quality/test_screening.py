"""The first pass over many texts leaves out none in which the pattern is found."""

import re

import pytest

from mlflow_analysis.hypotheses.quality.screening import Texts, any_of


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?i)\bsorry\b", "I am SORRY about that"),
        (r"(?i)\bsorry\b", "Ich bin \u017forry"),  # a long s is an s where case is ignored
        (r"\d{3}", "Bestellung \u0661\u0662\u0663"),  # Arabic digits are digits
        (r"\w+ \w+", "größe wählen"),
        (r"a\s+b", "a\u00a0b"),  # so is a space that does not break
        (r"^\W*no\b", "\u201eno way"),
    ],
)
def test_what_python_finds_may_be_there(pattern: str, text: str) -> None:
    assert re.search(pattern, text), "the case is about a text in which it is found"
    assert Texts([text]).holding(pattern) == {text}


def test_most_texts_are_done_with() -> None:
    texts = Texts(["where is my order", "I am sorry", "where is my order"])
    assert texts.distinct == ["where is my order", "I am sorry"]
    assert texts.holding(r"(?i)\bsorry\b") == {"I am sorry"}
    assert texts.may_hold(r"(?i)\bsorry\b").tolist() == [False, True]


def test_a_word_may_end_where_a_longer_text_is_cut() -> None:
    cut = "make a list"
    assert re.search(r"\blist\b", cut)
    texts = Texts([cut + "ing of it", "say why", "nothing of the kind"])
    assert texts.holding(r"\blist\b", within=len(cut)) == {
        "make a listing of it",
        "nothing of the kind",
    }


def test_what_only_looks_alike_is_not_found() -> None:
    texts = Texts(["say \u017forry", "quite", "çuite", "quiet"])
    assert texts.holding(r"(?i)\bquite|sorry") == {"say \u017forry", "quite", "çuite"}
    assert texts.finding(re.compile(r"(?i)\bquite|sorry")) == {"say \u017forry", "quite"}


def test_what_holds_a_digit_is_found_in_each_text_in_its_order() -> None:
    texts = Texts(["Send 2x of\n#445 to me, A-12.", "no number", "", "7", "für 3 €, für\u0664"])
    assert list(texts.found_in_each(re.compile(r"\S*\d\S*")).values()) == [
        ["2x", "#445", "A-12."],
        [],
        [],
        ["7"],
        ["3", "für\u0664"],
    ]


def test_words_of_two_lines_or_texts_do_not_run_together() -> None:
    texts = Texts(["a1\nb2", "c3", "4d"])
    assert list(texts.found_in_each(re.compile(r"\w+"))["a1\nb2"]) == ["a1", "b2"]
    assert texts.found_in_each(re.compile(r"\w+"))["c3"] == ["c3"]


def test_signs_with_a_meaning_in_patterns_are_only_signs_among_words() -> None:
    texts = Texts(["why?", "a+b", "a.b", "ab"])
    assert texts.holding(any_of(["?", "+", "."])) == {"why?", "a+b", "a.b"}


def test_of_no_texts_none_hold_anything() -> None:
    assert Texts([]).holding("a") == set()
