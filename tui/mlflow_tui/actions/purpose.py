"""What can be done with the question before the board starts."""

from __future__ import annotations

from mlflow_tui.actions.action import PURPOSE, Action

ACTIONS: tuple[Action, ...] = (
    Action("confirm", "enter", "confirm", "Confirm and go on.", (PURPOSE,), palette=False),
    Action("correct", "e", "correct", "Correct what the application does.", (PURPOSE,)),
    Action(
        "cursor('down')",
        "j,down",
        "down",
        "Next line.",
        (PURPOSE,),
        footer=False,
        palette=False,
    ),
    Action(
        "cursor('up')",
        "k,up",
        "up",
        "Previous line.",
        (PURPOSE,),
        footer=False,
        palette=False,
    ),
    Action(
        "tick",
        "space",
        "tick",
        "A tool that is not the application's, or requests out of its scope: untick them.",
        (PURPOSE,),
    ),
    Action(
        "add_tool", "t", "add tool", "Name a tool that it has and that was not called.", (PURPOSE,)
    ),
    Action(
        "add_topic",
        "o",
        "out of scope",
        "Name a topic that is none of its business; refusing it is right then.",
        (PURPOSE,),
    ),
    Action("skip_questions", "s", "skip", "Go to the board without answering.", (PURPOSE,)),
    Action("back", "escape", "back", "Leave the text field.", (PURPOSE,), palette=False),
)
