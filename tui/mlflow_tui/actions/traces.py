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
        "saved_filters",
        "F",
        "saved filters",
        "Use, save, rename or delete a saved filter.",
        (TRACES,),
        footer=False,
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
        "annotate('pass')",
        "plus",
        "pass",
        "Write feedback: this is as it should be.",
        (TRACES,),
        footer=False,
        named="feedback_pass",
    ),
    Action(
        "annotate('fail')",
        "minus",
        "fail",
        "Write feedback: this is not as it should be.",
        (TRACES,),
        footer=False,
        named="feedback_fail",
    ),
    Action(
        "annotate('comment')",
        "c",
        "comment",
        "Write a comment.",
        (TRACES,),
        footer=False,
        named="comment",
    ),
    Action(
        "annotate('expectation')",
        "X",
        "expectation",
        "Write what was expected: a name and a value.",
        (TRACES,),
        footer=False,
        named="expectation",
    ),
    Action(
        "annotate('tag')",
        "T",
        "tag",
        "Write a tag: key=value.",
        (TRACES,),
        footer=False,
        named="tag",
    ),
    Action("undo_writing", "u", "undo", "Take back what was written last on traces.", (TRACES,)),
    Action(
        "redo_writing",
        "ctrl+r",
        "redo",
        "Write again what was taken back.",
        (TRACES,),
        footer=False,
    ),
    Action(
        "copy", "y", "copy", "Copy: trace or span id, shown value, span, trace, code.", (TRACES,)
    ),
)
