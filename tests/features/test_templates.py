"""Message templates: what varies is masked, what tells the cause stays."""

from __future__ import annotations

import random

import pandas as pd
import pytest

from mlflow_analysis.features.templates import MANY, templates

CITIES = ("Rome", "Oslo", "Lima", "Cairo", "Quito", "Riga", "Bern", "Doha", "Kiev", "Hanoi")


@pytest.mark.parametrize(
    ("first", "second", "template"),
    [
        ("record 5 not found", "record 1,204 not found", "record <n> not found"),
        ("no user 'Ann'", "no user \"Bob\"", "no user <text>"),
        ("GET https://a.example/x failed", "GET https://b.example/y?z=1 failed", "GET <url> failed"),
        ("mail to ann@example.org bounced", "mail to bob@example.com bounced", "mail to <email> bounced"),
        ("no such file /srv/a/b.csv", "no such file /home/c.txt", "no such file <path>"),
        ("<Page at 0x7f4c96f54400>", "<Page at 0x7f4c96f5aa10>", "<Page at <id>>"),
        ("call 4bf92f3577b34da6 lost", "call 00f067aa0ba902b7 lost", "call <id> lost"),
        ("slot 2026-05-01T10:00:00Z taken", "slot 2026-06-11 taken", "slot <time> taken"),
        ("order A-17 is closed", "order B-9 is closed", "order <id> is closed"),
        ("took 3.2 s\nof 30 s", "took 31 s of 60 s", "took <n> s of <n> s"),
    ],
)  # fmt: skip
def test_what_is_known_to_vary_is_masked(first: str, second: str, template: str) -> None:
    assert list(templates(pd.Series([first, second]))) == [template, template]


def test_one_word_can_tell_the_cause() -> None:
    messages = pd.Series([f"Error: {what} not found" for what in ("user", "order", "invoice")])
    assert templates(messages).nunique() == 3


def test_a_word_gives_way_where_many_stand_in_its_place() -> None:
    messages = pd.Series([f"no weather for {city} today" for city in CITIES])
    assert set(templates(messages)) == {"no weather for <*> today"}
    assert templates(messages[: MANY - 1]).nunique() == MANY - 1


def test_words_that_vary_in_two_places_give_way_in_both() -> None:
    messages = pd.Series([f"from {a} to {b} is closed" for a in CITIES for b in CITIES])
    assert set(templates(messages)) == {"from <*> to <*> is closed"}


def test_other_messages_stay_as_they_are_beside_it() -> None:
    messages = pd.Series(
        [*(f"no weather for {city} today" for city in CITIES), "no seats today", ""]
    )
    assert list(templates(messages))[-2:] == ["no seats today", ""]


def test_the_order_of_arrival_does_not_show() -> None:
    messages = [f"{city} is closed" for city in CITIES] + [f"no {x} left" for x in "abc"] * 3
    expected = dict(zip(messages, templates(pd.Series(messages)), strict=True))
    for seed in range(5):
        shuffled = random.Random(seed).sample(messages, len(messages))
        assert dict(zip(shuffled, templates(pd.Series(shuffled)), strict=True)) == expected


def test_templates_are_cut_and_none_stays_none() -> None:
    assert templates(pd.Series(["word " * 200]))[0] == ("word " * 32)[:160]
    assert templates(pd.Series([], dtype=object)).empty
