"""How the figures of a report came about, in sentences."""

from __future__ import annotations

from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.judged import Judging
from mlflow_analysis.report import figures


def method(analysis: Analysis) -> tuple[str, ...]:
    """One sentence or two a point, for every report alike but for the number of tests."""
    were = "was" if analysis.tests_run == 1 else "were"
    return (
        "Shares carry 95% Wilson intervals. Where several traces belong to one session, the interval "
        "uses the effective sample size (design effect from the intra-class correlation).",
        "A claim is confirmed if the lower bound of its interval is above what is worth speaking of, "
        "refuted if the upper bound is below it, else inconclusive. Recorded facts, such as a refused "
        "call, need three cases or 1%.",
        f"{figures.plural(analysis.tests_run, 'statistical test')} {were} run; q values are by "
        "Benjamini–Hochberg over all of them, and only contrasts with q < 0.10 count.",
        "A claim formed from the data (about a tool, a model, a topic, a window of time) and every root "
        "cause is formed on one half of the sessions and decided by the other alone, with 500 traces or "
        "more; with fewer, it says whether both halves show it.",
        "Outcomes are contrasted by session, between those with a finding and those that could have it, "
        "and given whether they differ or not.",
        "A root cause is an association unless the trace shows the mechanism; then the text says “because”.",
        "Impact is a lower bound. Issues are ranked by affected traces (lower bound) times the weight of "
        "their severity; those whose ranks differ by less than a factor of two may stand in order of "
        "their names, so that two reports can be compared.",
        *(() if analysis.judge is None else judging(analysis.judge)),
    )


def judging(judge: Judging) -> tuple[str, ...]:
    """What a judge cost, where everything that it was sent can be read."""
    spent = judge.spent
    tokens = (
        f"{'at most ' if spent.estimated else ''}{figures.count(spent.input_tokens)} input and "
        f"{figures.count(spent.output_tokens)} output tokens"
    )
    cost = "price not known" if spent.usd is None else f"${spent.usd:,.4f}"
    sent = f" Everything that was sent is in {judge.transcript}." if judge.transcript else ""
    return (
        f"A language model, {judge.model}, was asked for a second opinion after the statistics were done; "
        "what it says is marked as the judge's, and no verdict, figure or rank depends on it but those of "
        "claims “By the judge”, which the user had it decide.",
        f"The judge took {figures.plural(spent.calls, 'call')} ({spent.from_cache} more answers were "
        f"kept from before), {tokens}, {cost}.{sent}",
    )
