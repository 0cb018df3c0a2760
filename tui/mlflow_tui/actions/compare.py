"""What can be done with two traces side by side."""

from __future__ import annotations

from mlflow_tui.actions.action import COMPARE, Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "next_difference",
        "right_square_bracket",
        "next difference",
        "The next pair of spans that is not alike.",
        (COMPARE,),
        shown_keys="]",
    ),
    Action(
        "previous_difference",
        "left_square_bracket",
        "previous difference",
        "The pair before that is not alike.",
        (COMPARE,),
        footer=False,
        shown_keys="[",
    ),
    Action("swap", "s", "swap", "Exchange A and B.", (COMPARE,)),
)
