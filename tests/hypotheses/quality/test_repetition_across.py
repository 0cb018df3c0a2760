"""The same sentences in answers to quite different requests."""

from collections.abc import Callable

import pytest

from hypotheses.ordinary_traffic import confirmed
from mlflow_analysis.hypotheses.quality.repetition_across import RepetitionAcross
from mlflow_analysis.records import TraceRecord
from trace_factory import affected_traces, features_of, model, tool, trace

NOTICE = "As always, our team is glad to be of service to you in every way."
THINGS = [
    "kettle",
    "lamp",
    "sofa",
    "carpet",
    "mirror",
    "drawer",
    "window",
    "garden",
    "ladder",
    "hammer",
    "basket",
    "candle",
    "blanket",
    "pillow",
    "curtain",
    "bottle",
    "pencil",
    "wallet",
    "jacket",
    "helmet",
    "saddle",
    "anchor",
    "bridge",
    "castle",
    "engine",
    "feather",
]
VERBS = ("repair", "weigh", "deliver", "colour", "insure", "stack", "clean", "sell", "fold", "wrap")


def _requests(count: int) -> list[str]:
    """Requests with hardly a word in common."""
    return [
        f"{VERBS[n % len(VERBS)]}ing {THINGS[n % len(THINGS)]}s {THINGS[(7 * n + 3) % len(THINGS)]}?"
        for n in range(count)
    ]


def _records(
    answer: Callable[[int], str],
    count: int = 60,
    requests: list[str] | None = None,
    **details: object,
) -> list[TraceRecord]:
    children = details.pop("children", [])
    return [
        trace(*children, request=request, response=answer(n))  # type: ignore[misc]
        for n, request in enumerate(requests or _requests(count))
    ]


def _with_notice(n: int, every: int = 2, notice: str = NOTICE) -> str:
    own = f"The {THINGS[n % len(THINGS)]} takes the {VERBS[n % len(VERBS)]} road number {n}."
    return f"{own} {notice}" if n % every == 0 else own


def test_fires_on_a_sentence_in_half_of_the_answers() -> None:
    records = _records(_with_notice)
    features = features_of(*records)
    (case,) = confirmed(RepetitionAcross(), features)
    assert set(case.affected["trace_id"]) == {each.info.trace_id for each in records[::2]}
    assert len(case.eligible) == 60
    assert NOTICE[:60] in case.statement and "50%" in case.statement
    row = case.affected.iloc[0]
    assert row["excerpt"] == NOTICE and row["offset"] == _with_notice(0).index(NOTICE)
    assert "30 answers (50%)" in row["rationale"]
    assert case.tokens_lost == 30 * 15 * 4 // 3


def test_numbers_do_not_make_another_sentence() -> None:
    records = _records(lambda n: _with_notice(n, 1, f"Our number {n} is glad to be of service."))
    assert len(affected_traces(RepetitionAcross(), features_of(*records))) == 60


def test_a_quarter_of_the_answers_is_not_flagged() -> None:
    features = features_of(*_records(lambda n: _with_notice(n, 4)))
    assert len(RepetitionAcross().eligible(features)) == 60
    assert not affected_traces(RepetitionAcross(), features)


@pytest.mark.parametrize(
    "records",
    [
        _records(lambda n: _with_notice(n, 1, "Have a nice day!")),
        _records(
            _with_notice,
            children=[
                model(
                    inputs={
                        "messages": [
                            {"role": "system", "content": f"Always end with:\n{NOTICE}"},
                            {"role": "user", "content": "Hello"},
                        ]
                    }
                )
            ],
        ),
        _records(_with_notice, children=[tool("article", outputs={"text": f"Terms. {NOTICE}"})]),
        _records(_with_notice, requests=[f"Where is my blue parcel {n}?" for n in range(60)]),
        _records(
            _with_notice,
            requests=[
                f"Where is my blue parcel for {THINGS[n % 26]} {VERBS[n % 10]}?" for n in range(60)
            ],
        ),
        _records(lambda n: _with_notice(n, 1, f"\n- {NOTICE}\n")),
        _records(_with_notice, count=19),
    ],
    ids=[
        "a short sign-off",
        "required by the system prompt",
        "quoted from a document",
        "one request with numbers",
        "similar requests",
        "a list item",
        "too few answers",
    ],
)
def test_other_repetitions_are_not_flagged(records: list[TraceRecord]) -> None:
    assert not affected_traces(RepetitionAcross(), features_of(*records))
