"""From count, interval and test to one of four verdicts, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_analysis.evidence.prevalence import Count, Figures
from mlflow_analysis.evidence.replication import Replication
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Rule
from mlflow_analysis.statistics.multiple_testing import FALSE_DISCOVERY_RATE, told
from mlflow_analysis.statistics.power import (
    units_beyond_chance,
    units_to_decide,
    units_to_measure,
)

FEWEST_AFFECTED = 3
"""One or two units of a handful are an anecdote, whatever the lower bound of their share."""
FACT_SHARE = 0.01


@dataclass(frozen=True)
class Ruled:
    """A verdict, why, and how many more units would decide an open one."""

    verdict: Verdict
    reason: str
    needs_more: int | None = None


def as_sentence(reason: str) -> str:
    """What is said in passing ("fewer than 20 traces failed") as a sentence of its own."""
    return f"{reason[:1].upper()}{reason[1:].removesuffix('.')}."


def rule_on(hypothesis: Hypothesis, case: Case, counted: Figures, q_value: float | None) -> Ruled:
    """The verdict of one case (HYPOTHESES §1.4)."""
    if case.test_without_effect:
        return Ruled(Verdict.NOT_TESTABLE, as_sentence(case.test_without_effect))
    if counted.eligible == 0:
        return Ruled(Verdict.NOT_TESTABLE, f"No {hypothesis.unit.value} could show it.")
    if hypothesis.rule is Rule.EFFECT:
        return _by_effect(hypothesis, case, counted, q_value)
    if hypothesis.rule is Rule.FACT:
        return _by_fact(hypothesis, case, counted)
    return _by_share(counted, hypothesis.minimum_effect)


def rule_on_halves(
    hypothesis: Hypothesis,
    case: Case,
    counted: Figures,
    replication: Replication | None,
    q_value: float | None,
) -> Ruled:
    """The verdict of a case that may have been formed on one half of the sessions (``replication``).

    Confirmed only if the half that decides confirms it and all traces together do not speak against it.
    """
    if replication is None or not replication.held_out:
        return rule_on(hypothesis, case, counted, q_value)
    overall = rule_on(hypothesis, case, counted, 0.0)
    if overall.verdict in (Verdict.NOT_TESTABLE, Verdict.REFUTED):
        return overall
    if not replication.formed:
        return Ruled(
            Verdict.INCONCLUSIVE,
            "The half of the sessions that forms such claims does not show it, so that the other half "
            f"was not asked. On all of them: {overall.reason}",
            overall.needs_more,
        )
    decided = replication.decided
    ruled = None if decided is None else rule_on(hypothesis, decided.case, decided.counted, q_value)
    if ruled is None or ruled.verdict is Verdict.NOT_TESTABLE:
        return Ruled(
            Verdict.INCONCLUSIVE,
            "One half of the sessions shows it; the other, which decides, has too few that could.",
            overall.needs_more,
        )
    told = f"Formed on one half of the sessions; on the other: {ruled.reason}"
    more = None if ruled.needs_more is None else 2 * ruled.needs_more
    if ruled.verdict is Verdict.CONFIRMED and overall.verdict is Verdict.CONFIRMED:
        return Ruled(Verdict.CONFIRMED, told)
    if ruled.verdict is Verdict.INCONCLUSIVE:
        return Ruled(Verdict.INCONCLUSIVE, told, more)
    return Ruled(
        Verdict.INCONCLUSIVE, f"{told} On all of them: {overall.reason}", overall.needs_more
    )


def may_be_confirmed(
    hypothesis: Hypothesis, case: Case, counted: Figures, replication: Replication | None = None
) -> bool:
    """Whether it would be confirmed if its own test turned out as clear as can be."""
    ruled = rule_on_halves(hypothesis, case, counted, replication, 0.0)
    return ruled.verdict is Verdict.CONFIRMED


def leaning(hypothesis: Hypothesis, counted: Count) -> str:
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


def _by_fact(hypothesis: Hypothesis, case: Case, counted: Figures) -> Ruled:
    enough = hypothesis.fewest_units if case.fewest_units is None else case.fewest_units
    units = f"{counted.affected:,} of {counted.eligible:,} {_plural(hypothesis.unit.value, counted.eligible)}"
    if counted.affected >= enough or (counted.affected and counted.rate >= FACT_SHARE):
        threshold = (
            "one is"
            if enough == 1
            else f"{enough} {_plural(hypothesis.unit.value, enough)} or 1% are"
        )
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


def _by_share(counted: Figures, threshold: float) -> Ruled:
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
            f"Only {counted.affected:,} of {counted.eligible:,} show it; {FEWEST_AFFECTED} are needed.",
        )
    more = units_to_decide(counted.affected, counted.eligible, threshold, counted.design_effect)
    return Ruled(
        Verdict.INCONCLUSIVE,
        f"Between {low:.1%} and {high:.1%} show it; {threshold:.0%} lies between.",
        more,
    )


def _by_effect(
    hypothesis: Hypothesis, case: Case, counted: Figures, q_value: float | None
) -> Ruled:
    if case.contrast is None:
        return Ruled(Verdict.NOT_TESTABLE, "There is nothing to compare it with.")
    effect, threshold = case.contrast.effect, hypothesis.minimum_effect
    low, high = effect.interval
    figures = f"{effect.kind} {effect.value:.3g} (95% interval {low:.3g} to {high:.3g})"
    significant = q_value is None or q_value < FALSE_DISCOVERY_RATE
    if low > threshold and significant:
        chance = "" if q_value is None else f", {told(q_value)}"
        return Ruled(Verdict.CONFIRMED, f"{figures}, above {threshold:g}{chance}.")
    bound = threshold if hypothesis.refuted_below is None else hypothesis.refuted_below
    if high < bound:
        return Ruled(Verdict.REFUTED, f"{figures}, below {bound:g}.")
    if low > threshold:
        return Ruled(
            Verdict.INCONCLUSIVE,
            f"{figures}, above {threshold:g}; but q = {q_value:.2g} does not rule out chance.",
            _beyond_chance(case.contrast, counted, q_value),
        )
    doubt = "" if significant else f", and q = {q_value:.2g} does not rule out chance"
    return Ruled(
        Verdict.INCONCLUSIVE,
        f"{figures}; {threshold:g} is what would matter{doubt}.",
        units_to_measure(counted.eligible, effect.value, effect.interval, threshold),
    )


def _beyond_chance(contrast: Contrast, counted: Figures, q_value: float | None) -> int | None:
    """How many units more bring q below the rate, the other tests being as they are."""
    if contrast.p_value is None or not q_value:
        return None
    needed = contrast.p_value * FALSE_DISCOVERY_RATE / q_value
    return units_beyond_chance(counted.eligible, contrast.p_value, needed)


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
