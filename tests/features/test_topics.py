"""Requests are grouped by what they are about, and named by the words that tell it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.metrics import adjusted_rand_score

from mlflow_analysis.demo.scenario import generate
from mlflow_analysis.features import topics as grouping
from mlflow_analysis.features.numbered import numbered
from mlflow_analysis.features.topics import NO_SUBJECT, OTHER, SHORT_REPLIES, TOPICS
from trace_factory import features_of

RETURNS = [
    f"How do I return my shoes bought on day {n}, return policy {word} please"
    for n, word in enumerate(["details", "rules", "terms", "page"] * 10)
]
SHIPPING = [
    f"What does shipping a parcel to city {n} cost, shipping price {word}"
    for n, word in enumerate(["abroad", "overseas", "inland", "today"] * 10)
]


def topics(requests: pd.Series, answers: pd.Series | None = None) -> pd.Series:
    """The topic of each request."""
    asked, answered = (
        None if texts is None else numbered(pa.chunked_array([pa.array(list(texts), pa.string())]))
        for texts in (requests, answers)
    )
    return pd.Series(grouping.topics(asked, answered), requests.index, dtype=object)


def test_subjects_are_kept_apart_and_named_by_their_words() -> None:
    labels = topics(pd.Series(RETURNS + SHIPPING))
    (returns,), (shipping,) = labels[:40].unique(), labels[40:].unique()
    assert set(returns.split(" · ")) <= {"return", "shoes", "bought", "day", "policy"}
    assert set(shipping.split(" · ")) <= {"shipping", "parcel", "city", "cost", "price"}


def test_labels_are_those_of_the_version_that_is_stated() -> None:
    """Fails whenever ``topics`` gives other labels: raise ``TOPICS``, then write them here."""
    labels = topics(pd.Series([*RETURNS, *SHIPPING, "Yes."]))
    assert (TOPICS, labels.value_counts().to_dict()) == (
        1,
        {"bought · day · policy": 40, "city · cost · parcel": 40, SHORT_REPLIES: 1},
    )


_LOADED_ON_THE_WAY = """
import sys
import pyarrow as pa, scipy.stats
from mlflow_analysis.features import topics
from mlflow_analysis.features.numbered import numbered
topics.load()
before = set(sys.modules)
asked, answered = (numbered(pa.chunked_array([texts])) for texts in ({requests}, {answers}))
print(*topics.topics(asked, answered), sep=",", file=sys.stderr)
print(*sorted(name for name in set(sys.modules) - before if name.startswith("sklearn")))
"""


def test_what_topics_need_can_be_loaded_before() -> None:
    answers = [f"{text}, says the answer of {n}" for n, text in enumerate(RETURNS + SHIPPING)]
    code = _LOADED_ON_THE_WAY.format(requests=RETURNS + SHIPPING, answers=answers)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(set(told.stderr.strip().split(","))) == 2
    assert told.stdout.strip() == ""


def test_neither_order_nor_the_index_shows() -> None:
    asked = pd.Series(RETURNS + SHIPPING, index=[f"t{n}" for n in range(80)])
    shuffled = asked.iloc[np.random.default_rng(3).permutation(80)]
    pd.testing.assert_series_equal(topics(asked), topics(shuffled).reindex(asked.index))


def test_short_replies_are_no_subject() -> None:
    replies = [
        "Yes, please.",
        "Sure, go ahead, thanks!",
        "Okay, that is right.",
        "Elmyra Quist, 10203.",
    ]
    labels = topics(pd.Series(RETURNS + SHIPPING + replies))
    assert set(labels[80:]) == {SHORT_REPLIES}
    assert SHORT_REPLIES not in set(labels[:80])


def test_what_is_about_nothing_that_others_ask_is_left_over() -> None:
    stray = (
        "Kindly compose eleven limericks concerning medieval astronomers who quarrelled over comets, "
        "then translate everything into Finnish"
    )
    assert topics(pd.Series([*RETURNS, *SHIPPING, stray])).iloc[-1] == OTHER


def test_courtesies_name_no_topic() -> None:
    asked = pd.Series(
        [f"Sure, thanks, yes, please refund the {w} kettle" for w in "abcdefghijklmnopqrst"]
        + [f"Hello, great, could you help, where is parcel {w}" for w in "abcdefghijklmnopqrst"]
        + [f"{text} Thank you, sure" for text in RETURNS]
    )
    words = {word for label in topics(asked).unique() for word in label.split(" · ")}
    assert {"refund", "parcel"} <= words
    assert not words & {"sure", "thanks", "thank", "yes", "please", "hello", "great", "help"}


def test_forms_of_one_word_stand_in_a_name_once() -> None:
    asked = pd.Series(
        [f"return returns returned the kettle to shop {w}" for w in "abcdefghijklmnopqrst"]
        + [f"track tracking the parcel at depot {w}" for w in "abcdefghijklmnopqrst"]
        + SHIPPING
    )
    for label in topics(asked).unique():
        beginnings = [word[:5] for word in label.split(" · ")]
        assert len(set(beginnings)) == len(beginnings)


def test_one_question_asked_again_and_again_is_a_topic() -> None:
    asked = pd.Series([*RETURNS, *SHIPPING, *["When does the museum open, opening hours?"] * 60,
                       *["Museum opening hours on a holiday"] * 2])  # fmt: skip
    assert topics(asked).iloc[85] not in NO_SUBJECT


def asked_and_answered(size: int = 240, seed: int = 5) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Requests, answers and subjects: each subject is asked for in words that share nothing."""
    subjects = {
        "rain": (
            "How wet was {}?",
            "Floods near {}?",
            "Did drought strike {}?",
            "Showers over {}?",
        ),
        "mines": ("Who digs in {}?", "Ore found around {}?", "Shafts below {}?", "Quarries at {}?"),
        "law": ("Courts of {}?", "Statutes in {}?", "Judges serving {}?", "Verdicts from {}?"),
    }
    said = {
        "rain": "The gauges measured 40 millimetres in {}.",
        "mines": "The company lifted 40 tons out of {}.",
        "law": "The archive lists 40 cases for {}.",
    }
    places = ["Lisbon", "Osaka", "Quito", "Ghent", "Hanoi", "Bergen", "Naples", "Cusco"]
    stories = ["My sister moved there.", "The old house burned.", "We sold the boat."]
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(size):
        subject = str(draw.choice(list(subjects)))
        place, story = str(draw.choice(places)), str(draw.choice(stories))
        request = str(draw.choice(subjects[subject])).format(place)
        rows.append((f"{request} {story}", said[subject].format(place), subject))
    table = pd.DataFrame(rows, columns=["request", "answer", "subject"])
    return table["request"], table["answer"], table["subject"]


def agreement(labels: pd.Series, subjects: pd.Series) -> float:
    return float(adjusted_rand_score(subjects, labels))


def test_what_is_answered_tells_subjects_from_places_and_stories() -> None:
    requests, answers, subjects = asked_and_answered()
    assert agreement(topics(requests, answers), subjects) > 0.9
    assert agreement(topics(requests), subjects) < 0.5


def test_a_request_without_an_answer_is_grouped_by_what_its_words_mean_elsewhere() -> None:
    requests, answers, subjects = asked_and_answered()
    silent = np.random.default_rng(1).random(len(answers)) < 0.3
    labels = topics(requests, answers.where(~silent, ""))
    assert agreement(labels[silent], subjects[silent]) > 0.9


def test_answers_that_go_with_nothing_change_nothing() -> None:
    requests, answers, _ = asked_and_answered()
    shuffled = pd.Series(np.random.default_rng(2).permutation(answers))
    pd.testing.assert_series_equal(topics(requests, shuffled), topics(requests))


def test_the_order_of_requests_and_answers_does_not_show() -> None:
    requests, answers, _ = asked_and_answered()
    order = np.random.default_rng(3).permutation(len(requests))
    labels = topics(requests.iloc[order], answers.iloc[order])
    pd.testing.assert_series_equal(labels.sort_index(), topics(requests, answers))


def test_few_requests_are_not_grouped() -> None:
    assert set(topics(pd.Series(["a question", "another one"]))) == {""}


def test_the_known_subjects_of_the_demo_are_told_apart() -> None:
    traces = features_of(*generate(0, 1500)).traces
    asked = traces["request"].str.lower()
    for word, least in (
        ("invoice", 0.9),
        ("loyalty points", 0.9),
        ("shipping", 0.8),
        ("cancel", 0.7),
    ):
        about = traces.loc[asked.str.contains(word, regex=False), "topic"]
        top = about.value_counts(normalize=True)
        assert top.iloc[0] >= least, (word, top.head(3).to_dict())
        assert word.split()[0] in top.index[0]
