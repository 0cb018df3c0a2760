"""What says the same at the same places is shown once; what lies within another points to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd
import pytest

from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule, affected_rows
from trace_factory import features_of, tool, trace

FEATURES = features_of(*(trace(tool("crm"), tool("kb"), number=n) for n in range(1, 101)))
ROOT, CRM, KB = (f"{number:016x}" for number in (1, 2, 3))


def claim(
    name: str,
    traces: Iterable[int],
    *,
    spans: Sequence[str] = (CRM,),
    subject: str = "",
    **attributes: object,
) -> Hypothesis:
    """A recorded fact about these traces, shown at these spans of each."""
    wanted = list(traces)

    class Claim(Hypothesis):
        """Something is recorded.

        ## Why it matters
        It is a test.

        ## Recommendation
        None.
        """

        id = name
        title = name
        category = Category.OPERATIONAL
        rule = Rule.FACT
        mends = "calls"

        def eligible(self, features: Features) -> pd.Index:
            return features.spans.index if self.unit is Unit.SPAN else features.traces.index

        def affected(self, features: Features) -> pd.DataFrame:
            ids = [f"tr-{n:032x}" for n in wanted for _ in spans]
            places = [span for _ in wanted for span in spans]
            numbers = [3 * (n - 1) + (ROOT, CRM, KB).index(span) for n in wanted for span in spans]
            units = numbers if self.unit is Unit.SPAN else ids
            return affected_rows(
                pd.Index(units), pd.Index(ids), pd.Series(places, dtype=object), "", "It is there."
            )

        def cases(self, features: Features) -> Iterable[Case]:
            yield Case(self.eligible(features), self.affected(features), subject=subject)

    for key, value in attributes.items():
        setattr(Claim, key, value)
    return Claim()


def findings(*claims: Hypothesis) -> list[Finding]:
    return conclude(list(claims), FEATURES)[0]


def test_the_same_places_are_one_finding_with_an_alias() -> None:
    (one,) = findings(
        claim("low", range(1, 20), severity=Severity.LOW), claim("high", range(1, 21))
    )
    assert one.hypothesis == "high"
    (alias,) = one.aliases
    assert (alias.hypothesis, alias.affected, alias.eligible) == ("low", 19, 100)
    assert alias.trace_ids == tuple(f"tr-{n:032x}" for n in range(1, 20))
    assert alias.fingerprint != one.fingerprint
    assert one.parent == ""


def test_a_claim_about_a_tool_joins_one_about_all() -> None:
    (one,) = findings(claim("all", range(1, 21)), claim("of-crm", range(1, 21), subject="crm"))
    assert len(one.aliases) == 1


@pytest.mark.parametrize(
    "other",
    [
        claim("other", range(6, 26)),
        claim("other", range(1, 21), spans=(KB,)),
        claim("other", range(1, 21), category=Category.PERFORMANCE),
        claim("other", range(1, 21), category=Category.STRENGTH),
        claim("other", range(1, 21), category=Category.USER),
        claim("other", range(1, 21), rule=Rule.PREVALENCE, minimum_effect=0.2),
        claim("other", range(1, 21), subject="kb"),
        claim("other", range(1, 21), mends="answers"),
        claim("other", range(1, 21), mends=""),
    ],
    ids=[
        "too little overlap",
        "other spans of the same traces",
        "another family",
        "a strength",
        "what the user asks",
        "not confirmed",
        "another subject",
        "mended otherwise",
        "nobody said how it is mended",
    ],
)
def test_when_unsure_they_stay_apart(other: Hypothesis) -> None:
    found = findings(claim("one", range(1, 21), subject="crm"), other)
    assert len(found) == 2
    assert not any(each.aliases or each.parent for each in found)


def test_other_units_of_the_same_traces_stay_apart() -> None:
    both = claim("both", range(1, 21), spans=(CRM, KB), unit=Unit.SPAN)
    one = claim("one", range(1, 21), spans=(CRM,), unit=Unit.SPAN)
    assert len(findings(both, one)) == 2


def test_fewer_than_three_units_stay_apart() -> None:
    pair = [claim(name, (1, 2), fewest_units=2) for name in ("one", "other")]
    assert len(findings(*pair)) == 2


def test_what_lies_within_another_names_the_smallest_that_holds_it() -> None:
    child, parent, wide = findings(
        claim("c-child", range(1, 11), severity=Severity.HIGH, spans=(KB,)),
        claim("b-parent", range(1, 21), severity=Severity.MEDIUM),
        claim("a-wide", range(1, 41), severity=Severity.LOW, spans=(ROOT,)),
    )
    by_name = {each.hypothesis: each for each in (child, parent, wide)}
    parents = {name: each.parent for name, each in by_name.items()}
    assert parents == {
        "c-child": by_name["b-parent"].fingerprint,
        "b-parent": by_name["a-wide"].fingerprint,
        "a-wide": "",
    }


@pytest.mark.parametrize(
    ("inner", "outer", "kind"),
    [
        (range(1, 11), range(2, 21), Category.OPERATIONAL),
        (range(1, 18), range(1, 21), Category.OPERATIONAL),
        (range(1, 11), range(1, 100), Category.OPERATIONAL),
        (range(1, 11), range(1, 21), Category.STRENGTH),
    ],
    ids=["not all of it", "not clearly smaller", "nearly all traces are", "a strength"],
)
def test_what_is_no_part(inner: range, outer: range, kind: Category) -> None:
    found = findings(claim("inner", inner, spans=(KB,)), claim("outer", outer, category=kind))
    assert [each.parent for each in found] == ["", ""]
