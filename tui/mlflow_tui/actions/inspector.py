"""What can be done with the open trace."""

from __future__ import annotations

from mlflow_tui.actions.action import TRACES, Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "section(1)",
        "l",
        "section",
        "Next part of the span: inputs, outputs, attributes, …",
        (TRACES,),
        footer=False,
        named="next_section",
    ),
    Action(
        "section(-1)",
        "h",
        "section",
        "Previous part of the span.",
        (TRACES,),
        footer=False,
        palette=False,
        named="previous_section",
    ),
    Action(
        "sideways(1)",
        "right",
        "section",
        "Next part of the span; among the spans, open the line or go into it.",
        (TRACES,),
        shown_keys="→",
        palette=False,
        named="right",
    ),
    Action(
        "sideways(-1)",
        "left",
        "section",
        "Previous part of the span; among the spans, close the line or go out of it.",
        (TRACES,),
        footer=False,
        shown_keys="←",
        palette=False,
        named="left",
    ),
    Action(
        "failed_span",
        "x",
        "failed span",
        "Next failed span of this trace.",
        (TRACES,),
        footer=False,
    ),
    Action(
        "fold_alike",
        "b",
        "fold alike",
        "Fold alike spans by name, by type, or not at all.",
        (TRACES,),
        footer=False,
    ),
    Action(
        "zoom(True)",
        "z",
        "zoom",
        "The chosen span takes the whole time axis.",
        (TRACES,),
        footer=False,
    ),
    Action(
        "zoom(False)",
        "Z",
        "zoom out",
        "The whole trace on the time axis again.",
        (TRACES,),
        footer=False,
    ),
)
