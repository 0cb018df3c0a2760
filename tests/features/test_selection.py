"""Rows of a wide table: what is asked of a selection is what a frame would give."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlflow_analysis.features.selection import Coded, Selection, coded

TABLE = pd.DataFrame(
    {
        "name": pd.Series(["a", "b", "c", "d", "e"], dtype=object),
        "ms": [5.0, 4.0, np.nan, 2.0, 1.0],
        "parent": np.array([-1, 0, 0, -1, 3], np.int32),
    },
    index=pd.RangeIndex(5, name="span"),
)
LONG = TABLE["ms"] >= 2
NAMES = coded(TABLE["name"].to_numpy(dtype=object))


def _selection(**texts: Coded) -> Selection:
    return Selection(TABLE.drop(columns="name"), {"name": NAMES, **texts})


def test_columns_of_some_rows_are_those_of_the_frame_with_types_and_numbers() -> None:
    some = _selection()[LONG]
    assert len(some) == 3
    pd.testing.assert_series_equal(some["name"], TABLE.loc[LONG, "name"])
    pd.testing.assert_frame_equal(some[["parent", "ms"]], TABLE.loc[LONG, ["parent", "ms"]])
    pd.testing.assert_frame_equal(some.frame, TABLE[LONG])


def test_a_selection_is_selected_from() -> None:
    some = _selection()[LONG]
    assert list(some[some["parent"] < 0]["name"]) == ["a", "d"]
    assert list(some.take([2, 0])["name"]) == ["d", "a"]
    assert list(some.take([2, 0]).index) == [3, 0]


def test_what_is_written_into_an_answer_does_not_reach_the_table() -> None:
    everything = _selection()
    asked = everything[["ms"]]
    asked.loc[0, "ms"] = -1.0
    assert TABLE["ms"][0] == everything["ms"][0] == 5.0


def test_rows_with_numbers_of_their_own() -> None:
    part = _selection()[np.array([False, False, False, True, True])]
    renumbered = part.renumbered(parent=np.array([-1, 0], np.int32))
    assert list(renumbered.index) == [0, 1]
    assert renumbered.index.name == "span"
    assert list(renumbered["parent"]) == [-1, 0]
    assert list(renumbered[["name"]].loc[1]) == ["e"]
    assert list(renumbered[renumbered["parent"] == 0].index) == [1]
    assert list(TABLE["parent"]) == [-1, 0, 0, -1, 3]


def test_no_rows() -> None:
    nothing = _selection()[np.zeros(5, dtype=bool)]
    assert len(nothing) == 0
    pd.testing.assert_frame_equal(nothing[["name", "ms"]], TABLE.iloc[:0][["name", "ms"]])


def test_texts_as_numbers_are_those_of_the_column_in_order() -> None:
    as_read = Coded(np.array([0, 1, 2, 3, 0]), np.array(["y", "x", "", "x"], dtype=object))
    every = _selection(kind=as_read)
    some = every[LONG]
    kinds = some.coded("kind")

    assert list(every["kind"]) == ["y", "x", "", "x", "y"]
    assert list(kinds.values) == ["", "x", "y"]
    assert list(kinds.values[kinds.codes]) == list(some["kind"]) == ["y", "x", "x"]
    assert kinds.among("x", "z").tolist() == [False, True, True]
    assert every.coded("kind").among("").tolist() == [False, False, True, False, False]
    assert not some.take([]).coded("kind").among("x").size


def test_texts_are_looked_at_as_they_were_read() -> None:
    as_read = Coded(np.array([0, 1, 2, 3, 0]), np.array(["y", "x", "", "x"], dtype=object))
    some = _selection(kind=as_read)[LONG].texts("kind")
    assert [some.of(row) for row in range(3)] == ["y", "x", "x"]
    numbers, met = some.met()
    assert numbers.tolist() == [0, 1, 2]
    assert met.tolist() == ["y", "x", "x"]


def test_a_table_is_given_more_texts() -> None:
    more = _selection().with_texts(kind=coded(np.array(list("zyxwv"), dtype=object)))
    assert list(more[LONG]["kind"]) == ["z", "y", "w"]
    assert list(more[["kind", "name"]].columns) == ["kind", "name"]


def test_texts_are_numbered_once_for_all_selections() -> None:
    every = _selection()
    part = every[LONG].renumbered(parent=np.array([-1, 0, -1], np.int32))
    assert part.coded("name").values is every.coded("name").values


def test_empty_texts_are_those_of_another_column() -> None:
    own, other = np.array(["", "b", ""], dtype=object), np.array(["c", "a", ""], dtype=object)
    both = coded(own).otherwise(coded(other))
    assert list(both.values[both.codes]) == ["c", "b", ""]
