"""The table behind the trace screen: which rows, in which order, a window at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_analysis.protocol import RowQuery
from mlflow_analysis.records import TraceInfo
from mlflow_analysis.service.previews import spoken_request, spoken_response
from mlflow_analysis.service.trace_table import TraceTable
from trace_factory import trace


def made(number: int, **details: object) -> TraceInfo:
    return replace(trace(number=number).info, trace_id=f"t{number:02}", **details)  # type: ignore[arg-type]


def table_of(*infos: TraceInfo) -> TraceTable:
    table = TraceTable()
    table.extend(infos)
    return table


def ids(table: TraceTable, **query: object) -> list[str]:
    return [row.trace_id for row in table.rows(RowQuery(**query), 0, 1000).rows]  # type: ignore[arg-type]


def test_rows_come_newest_first_in_windows() -> None:
    table = table_of(*(made(number) for number in range(10)))

    window = table.rows(RowQuery(), 3, 5)

    assert (window.start, window.total) == (3, 10)
    assert [row.trace_id for row in window.rows] == ["t06", "t05"]
    assert table.rows(RowQuery(), 8, 99).rows[-1].trace_id == "t00"
    assert table.rows(RowQuery(), 99, 120).rows == ()


@pytest.mark.parametrize("descending", [True, False])
def test_rows_without_a_value_stand_last_whichever_way_it_is_sorted(descending: bool) -> None:
    table = table_of(
        made(1, duration_ms=5.0),
        made(2, duration_ms=None),
        made(3, duration_ms=9.0),
        made(4, duration_ms=5.0),
    )

    found = ids(table, sort="duration_ms", descending=descending)

    assert found == (["t03", "t04", "t01", "t02"] if descending else ["t04", "t01", "t03", "t02"])


@pytest.mark.parametrize(
    "column",
    [
        "trace_id",
        "start_ms",
        "state",
        "duration_ms",
        "total_tokens",
        "session_id",
        "request",
        "response",
        "findings",
    ],
)
def test_every_column_of_a_row_can_be_sorted_by(column: str) -> None:
    table = table_of(
        *(made(number, duration_ms=number * 7 % 5, total_tokens=number % 3) for number in range(6))
    )

    rows = table.rows(RowQuery(sort=column, descending=False), 0, 10).rows

    values = [getattr(row, column) for row in rows]
    assert values == sorted(values)


def test_a_column_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no column 'colour'"):
        table_of(made(1)).rows(RowQuery(sort="colour"), 0, 1)


def test_conditions_are_joined() -> None:
    table = table_of(
        made(1, state="ERROR", session_id="s1", request_preview="Refund please"),
        made(2, state="ERROR", session_id="s2", request_preview="refund"),
        made(3, state="OK", session_id="s1", response_preview="REFUND done"),
    )

    assert ids(table, text="refund") == ["t03", "t02", "t01"]
    assert ids(table, text="refund", failures_only=True) == ["t02", "t01"]
    assert ids(table, text="refund", failures_only=True, session_id="s1") == ["t01"]
    assert ids(table, text="[/foo] .*") == []


def test_the_slowest_tenth_is_a_tenth() -> None:
    table = table_of(
        *(made(number, duration_ms=float(number)) for number in range(20)),
        made(50, duration_ms=None),
    )

    assert ids(table, slow_only=True) == ["t19", "t18"]
    assert ids(table_of(made(1, duration_ms=None)), slow_only=True) == []


def test_findings_are_counted_and_filtered_by() -> None:
    table = table_of(made(1), made(2), made(3))
    assert ids(table, finding="abc") == []

    table.mark(
        {"abc": frozenset({"t01", "t03"})}, {"t01": 2, "t03": 1}, {"t01": "low", "t03": "high"}
    )

    assert ids(table, finding="abc") == ["t03", "t01"]
    assert ids(table, sort="findings") == ["t03", "t01", "t02"], "one that is worse outweighs two"
    assert table.rows(RowQuery(), 2, 3).rows[0].findings == 2


def test_a_trace_is_located_in_a_query() -> None:
    table = table_of(*(made(number, state="ERROR" if number % 2 else "OK") for number in range(6)))

    assert table.locate(RowQuery(), "t04").position == 1
    assert table.locate(RowQuery(failures_only=True), "t01").position == 2
    assert table.locate(RowQuery(failures_only=True), "t04").position is None


def test_what_comes_later_is_in_the_next_window() -> None:
    table = table_of(made(1))
    assert table.rows(RowQuery(), 0, 9).total == 1

    table.extend([made(2)])

    assert ids(table) == ["t02", "t01"]


def test_a_session_is_told_in_order_of_time() -> None:
    table = table_of(
        made(
            3,
            session_id="s",
            request_preview='{"messages": [{"role": "user", "content": "And now?"}]}',
        ),
        made(1, session_id="s"),
        made(2, session_id="other"),
    )

    assert [(turn.trace_id, turn.request) for turn in table.turns("s")] == [
        ("t01", "Where is my order 1234?"),
        ("t03", "And now?"),
    ]


@pytest.mark.parametrize(
    ("preview", "said"),
    [
        ("plain", "plain"),
        ('"quoted \\u001b[2J"', "quoted ␛[2J"),
        ('{"query": "\\u001b]52;c;x\\u0007"}', "␛]52;c;x␇"),
        ('{"query": "cut of', '{"query": "cut of'),
        ("null", ""),
        ("", ""),
    ],
)
def test_previews_become_what_was_said_and_stay_harmless(preview: str, said: str) -> None:
    assert spoken_request(preview) == said


def test_an_answer_is_found_in_its_payload() -> None:
    assert spoken_response('{"role": "assistant", "content": "Yes."}') == "Yes."


def test_what_tools_answered_is_looked_through_again_once_a_trace_has_changed() -> None:
    table = table_of(made(1), made(2))
    table.searched("porto", read=["t01", "t02"], found=["t01"])
    assert (ids(table, text="porto"), table.unsearched("porto")) == (["t01"], [])

    table.put([made(1, state="ERROR")])

    assert (ids(table, text="porto"), table.unsearched("porto")) == ([], ["t01"])
