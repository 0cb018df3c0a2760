"""What sessions with a finding came to, against those that could have it and do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from scipy import stats

from mlflow_analysis.evidence.outcomes import (
    BETTER,
    LAST_TRACE_FAILED,
    NONE_SHOWN,
    WORSE,
    Outcomes,
    harm_in_words,
)
from mlflow_analysis.evidence.prevalence import Places, places_in
from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import OutcomeContrast
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Verdict
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Outcome, affected_rows
from mlflow_analysis.statistics.intervals import newcombe
from trace_factory import features_of, feedback, trace


class SaysSorry(Hypothesis):
    """The answer says sorry.

    ## Why it matters
    It is a test.

    ## Recommendation
    None.
    """

    id = "says-sorry"
    title = "The answer says sorry"
    category = Category.QUALITY
    text_cue = True

    def eligible(self, features: Features) -> pd.Index:
        return features.traces.index

    def affected(self, features: Features) -> pd.DataFrame:
        hit = features.traces[features.traces["response"].str.contains("Sorry")]
        return affected_rows(hit.index, hit.index, hit["root_span_id"], "Sorry", "It says sorry.")


def traces(
    count: int, sorry: Callable[[int], bool], bad: Callable[[int], bool], *, judged: bool = True
) -> Features:
    """One trace a session; ``bad`` ones fail "correct", or end in an error if nothing is judged."""
    return features_of(
        *(
            trace(
                response="Sorry." if sorry(number) else "Done.",
                state="ERROR" if bad(number) and not judged else "OK",
                assessments=[feedback("correct", not bad(number))] if judged else (),
                number=number,
            )
            for number in range(1, count + 1)
        )
    )


def _places(case: Case, features: Features) -> tuple[Places, Places]:
    """The traces that could show the case, and those that do."""
    known = features.traces.index
    return places_in(known, case.eligible), places_in(known, case.affected["trace_id"])


def sorry_finding(features: Features) -> Finding:
    return conclude([SaysSorry()], features)[0][0]


def test_the_contrast_is_fishers_with_newcombes_interval() -> None:
    of = traces(100, lambda n: n <= 40, lambda n: n <= 20 or n > 90)
    found = sorry_finding(of)
    assert found.verdict is Verdict.CONFIRMED
    (contrast,) = found.outcomes
    assert (contrast.outcome, contrast.sessions_with, contrast.sessions_without) == (
        "correct fails",
        40,
        60,
    )
    assert contrast.difference == pytest.approx(0.5 - 10 / 60)
    assert contrast.interval == pytest.approx(newcombe(20, 40, 10, 60))
    assert contrast.p_value == pytest.approx(stats.fisher_exact([[20, 20], [10, 50]]).pvalue)
    assert contrast.association == WORSE
    assert "associated with worse outcomes: correct fails in 50.0% of sessions with it" in (
        found.statement
    )


def test_its_test_counts_among_all_tests() -> None:
    of = traces(100, lambda n: n <= 40, lambda n: n % 3 == 0)
    findings, tests = conclude([SaysSorry()], of)
    assert tests >= 1
    (contrast,) = findings[0].outcomes
    assert contrast.q_value >= contrast.p_value


def test_what_does_not_differ_is_told_too() -> None:
    found = sorry_finding(traces(100, lambda n: n % 2 == 0, lambda n: n % 4 < 2))
    (contrast,) = found.outcomes
    assert contrast.association == NONE_SHOWN
    assert contrast.interval[0] < 0 < contrast.interval[1]
    assert "No association with outcomes is shown (correct fails: q = 1)" in found.statement


def test_a_cue_that_goes_with_good_outcomes_says_so() -> None:
    found = sorry_finding(traces(100, lambda n: n <= 40, lambda n: n > 60))
    assert found.outcomes[0].association == BETTER
    assert "associated with better outcomes" in found.statement


def test_without_outcomes_a_cue_is_only_present() -> None:
    found = sorry_finding(traces(60, lambda n: n <= 20, lambda n: False, judged=False))
    assert found.verdict is Verdict.CONFIRMED
    assert found.outcomes == ()
    assert "The pattern is present; no outcome is recorded" in found.statement


def test_without_assessments_the_last_trace_tells() -> None:
    made = []
    for number in range(60):
        for turn in range(2):
            # one session in three recovers from an error, one ends in it
            failed = number % 3 == turn
            made.append(
                trace(
                    session=f"s{number:02d}",
                    response="Sorry." if number % 3 == 1 else "Done.",
                    state="ERROR" if failed else "OK",
                    number=2 * number + turn + 1,
                )
            )
    (contrast,) = sorry_finding(features_of(*made)).outcomes
    assert contrast.outcome == LAST_TRACE_FAILED
    assert (contrast.rate_with, contrast.rate_without) == (1.0, 0.0)
    assert (contrast.sessions_with, contrast.sessions_without) == (20, 40)


def test_the_outcome_itself_is_not_contrasted_with_itself() -> None:
    of = traces(100, lambda n: n <= 40, lambda n: n <= 20)
    hypothesis = SaysSorry()
    (case,) = hypothesis.cases(of)
    could, shown = _places(case, of)
    outcomes = Outcomes(of)
    assert len(outcomes.contrasts(hypothesis, case, could, shown)) == 1
    about_it = replace(case, subject="correct")
    assert outcomes.contrasts(hypothesis, about_it, could, shown) == ()
    hypothesis.is_outcome = frozenset({Outcome.ASSESSMENTS})  # type: ignore[misc]
    assert outcomes.contrasts(hypothesis, case, could, shown) == ()


def test_a_handful_of_sessions_is_not_contrasted() -> None:
    of = traces(60, lambda n: n <= 4, lambda n: n <= 20)
    (case,) = SaysSorry().cases(of)
    could, shown = _places(case, of)
    assert Outcomes(of).contrasts(SaysSorry(), case, could, shown) == ()


def test_the_assessment_that_covers_most_sessions_comes_first() -> None:
    made = [
        trace(
            assessments=[
                feedback("a_rare", number % 2 == 0),
                *([feedback("common", number % 3 == 0)] if number > 10 else []),
                *([feedback("always_passes", True)]),
            ][int(number > 20) :],
            number=number,
        )
        for number in range(1, 61)
    ]
    names = [each.name for each in Outcomes(features_of(*made)).recorded]
    assert names == ["common fails", "a_rare fails"]


def test_harm_is_told_of_the_clear_contrast() -> None:
    unclear = OutcomeContrast("a fails", 0.3, 0.2, 50, 50, 0.1, (-0.1, 0.3), 0.4, 0.5, NONE_SHOWN)
    clear = replace(unclear, outcome="b fails", q_value=0.01, association=WORSE)
    assert harm_in_words((unclear, clear)).startswith(
        "It is associated with worse outcomes: b fails"
    )
    assert "a fails: q = 0.5" in harm_in_words((unclear,))
