"""From count, interval and test to one of four verdicts, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_analysis.evidence.prevalence import Prevalence
from mlflow_analysis.findings import Verdict
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule
from mlflow_analysis.statistics.multiple_testing import FALSE_DISCOVERY_RATE
from mlflow_analysis.statistics.power import units_to_decide

FEWEST_AFFECTED = 3
"""One or two units of a handful are an anecdote, whatever the lower bound of their share."""
FACT_SHARE = 0.01


@dataclass(frozen=True)
class Ruled:
    """A verdict, why, and how many more units would decide an open one."""

    verdict: Verdict
    reason: str
    needs_more: int | None = None


def rule_on(
    hypothesis: Hypothesis, case: Case, counted: Prevalence, q_value: float | None
) -> Ruled:
    """The verdict of one case (HYPOTHESES §1.4)."""
    if case.test_without_effect:
        return Ruled(Verdict.NOT_TESTABLE, case.test_without_effect)
    if counted.eligible == 0:
        return Ruled(Verdict.NOT_TESTABLE, f"No {hypothesis.unit.value} could show it.")
    if hypothesis.rule is Rule.EFFECT:
        return _by_effect(hypothesis, case, counted, q_value)
    if hypothesis.rule is Rule.FACT:
        return _by_fact(hypothesis, case, counted)
    return _by_share(counted, hypothesis.minimum_effect)


def may_be_confirmed(hypothesis: Hypothesis, case: Case, counted: Prevalence) -> bool:
    """Whether it would be confirmed if its own test turned out as clear as can be."""
    return rule_on(hypothesis, case, counted, 0.0).verdict is Verdict.CONFIRMED


def leaning(hypothesis: Hypothesis, counted: Prevalence) -> str:
    """Where the running count points; never a verdict."""
    if counted.eligible == 0:
        return "open"
    if hypothesis.rule is Rule.FACT:
        if counted.affected >= hypothesis.fewest_units:
            return "towards confirmed"
        return "towards refuted" if counted.interval[1] < FACT_SHARE else "open"
    if hypothesis.rule is Rule.EFFECT:
        return "open"
    if counted.interval[0] > hypothesis.minimum_effect:
        return "towards confirmed"
    return "towards refuted" if counted.interval[1] < hypothesis.minimum_effect else "open"


def _by_fact(hypothesis: Hypothesis, case: Case, counted: Prevalence) -> Ruled:
    enough = hypothesis.fewest_units if case.fewest_units is None else case.fewest_units
    units = f"{counted.affected} of {counted.eligible} {_plural(hypothesis.unit.value, counted.eligible)}"
    if counted.affected >= enough or (counted.affected and counted.rate >= FACT_SHARE):
        threshold = "one is" if enough == 1 else f"{enough} units or 1% are"
        return Ruled(Verdict.CONFIRMED, f"It is recorded on {units}; {threshold} enough.")
    if counted.interval[1] < FACT_SHARE:
        return Ruled(
            Verdict.REFUTED, f"At most {counted.interval[1]:.2%} show it (upper bound), below 1%."
        )
    more = units_to_decide(counted.affected, counted.eligible, FACT_SHARE, counted.design_effect)
    return Ruled(
        Verdict.INCONCLUSIVE,
        f"It is recorded on {units}, and up to {counted.interval[1]:.1%} is possible.",
        more,
    )


def _by_share(counted: Prevalence, threshold: float) -> Ruled:
    low, high = counted.interval
    if low > threshold and counted.affected >= FEWEST_AFFECTED:
        return Ruled(
            Verdict.CONFIRMED, f"At least {low:.1%} show it (lower bound), above {threshold:.0%}."
        )
    if high < threshold:
        return Ruled(
            Verdict.REFUTED, f"At most {high:.1%} show it (upper bound), below {threshold:.0%}."
        )
    if low > threshold:
        return Ruled(
            Verdict.INCONCLUSIVE,
            f"Only {counted.affected} of {counted.eligible} show it; {FEWEST_AFFECTED} are needed.",
        )
    more = units_to_decide(counted.affected, counted.eligible, threshold, counted.design_effect)
    return Ruled(
        Verdict.INCONCLUSIVE,
        f"Between {low:.1%} and {high:.1%} show it; {threshold:.0%} lies between.",
        more,
    )


def _by_effect(
    hypothesis: Hypothesis, case: Case, counted: Prevalence, q_value: float | None
) -> Ruled:
    if case.contrast is None:
        return Ruled(Verdict.NOT_TESTABLE, "There is nothing to compare it with.")
    effect, threshold = case.contrast.effect, hypothesis.minimum_effect
    low, high = effect.interval
    figures = f"{effect.kind} {effect.value:.3g} (95% interval {low:.3g} to {high:.3g})"
    significant = q_value is None or q_value < FALSE_DISCOVERY_RATE
    if low > threshold and significant:
        chance = "" if q_value is None else f", q = {q_value:.2g}"
        return Ruled(Verdict.CONFIRMED, f"{figures}, above {threshold:g}{chance}.")
    bound = threshold if hypothesis.refuted_below is None else hypothesis.refuted_below
    if high < bound:
        return Ruled(Verdict.REFUTED, f"{figures}, below {bound:g}.")
    distance, half = abs(effect.value - threshold), (high - low) / 2
    more = round(counted.eligible * ((half / distance) ** 2 - 1)) if distance > 0 else None
    if more is not None and not 0 < more < 10_000_000:
        more = None
    doubt = "" if significant else f", and q = {q_value:.2g} does not rule out chance"
    return Ruled(
        Verdict.INCONCLUSIVE, f"{figures}; {threshold:g} is what would matter{doubt}.", more
    )


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
