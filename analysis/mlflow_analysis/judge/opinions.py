"""Agreement of a judge with a finding, and the finding's share corrected by it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlflow_analysis.findings.judged import Corrected, JudgedTrace, SecondOpinion
from mlflow_analysis.statistics.intervals import Interval, wilson


def second_opinion(
    traces: Sequence[JudgedTrace], rate: float, interval: Interval
) -> SecondOpinion | None:
    """What the judged sample says of a finding with this ``rate``; ``None`` without a judged trace.

    Agreement is a plain share with its Wilson interval. Only traces that the finding counts were sampled, so
    this is the positive predictive value, and the corrected share is ``rate`` times it: the first term of
    Rogan & Gladen (1978), Am. J. Epidemiology 107:71, in terms of predictive values. Traces that the finding
    missed are not in it: it corrects false alarms only. The judge itself is taken to be right.
    """
    if not traces:
        return None
    decided = sum(each.agrees is not None for each in traces)
    agreed = sum(each.agrees is True for each in traces)
    agreement = wilson(agreed, decided)
    corrected = None
    if decided:
        share = agreed / decided
        corrected = Corrected(rate * share, product(rate, interval, share, agreement))
    return SecondOpinion(tuple(traces), agreed, decided, agreement, corrected)


def product(first: float, of_first: Interval, second: float, of_second: Interval) -> Interval:
    """Interval of the product of two independent shares, from the intervals of both.

    The variance of each is recovered from its bounds, on the log scale (MOVER): Zou & Donner (2008),
    Statistics in Medicine 27:1693. Where a share is 0 the upper bound is the product of the upper bounds.
    """
    if first <= 0 or second <= 0:
        return 0.0, of_first[1] * of_second[1]
    middle = math.log(first) + math.log(second)
    above = math.hypot(
        *(math.log(high / x) for x, (_, high) in ((first, of_first), (second, of_second)))
    )
    low = 0.0
    if of_first[0] > 0 and of_second[0] > 0:
        below = math.hypot(
            *(math.log(x / low) for x, (low, _) in ((first, of_first), (second, of_second)))
        )
        low = math.exp(middle - below)
    return low, min(1.0, math.exp(middle + above))
