"""Simpson's paradox: a release that gets the harder requests and is blamed for them.

Whether a request is hard decides how often it fails; the release decides it little, not at all, or
for the better. All the same its overall failure rate is far above the others'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.accuracy.applications import ANALYST, RESEARCH, TRAVEL, Application
from benchmarks.accuracy.generators import failing
from benchmarks.accuracy.plan import Turn
from benchmarks.accuracy.planting import Hidden, app_version, late_turn, long_request, region, tool
from benchmarks.accuracy.recording import record
from benchmarks.accuracy.scoring import confirmed
from benchmarks.accuracy.traffic import turns
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.evidence import RootCause
from mlflow_analysis.records import TraceRecord

_BLAMED = "4.3.0"


@dataclass(frozen=True)
class Confounded:
    """One arrangement. Failure rates are of the other releases; ``effect`` is what 4.3.0 does to them."""

    id: str
    app: Application
    hard: Hidden
    rate_hard: float
    rate_easy: float
    effect: float
    """Factor: 0.5 halves the failures within hard and within easy requests, 1 changes nothing."""
    break_one: Callable[[Turn], bool]
    hypothesis: str


def _bad_tool_first(turn: Turn) -> bool:
    """The bad tool's call fails, where there is one."""
    own = failing.calls_fail(failing.DOWN, "metric_store")
    return own(turn) or failing.calls_fail(failing.DOWN)(turn)


ARRANGEMENTS = (
    Confounded("a better release gets long requests", TRAVEL, long_request(), 0.6, 0.1, 0.5,
               failing.model_fails(failing.OVERLOADED), "api-failure"),
    Confounded("a better release calls the bad tool", ANALYST, tool("metric_store"), 0.6, 0.08, 0.55,
               _bad_tool_first, "api-failure"),
    Confounded("an equal release gets late turns", RESEARCH, late_turn(), 0.5, 0.04, 1.0,
               failing.model_fails(failing.LIMITED), "rate-limited"),
    Confounded("an equal release runs in the bad region", TRAVEL, region("us-east"), 0.45, 0.04, 1.0,
               failing.calls_fail(failing.UNAUTHORISED), "authentication-failure"),
    Confounded("an equal release gets long requests", ANALYST, long_request(), 0.5, 0.04, 1.0,
               failing.calls_fail(failing.DOWN), "api-failure"),
)  # fmt: skip


@dataclass(frozen=True)
class ConfoundedOutcome:
    """Whether the release was blamed."""

    arrangement: str
    seed: int
    size: int
    found: bool
    blamed: bool
    """Where it is the better release: named as a cause anywhere without a word that it is the other way
    round within like requests. Where it is an equal one: ranked first."""
    named: bool
    """Named as a cause alone, at whatever rank."""
    first_names_hard: bool
    told: str
    seconds: float


def make_confounded(arrangement: Confounded, seed: int, size: int) -> list[TraceRecord]:
    """The release is chosen by how hard a request is, session by session where that is possible."""
    planned = turns(arrangement.app, 20_000 + seed, size)
    draw = Random(f"{arrangement.id}/{seed}")
    of_session = {turn.session: draw.random() for turn in planned}
    for turn in planned:
        hard = arrangement.hard.holds(turn)
        luck = of_session[turn.session] if arrangement.hard.by_session else draw.random()
        turn.app_version = _BLAMED if luck < (0.8 if hard else 0.12) else "4.2.0"
        rate = arrangement.rate_hard if hard else arrangement.rate_easy
        if turn.app_version == _BLAMED:
            rate *= arrangement.effect
        if draw.random() < rate:
            arrangement.break_one(turn)
    return record(arrangement.app, planned, seed)


def score_confounded(
    arrangement: Confounded, seed: int, size: int, analysis: Analysis, seconds: float
) -> ConfoundedOutcome:
    """Look at what is said of the release in the findings about this failure."""
    findings = [each for each in confirmed(analysis) if each.hypothesis == arrangement.hypothesis]
    causes = [cause for each in findings for cause in each.root_causes]
    blaming = [cause for cause in causes if _blames(cause)]
    firsts = [each.root_causes[0] for each in findings if each.root_causes]
    wrong = blaming if arrangement.effect < 1 else [each for each in firsts if _blames(each)]
    return ConfoundedOutcome(
        arrangement.id,
        seed,
        size,
        bool(findings),
        bool(wrong),
        bool(blaming),
        any(_names(each, arrangement.hard) for each in firsts),
        "; ".join(f"{each.attribute}={each.value}: {each.mechanism}" for each in causes[:3]),
        seconds,
    )


def _literals(cause: RootCause) -> list[tuple[str, str]]:
    return list(zip(cause.attribute.split(" and "), cause.value.split(" and "), strict=False))


def _names(cause: RootCause, hidden: Hidden) -> bool:
    return any(hidden.named(*each) for each in _literals(cause))


def _blames(cause: RootCause) -> bool:
    """The release alone, unqualified; together with what makes requests hard it is no wrong claim."""
    alone = _literals(cause) == [("app_version", _BLAMED)]
    return (
        alone and _names(cause, app_version(_BLAMED)) and "other way round" not in cause.mechanism
    )
