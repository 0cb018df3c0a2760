"""Infos that decode themselves on first use are the same to whoever looks."""

from __future__ import annotations

import json
import pickle
from dataclasses import fields, replace
from typing import Any

import pytest

from mlflow_analysis.records import TraceInfo
from mlflow_analysis.tracking import stored_infos
from mlflow_analysis.tracking.incomplete import stated_size
from mlflow_analysis.tracking.stored_infos import StoredInfo, stored_info
from mlflow_analysis.tracking.tables import COSTS, TOKENS

ROW: dict[str, Any] = {
    "request_id": "tr-1",
    "timestamp_ms": 1_000,
    "execution_time_ms": 20,
    "status": "OK",
    "session_id": "s",
    "experiment_id": 1,
    "request_preview": "asked",
    "response_preview": "answered",
    "trace_name": "agent",
    **dict.fromkeys((*TOKENS, *COSTS)),
    "input_tokens": 3,
    "total_tokens": 5,
    "total_cost": 0.25,
    "tags": {"region": "eu", "app": "shop"},
    "metadata": {"version": "2", "mlflow.trace.user": "ann"},
}
JUDGEMENT = (
    "a-1", "tr-1", "helpful", "feedback", "true", None, "good", "HUMAN", "ann", None, 5, 5, True, None, None,
)  # fmt: skip


def an_info(**columns: Any) -> TraceInfo:
    row = {**ROW, **columns}
    texts = [json.dumps(row.pop(name)) for name in ("tags", "metadata")]
    return stored_info((*row.values(), *texts), [JUDGEMENT])


def plain(info: TraceInfo) -> TraceInfo:
    """All fields decoded, in a ``TraceInfo`` of no special kind."""
    return TraceInfo(**{field.name: getattr(info, field.name) for field in fields(TraceInfo)})


def test_it_equals_the_record_it_stands_for_from_both_sides() -> None:
    assert type(an_info()) is StoredInfo
    assert type(plain(an_info())) is TraceInfo
    assert an_info() == plain(an_info())
    assert plain(an_info()) == an_info()
    assert an_info() != an_info(tags={"region": "us", "app": "shop"})
    assert an_info() != "an info"


def test_it_travels_and_is_replaced_as_a_plain_record() -> None:
    sent = pickle.loads(pickle.dumps(an_info()))
    changed = replace(an_info(), state="ERROR")

    assert (type(sent), type(changed)) == (TraceInfo, TraceInfo)
    assert sent == an_info()
    assert changed == replace(plain(an_info()), state="ERROR")
    assert "'region': 'eu'" in repr(an_info())


def test_columns_of_their_own_count_and_what_stands_beside_them_does_not() -> None:
    older = {"mlflow.trace.session": "old", "mlflow.trace.cost": "old", "version": "2"}

    info = an_info(metadata=older, tags={"mlflow.traceName": "old", "app": "shop"}, total_cost=None)

    assert (info.session_id, info.name) == ("s", "agent")
    assert info.tags == {"app": "shop", "mlflow.traceName": "agent"}
    assert info.metadata == {
        "mlflow.trace.session": "s",
        "mlflow.trace.tokenUsage": '{"input_tokens": 3, "total_tokens": 5}',
        "version": "2",
    }


def test_tags_and_metadata_are_in_order_of_name() -> None:
    info = an_info()

    assert list(info.tags) == ["app", "mlflow.traceName", "region"]
    assert list(info.metadata) == sorted(info.metadata)
    assert info.tags is info.tags


def test_what_is_decoded_late_is_as_printable_as_the_rest() -> None:
    info = an_info(tags={"a\x1b": "\x1b[2J"}, metadata={"b": "\x1b", "mlflow.trace.user": "\x1b"})

    assert info.tags["a␛"] == "␛[2J"
    assert (info.metadata["b"], info.user_id) == ("␛", "␛")


def test_previews_that_no_column_holds_are_found_in_the_metadata() -> None:
    info = an_info(request_preview=None, metadata={"mlflow.traceInputs": "from \x1b metadata"})

    assert (info.request_preview, info.response_preview) == ("from ␛ metadata", "answered")


def test_judgements_are_those_of_the_rows() -> None:
    (judgement,) = an_info().assessments

    assert (judgement.name, judgement.value, judgement.created_ms) == ("helpful", True, 5)


@pytest.mark.parametrize(
    ("stated", "read"),
    [('{"num_spans": 4}', {"num_spans": 4}), ("{broken", {}), ("[4]", {}), (None, {})],
)
def test_the_stated_size_is_read_without_the_rest(
    monkeypatch: pytest.MonkeyPatch, stated: str | None, read: dict[str, int]
) -> None:
    info = an_info(metadata={"mlflow.trace.sizeStats": stated})
    expected = stated_size(plain(info))
    info = an_info(metadata={"mlflow.trace.sizeStats": stated})
    monkeypatch.delattr(stored_infos, "_metadata")

    assert stated_size(info) == expected == read
