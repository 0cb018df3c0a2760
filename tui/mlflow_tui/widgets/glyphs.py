"""The signs on the board, for every terminal. A word always stands beside a sign or its colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow_analysis.review import Decision
from mlflow_tui.board.cards import Stage
from mlflow_tui.terminal.capabilities import draws_signs


@dataclass(frozen=True)
class Glyphs:
    """One set of signs; every sign is one column wide."""

    ascii_only: bool
    stages: dict[Stage, str]
    decisions: dict[Decision, str]
    cursor: str
    mark: str
    focus: str
    ellipsis: str
    rule: str
    middle_dot: str
    about: str
    times: str
    bullet: str


UNICODE = Glyphs(
    ascii_only=False,
    stages={
        Stage.QUEUED: "·",
        Stage.TESTING: "◐",
        Stage.CONFIRMED: "●",
        Stage.REFUTED: "○",
        Stage.INCONCLUSIVE: "?",
        Stage.NOT_TESTABLE: "–",
    },
    decisions={Decision.ACCEPTED: "✓", Decision.REJECTED: "✗", Decision.UNDECIDED: "·"},
    cursor="▌",
    mark="◆",
    focus="◎",
    ellipsis="…",
    rule="─",
    middle_dot="·",
    about="≈",
    times="×",
    bullet="•",
)

ASCII = Glyphs(
    ascii_only=True,
    stages={
        Stage.QUEUED: ".",
        Stage.TESTING: "~",
        Stage.CONFIRMED: "*",
        Stage.REFUTED: "o",
        Stage.INCONCLUSIVE: "?",
        Stage.NOT_TESTABLE: "-",
    },
    decisions={Decision.ACCEPTED: "+", Decision.REJECTED: "x", Decision.UNDECIDED: "."},
    cursor=">",
    mark="#",
    focus="@",
    ellipsis="~",
    rule="-",
    middle_dot="-",
    about="~",
    times="x",
    bullet="*",
)


def glyphs_for(environment: Mapping[str, str]) -> Glyphs:
    """The signs that a terminal of this environment can draw."""
    return UNICODE if draws_signs(environment) else ASCII
