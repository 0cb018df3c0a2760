"""What works on every screen."""

from __future__ import annotations

from mlflow_tui.actions.action import STEPS, Action

ACTIONS: tuple[Action, ...] = (
    *(
        Action(f"go('{place}')", key, name, f"Go to {name}.", footer=False, palette=True)
        for place, key, name in STEPS
    ),
    Action("command_palette", "ctrl+p", "commands", "Every command, by name.", palette=False),
    Action(
        "help", "question_mark", "help", "What the keys do here.", shown_keys="?", palette=False
    ),
    Action(
        "suspend_process", "ctrl+z", "suspend", "Go back to the shell; fg returns.", footer=False
    ),
    Action(
        "redraw",
        "ctrl+l",
        "redraw",
        "Draw the whole screen again, after another program wrote on it.",
        footer=False,
    ),
    Action(
        "dismiss_hint",
        "ctrl+g",
        "hide hint",
        "Hide the hint above the footer for good.",
        footer=False,
        palette=False,
    ),
    Action("leave", "q,ctrl+q", "quit", "Leave.", shown_keys="q"),
)
