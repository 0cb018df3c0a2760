"""What was measured of a finding, in words."""

from __future__ import annotations

from mlflow_analysis.findings.evidence import Effect, OutcomeContrast
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.impact import Retimed
from mlflow_analysis.findings.kinds import Unit
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.figures import grouped, share, spell_seconds, units


def effect_words(effect: Effect) -> str:
    """How large the difference is, with its interval."""
    if effect.kind == "risk difference" or effect.kind.startswith("share"):
        value, low, high = (share(abs(number)) for number in (effect.value, *effect.interval))
        low = ("-" if effect.interval[0] < 0 else "") + low
        value = ("-" if effect.value < 0 else "") + value
        high = ("-" if effect.interval[1] < 0 else "") + high
        words = f"{effect.kind} {value} ({low} to {high})"
        if effect.baseline is not None:
            words += f", against {share(effect.baseline)}"
        return words
    words = (
        f"{effect.kind} {effect.value:.3g} ({effect.interval[0]:.3g} to {effect.interval[1]:.3g})"
    )
    return words + (f", against {effect.baseline:.3g}" if effect.baseline is not None else "")


def certainty_words(found: Finding) -> str:
    """The q-value, or else the p-value; "" if it has neither."""
    if found.q_value is not None:
        return f"q {probability(found.q_value)}"
    return "" if found.p_value is None else f"p {probability(found.p_value)}"


def halves_words(found: Finding) -> str:
    """Whether both halves of the sessions show it."""
    seen = "seen in both halves" if found.replicates else "not seen in both halves"
    return f"{seen}; formed on one, tested on the other" if found.held_out else seen


def outcome_words(contrast: OutcomeContrast) -> str:
    """How sessions with it ended, against those without."""
    rates = f"{share(contrast.rate_with)} of {grouped(contrast.sessions_with)} sessions with it, "
    rates += f"{share(contrast.rate_without)} of {grouped(contrast.sessions_without)} without"
    words = f"{single_line(contrast.outcome)} in {rates}: {contrast.association}"
    return f"{words} (q {probability(contrast.q_value)})"


def probability(value: float) -> str:
    """A probability, as a relation: ``= 0.012``, ``< 0.001``."""
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def mended_words(retimed: Retimed) -> str:
    """What durations would be without it."""
    return (
        f"p50 {retimed.p50_before_s:.1f} s to {retimed.p50_after_s:.1f} s, "
        f"p95 {retimed.p95_before_s:.1f} s to {retimed.p95_after_s:.1f} s"
    )


def impact_words(found: Finding) -> str:
    """What it costs at least."""
    impact = found.impact
    assert impact is not None
    parts = [f"at least {grouped(impact.traces)} {units(Unit.TRACE, round(impact.traces))}"]
    if impact.failures:
        parts.append(f"{grouped(impact.failures)} of them failed")
    if impact.seconds and impact.seconds >= 1:
        parts.append(f"{spell_seconds(impact.seconds)} {'saved' if impact.retimed else 'lost'}")
    if impact.tokens:
        parts.append(f"{grouped(impact.tokens)} tokens")
    if impact.money:
        parts.append(f"${impact.money:,.2f}")
    return ", ".join(parts)
