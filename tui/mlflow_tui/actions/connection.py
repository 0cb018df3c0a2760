"""What can be done on the first screen."""

from __future__ import annotations

from mlflow_tui.actions.action import CONNECTION, Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "check",
        "enter",
        "check",
        "Try the address under the cursor.",
        (CONNECTION,),
        palette=False,
        footer=False,
    ),
    Action("recheck", "f5", "check", "Try the address once more.", (CONNECTION,)),
    Action("go_on", "f3", "go on", "Go on to the experiments.", (CONNECTION,)),
    Action("details", "f2", "details", "Show or hide the full error.", (CONNECTION,)),
    Action("edit", "e", "edit", "Fill in address and sign-in field by field.", (CONNECTION,)),
    Action("save_profile", "f4", "keep", "Keep this connection as a profile.", (CONNECTION,)),
    Action(
        "make_default", "d", "default", "Open this profile unless told otherwise.", (CONNECTION,)
    ),
    Action("rename_profile", "r", "rename", "Call this profile otherwise.", (CONNECTION,)),
    Action("delete_profile", "x", "forget", "Forget this profile.", (CONNECTION,)),
)
