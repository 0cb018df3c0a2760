"""Claims formed from the data: one half of the sessions raises them, the other decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_analysis.evidence.prevalence import Prevalence, members
from mlflow_analysis.evidence.replication import (
    ENOUGH_TRACES,
    Split,
    formed_from_data,
    in_first_half,
)
from mlflow_analysis.evidence.weighing import Weighing, conclude
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Unit, Verdict
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.catalogue import by_id
from mlflow_analysis.statistics.contrasts import difference_of_rates
from trace_factory import features_of, tool, trace


class WorseTeam(Hypothesis):
    """One team's traces fail more often than the others'.

    ## Why it matters
    It is a test.

    ## Recommendation
    None.
    """

    id = "worse-team"
    title = "A team fares worse"
    category = Category.OPERATIONAL
    rule = Rule.EFFECT
    minimum_effect = 0.05

    def eligible(self, features: Features) -> pd.Index:
        return features.traces.index

    def affected(self, features: Features) -> pd.DataFrame:
        return self._rows(features.traces[features.traces["failed"]])

    def cases(self, features: Features) -> Iterable[Case]:
        traces = features.traces
        for team in sorted(set(traces["user"])):
            mine = (traces["user"] == team).to_numpy()
            failed = traces["failed"].to_numpy(dtype=bool)
            found = difference_of_rates(failed, mine, traces["session"].to_numpy())
            effect = Effect("difference of failure rates", found.value, found.interval)
            yield Case(
                traces.index[mine],
                self._rows(traces[mine & failed]),
                subject=team,
                contrast=Contrast(effect, found.p_value),
            )

    def _rows(self, traces: pd.DataFrame) -> pd.DataFrame:
        return affected_rows(traces.index, traces.index, traces["root_span_id"], "", "It failed.")


def name(number: int) -> str:
    return f"tr-{number:032x}"


def first(number: int) -> bool:
    return bool(in_first_half(np.array([name(number)], dtype=object))[0])


def features(count: int, failing: Any) -> Features:
    """Traces by two teams; ``failing(number, team)`` says which fail."""
    made = []
    for number in range(1, count + 1):
        team = "red" if number % 2 else "blue"
        state = "ERROR" if failing(number, team) else "OK"
        made.append(trace(user=team, state=state, number=number))
    return features_of(*made)


def finding(of: Features, subject: str = "red") -> Finding:
    findings, _ = conclude([WorseTeam()], of)
    return next(each for each in findings if each.subject == subject)


def test_a_session_stays_in_its_half_whatever_else_there_is() -> None:
    names = np.array([f"session-{number}" for number in range(2_000)], dtype=object)
    whole = in_first_half(names)
    assert 0.46 < whole.mean() < 0.54
    shuffled = np.random.default_rng(2).permutation(2_000)[:700]
    assert (in_first_half(names[shuffled]) == whole[shuffled]).all()


def test_what_both_halves_show_is_confirmed_by_the_second_alone() -> None:
    of = features(600, lambda number, team: number % (4 if team == "blue" else 9) == 0)
    # half of the blue ones and a ninth of the red ones
    found = finding(of, "blue")
    assert found.verdict is Verdict.CONFIRMED
    assert found.replicates is True
    assert found.held_out
    assert found.reason.startswith("Formed on one half of the sessions; on the other: difference")
    second = of.part(~in_first_half(of.traces["session"].to_numpy(dtype=object)))
    expected = next(each for each in WorseTeam().cases(second) if each.subject == "blue")
    assert expected.contrast is not None
    assert found.p_value == expected.contrast.p_value
    assert found.eligible == 300


@pytest.mark.parametrize("shown_by_first", [True, False])
def test_what_one_half_alone_shows_is_not_confirmed(shown_by_first: bool) -> None:
    of = features(600, lambda number, team: team == "red" and first(number) is shown_by_first)
    found = finding(of)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.replicates is False
    assert found.effect is not None
    assert found.effect.interval[0] > 0.05
    assert (found.p_value is None) is not shown_by_first
    told = "does not show it" if not shown_by_first else "on the other: difference"
    assert told in found.reason


def test_a_claim_that_was_not_formed_is_still_refuted() -> None:
    found = finding(features(1_000, lambda number, team: number % 100 < 2))
    assert found.verdict is Verdict.REFUTED
    assert found.replicates is False


def test_few_traces_are_tested_at_once_and_say_whether_both_halves_show_it() -> None:
    one_half = finding(features(200, lambda number, team: team == "red" and first(number)))
    both = finding(features(200, lambda number, team: team == "red" and number % 3 > 0))
    for found, replicates in ((one_half, False), (both, True)):
        assert found.verdict is Verdict.CONFIRMED
        assert found.replicates is replicates
        assert not found.held_out
        assert found.p_value is not None


def test_only_formed_claims_are_tested_and_all_of_them() -> None:
    of = features(600, lambda number, team: number % (4 if team == "blue" else 9) == 0)
    weighing = Weighing(of)
    weighing.add(WorseTeam())
    findings, tests = weighing.conclude()
    tested = [each for each in findings if each.p_value is not None]
    assert [each.subject for each in tested] == ["blue"]
    causes = sum(len(each.root_causes) for each in findings)
    assert 1 <= tests - causes <= 1 + 6


def test_only_the_half_that_decides_is_asked_for_p_values() -> None:
    asked: list[int] = []

    class Formed(WorseTeam):
        """One team's traces fail more often than the others'."""

        formed_from_data = True

        def cases(self, features: Features) -> Iterable[Case]:
            asked.append(len(features.traces))
            return super().cases(features)

        def estimates(self, features: Features) -> Iterable[Case]:
            return super().cases(features)

    of = features(600, lambda number, team: number % (4 if team == "blue" else 9) == 0)
    expected, found = (conclude([each], of)[0] for each in (WorseTeam(), Formed()))
    assert asked == [sum(not first(number) for number in range(1, 601))]
    assert [each.p_value for each in found] == [each.p_value for each in expected]

    few = features(200, lambda number, team: team == "red" and number % 3 > 0)
    conclude([Formed()], few)
    assert 200 in asked


def test_facts_and_what_the_user_asks_are_not_formed_from_the_data() -> None:
    case = Case(pd.Index([]), affected_rows([], [], "", "", ""), subject="crm")
    assert formed_from_data(WorseTeam(), case)
    assert not formed_from_data(by_id("rate-limited"), case)
    assert formed_from_data(by_id("error-burst"), Case(case.eligible, case.affected))
    assert not formed_from_data(by_id("truncated-response"), Case(case.eligible, case.affected))
    records = [trace(tool("crm", outputs="429 Too Many Requests")) for _ in range(5)]
    (found,) = conclude([by_id("rate-limited")], features_of(*records))[0]
    assert found.replicates is None


def test_a_part_keeps_turn_load_and_topic() -> None:
    made = [trace(session=f"s{number % 7}", start_ms=1e12 + number * 1e4) for number in range(40)]
    of = features_of(*made)
    first_half = in_first_half(of.traces["session"].to_numpy(dtype=object))
    part = of.part(first_half)
    columns = ["turn", "load", "topic", "session"]
    assert part.traces[columns].equals(of.traces.loc[part.traces.index, columns])
    assert set(part.spans["trace_id"]) == set(part.traces.index)
    assert len(part.spans) == first_half.sum()
    assert (part.traces.index[part.trace_at] == part.spans["trace_id"]).all()
    assert (
        part.traces.groupby("session")
        .size()
        .equals(
            of.traces.groupby("session").size().loc[part.traces["session"].unique()].sort_index()
        )
    )


def test_a_request_group_is_of_the_half_of_its_first_trace() -> None:
    of = features(40, lambda number, team: False)
    rows = pd.Series([name(9), name(3), name(20), name(7)], index=["g1", "g1", "g2", "g2"])
    case = Case(pd.Index(["g1", "g2"]), affected_rows([], [], "", "", ""), members=rows)
    counted = Prevalence(
        case.eligible, np.zeros(2, bool), np.array(["g1", "g2"], object), 1, (0, 1)
    )
    first_places = members(Unit.REQUEST_GROUP, counted, case, of).first(2)
    halves = Split(of).halves(first_places)
    assert halves.first.tolist() == [first(3), first(7)]
    assert not halves.held_out


def test_a_half_without_the_needed_field_forms_nothing() -> None:
    of = features(ENOUGH_TRACES, lambda number, team: False)
    assert Split(of).replications(by_id("unreliable-tool"), []) == {}
    case = Case(of.traces.index, affected_rows([], [], "", "", ""), subject="crm")
    (replication,) = Split(of).replications(by_id("unreliable-tool"), [case]).values()
    assert replication is not None
    assert not replication.formed
