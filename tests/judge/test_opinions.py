"""Agreement and the corrected share, by numbers worked out by hand."""

from __future__ import annotations

import pytest

from mlflow_analysis.findings.judged import JudgedTrace
from mlflow_analysis.judge.opinions import product, second_opinion


def sample(*said: bool | None) -> list[JudgedTrace]:
    return [JudgedTrace(f"tr-{number}", each, "") for number, each in enumerate(said)]


def test_the_corrected_share_is_the_share_times_the_agreement() -> None:
    opinion = second_opinion(sample(*[True] * 8, False, False, None), 0.2, (0.15, 0.26))
    assert opinion is not None
    assert (opinion.agreed, opinion.decided, len(opinion.traces)) == (8, 10, 11)
    assert opinion.agreement == pytest.approx((0.4902, 0.9433), abs=1e-4)  # Wilson, 8 of 10
    assert opinion.corrected is not None
    assert opinion.corrected.rate == pytest.approx(0.16)
    low, high = opinion.corrected.interval
    assert 0.15 * 0.4902 < low < 0.16 < high < 0.26 * 0.9433


def test_a_judge_that_cannot_tell_corrects_nothing() -> None:
    opinion = second_opinion(sample(None, None), 0.2, (0.1, 0.3))
    assert opinion is not None
    assert opinion.decided == 0
    assert opinion.corrected is None


def test_without_an_answer_there_is_no_opinion() -> None:
    assert second_opinion([], 0.2, (0.1, 0.3)) is None


def test_no_agreement_leaves_nothing_and_an_upper_bound() -> None:
    assert product(0.2, (0.1, 0.3), 0.0, (0.0, 0.28)) == (0.0, pytest.approx(0.084))


def test_a_share_known_exactly_scales_the_others_interval() -> None:
    assert product(0.5, (0.5, 0.5), 0.4, (0.3, 0.6)) == pytest.approx((0.15, 0.3))
