"""What the user says of an application is kept, and changes what counts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mlflow_analysis.brief.charter import (
    Charter,
    CharterNotUnderstood,
    charter_path,
    read_charter,
    write_charter,
)
from mlflow_analysis.brief.focus import parse
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.review import review_path
from stores import HOSTILE

SAID = Charter(
    "Answers questions about orders.",
    ("lookup_order", "refund"),
    ("weather", "return · policy · days"),
    (parse("refund -> latency"), parse("filter: tags.region = 'eu' words: refund in: request")),
)


def test_what_is_written_is_read_again_and_only_its_owner_may(tmp_path: Path) -> None:
    path = charter_path(tmp_path / "reviews", "sqlite:///shop.db", "7")
    assert path.parent == review_path(tmp_path / "reviews", "sqlite:///shop.db", "7").parent
    assert read_charter(path) == Charter()
    write_charter(path, SAID)
    assert read_charter(path) == SAID
    assert path.stat().st_mode & 0o777 == 0o600
    write_charter(path, replace(SAID, tools=None))
    assert read_charter(path).tools is None
    assert list(path.parent.iterdir()) == [path], "no draft is left behind"


def test_no_tools_declared_is_not_the_same_as_nothing_said(tmp_path: Path) -> None:
    path = tmp_path / "purpose.json"
    path.write_text('{"tools": []}')
    assert read_charter(path).tools == ()
    path.write_text('{"description": "Sells shoes."}')
    assert read_charter(path).tools is None


def test_the_purpose_is_there_once_something_was_said() -> None:
    assert Charter(focuses=SAID.focuses).purpose is None
    assert SAID.purpose == Purpose(
        "Answers questions about orders.",
        confirmed_by_user=True,
        declared_tools=("lookup_order", "refund"),
        out_of_scope=("weather", "return · policy · days"),
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no JSON object"),
        ('{"tolls": []}', "“tolls”, which means nothing here"),
        ('{"tools": "refund"}', "under “tools” something else than a list"),
        ('{"out_of_scope": [3]}', "under “out_of_scope” something else"),
        ('{"description": 3}', "a description that is no text"),
        ('{"focus": ["in: moon"]}', "“moon” is no place|something to look for"),
    ],
)
def test_a_file_that_means_nothing_is_told(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "purpose.json"
    path.write_text(content)
    with pytest.raises(CharterNotUnderstood, match=sentence) as told:
        read_charter(path)
    assert told.value.remedy


def test_hostile_text_in_it_is_made_visible(tmp_path: Path) -> None:
    path = tmp_path / "purpose.json"
    path.write_text(json.dumps({"description": HOSTILE, "tools": [HOSTILE], "focus": [HOSTILE]}))
    charter = read_charter(path)
    said = charter.description + "".join(charter.tools or ()) + charter.focuses[0].text
    assert "\x1b" not in said
    assert "\u202e" not in said
