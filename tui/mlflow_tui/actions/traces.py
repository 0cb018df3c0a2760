"""What can be done with traces."""

from __future__ import annotations

from mlflow_tui.actions.action import TRACES, Action

ACTIONS: tuple[Action, ...] = (
    Action("drop_filter", "backspace", "drop", "Drop the filter that was put on last.", (TRACES,)),
    Action(
        "next_failure",
        "right_square_bracket",
        "next failure",
        "Next failed trace, or next evidence of a finding.",
        (TRACES,),
        shown_keys="]",
    ),
    Action(
        "previous_failure",
        "left_square_bracket",
        "previous failure",
        "Previous failed trace, or evidence.",
        (TRACES,),
        footer=False,
        shown_keys="[",
    ),
    Action("only_failures", "f", "failures", "Show failed traces only, or all again.", (TRACES,)),
    Action("only_slow", "d", "slow", "Show the slowest tenth only, or all again.", (TRACES,)),
    Action(
        "only_session", "s", "session", "Show this trace's session only, or all again.", (TRACES,)
    ),
    Action(
        "search_text",
        "t",
        "text",
        "Show traces with a text in request, response or tool output.",
        (TRACES,),
    ),
    Action(
        "next_match",
        "n",
        "next",
        "Next match of a search, or else the next trace.",
        (TRACES,),
        footer=False,
    ),
    Action(
        "previous_match",
        "N",
        "previous",
        "Previous match, or else the previous trace.",
        (TRACES,),
        footer=False,
    ),
    Action("mark", "space", "mark", "Mark this trace, or take the mark off.", (TRACES,)),
    Action(
        "unmark_all",
        "asterisk",
        "unmark",
        "Take all marks off.",
        (TRACES,),
        footer=False,
    ),
    Action(
        "copy", "y", "copy", "Copy: trace or span id, shown value, span, trace, code.", (TRACES,)
    ),
)
