"""From outcomes to the acceptance table, with intervals, and to the list of everything that went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from benchmarks.accuracy.confounded import ConfoundedOutcome
from benchmarks.accuracy.jobs import AnyOutcome
from benchmarks.accuracy.near_misses.base import NearMissOutcome
from benchmarks.accuracy.null import NullOutcome
from benchmarks.accuracy.repeatable import BytesOutcome
from benchmarks.accuracy.retimed import WITHIN, RetimedOutcome
from benchmarks.accuracy.scoring import Outcome
from benchmarks.figures import Figure

_LOWEST_FIRST = 0.9
_HIGHEST_FALSE = 0.1
_FEWEST_GENERATORS = 20
_SIZE_OF_RECORD = 200


def acceptance(outcomes: Sequence[AnyOutcome]) -> list[Figure]:
    """The rows of HYPOTHESES §3 that are measured on made traces, and what else is worth a number."""
    planted = [each for each in outcomes if isinstance(each, Outcome)]
    figures = _planted(planted)
    figures += _null([each for each in outcomes if isinstance(each, NullOutcome)])
    near = [each for each in outcomes if isinstance(each, NearMissOutcome)]
    flagged = sum(each.flagged for each in near)
    figures.append(Figure("near misses confirmed", _share(flagged, len(near)), "0", flagged == 0))
    mixed = [each for each in outcomes if isinstance(each, ConfoundedOutcome)]
    blamed = sum(each.blamed for each in mixed)
    figures.append(
        Figure("releases blamed for harder requests", _share(blamed, len(mixed)), "0", blamed == 0)
    )
    named = sum(each.named for each in mixed)
    figures.append(Figure("… named at any rank, equal ones too", _share(named, len(mixed))))
    same = [each for each in outcomes if isinstance(each, BytesOutcome)]
    equal = sum(each.again and each.shuffled for each in same)
    figures.append(
        Figure(
            "same input, same bytes (again and shuffled)",
            f"{equal} of {len(same)}",
            "always",
            equal == len(same),
        )
    )
    retimed = [each for each in outcomes if isinstance(each, RetimedOutcome)]
    errors = [each.error for each in retimed if each.error is not None]
    figures.append(
        Figure(
            f"p95 predicted by replay, off the regenerated truth ({len(errors)} of {len(retimed)} predicted)",
            f"{max(errors):.1%} at most" if errors else "not predicted",
            f"≤ {WITHIN:.0%}",
            len(errors) == len(retimed) and all(each <= WITHIN for each in errors),
        )
    )
    return figures


def _planted(planted: Sequence[Outcome]) -> list[Figure]:
    figures = []
    for size in sorted({each.size for each in planted}):
        fair = [each for each in planted if each.size == size and each.built and each.detectable]
        found = sum(each.found for each in fair)
        caused = [each for each in fair if each.has_cause]
        first = sum(each.cause_first for each in caused)
        generators = len({each.generator for each in caused})
        share = first / len(caused) if caused else 0.0
        counts = size == _SIZE_OF_RECORD
        figures += [
            Figure(
                f"planted cause ranked first, {size} traces, {generators} generators",
                _share(first, len(caused)),
                f"≥ {_LOWEST_FIRST:.0%}" if counts else "",
                (share >= _LOWEST_FIRST and generators >= _FEWEST_GENERATORS) if counts else None,
            ),
            Figure(f"planted claim confirmed, {size} traces", _share(found, len(fair))),
        ]
        weak = [each for each in planted if each.size == size and not each.detectable]
        absent = {each.generator for each in planted if each.size == size and not each.built}
        figures.append(
            Figure(
                f"too weak to show at {size} traces (not counted) / confirmed all the same",
                f"{len(weak)} / {sum(each.found for each in weak)}",
            )
        )
        if absent:
            figures.append(
                Figure("generators whose claim the catalogue does not have yet", str(len(absent)))
            )
    return figures


def _null(null: Sequence[NullOutcome]) -> list[Figure]:
    if not null:
        return []
    false = sum(len(each.false) for each in null)
    low = stats.chi2.ppf(0.025, 2 * false) / 2 if false else 0.0
    high = stats.chi2.ppf(0.975, 2 * false + 2) / 2
    rate = false / len(null)
    figures = [
        Figure(
            f"false confirmed per report, nothing planted ({len(null)} reports)",
            f"{rate:.3f} [{low / len(null):.3f}, {high / len(null):.3f}]",
            f"≤ {_HIGHEST_FALSE}",
            rate <= _HIGHEST_FALSE,
        )
    ]
    for size in sorted({each.size for each in null}):
        some = [each for each in null if each.size == size]
        figures.append(
            Figure(
                f"reports of {size} traces with a false finding",
                _share(sum(bool(each.false) for each in some), len(some)),
            )
        )
    causes = sum(bool(each.false_causes) for each in null)
    figures.append(
        Figure("reports with a root cause for plain bad luck", _share(causes, len(null)))
    )
    return figures


def by_generator(outcomes: Iterable[AnyOutcome]) -> str:
    """One line a generator: found and cause first of the detectable, by size."""
    planted = [each for each in outcomes if isinstance(each, Outcome)]
    sizes = sorted({each.size for each in planted})
    lines = []
    for name in dict.fromkeys(each.generator for each in planted):
        own = [each for each in planted if each.generator == name]
        cells = []
        for size in sizes:
            fair = [each for each in own if each.size == size and each.detectable]
            cell = f"{sum(e.found for e in fair)}/{sum(e.cause_first for e in fair)}/{len(fair)}"
            cells.append(cell if fair else "weak")
        built = "" if own[0].built else "  (not in the catalogue yet)"
        lines.append(
            f"{name:<52}{own[0].hypothesis:<36}" + "".join(f"{each:>9}" for each in cells) + built
        )
    head = f"{'generator (found / cause first / detectable)':<52}{'claim':<36}" + "".join(
        f"{size:>9}" for size in sizes
    )
    return "\n".join([head, *lines])


def failures(outcomes: Iterable[AnyOutcome]) -> str:
    """Every miss and every false alarm, with what the analysis said."""
    lines = []
    strays = Counter[str]()
    for each in outcomes:
        if isinstance(each, Outcome):
            strays.update(each.strays)
            if each.built and each.detectable and not each.cause_first:
                what = "cause not first" if each.found else "not confirmed"
                lines.append(
                    f"{what}: {each.generator} ({each.hypothesis}, seed {each.seed}, {each.size}, "
                    f"{each.planted} planted): {each.told}"
                )
        elif isinstance(each, NullOutcome) and (each.false or each.false_causes):
            lines.append(
                f"false alarm: nothing planted ({each.application}, seed {each.seed}, {each.size}): "
                + "; ".join(each.false + each.false_causes)
            )
        elif isinstance(each, NearMissOutcome) and each.flagged:
            lines.append(f"near miss: {each.near_miss} ({each.hypothesis}): {each.told}")
        elif isinstance(each, ConfoundedOutcome) and (each.blamed or not each.found):
            what = "blamed" if each.blamed else "failure not confirmed"
            lines.append(
                f"confounded, {what}: {each.arrangement} (seed {each.seed}, {each.size}): {each.told}"
            )
        elif isinstance(each, RetimedOutcome) and (each.error is None or each.error > WITHIN):
            lines.append(f"p95 after mending: {each}")
        elif isinstance(each, BytesOutcome) and not (each.again and each.shuffled):
            lines.append(f"other bytes: {each.generator}, again {each.again}, {each.shuffled}")
    if strays:
        told = ", ".join(f"{name} {count}" for name, count in strays.most_common())
        lines.append(f"confirmed beside what was planted: {told}")
    return "\n".join(lines) or "nothing went wrong"


def _share(part: int, whole: int) -> str:
    if not whole:
        return "none"
    low, high = proportion_confint(part, whole, method="beta")  # Clopper-Pearson: exact
    return f"{part}/{whole} = {part / whole:.1%} [{low:.1%}, {high:.1%}]"
