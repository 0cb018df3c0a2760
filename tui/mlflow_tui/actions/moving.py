"""What works alike on several screens: moving, opening, sorting, reading again."""

from __future__ import annotations

from mlflow_tui.actions.action import BOARD, EXPERIMENTS, LISTS, REPORT, TRACES, Action

ACTIONS: tuple[Action, ...] = (
    Action("open", "enter", "open", "Open what is under the cursor.", (EXPERIMENTS, TRACES, BOARD)),
    Action("back", "escape", "back", "Go back to where you came from.", LISTS),
    Action(
        "cursor('down')",
        "j,down",
        "down",
        "Next line.",
        LISTS,
        footer=False,
        palette=False,
    ),
    Action(
        "cursor('up')",
        "k,up",
        "up",
        "Previous line.",
        LISTS,
        footer=False,
        palette=False,
    ),
    Action(
        "cursor('first')",
        "g,home",
        "first",
        "First line.",
        LISTS,
        footer=False,
        palette=False,
    ),
    Action(
        "cursor('last')",
        "G,end",
        "last",
        "Last line.",
        LISTS,
        footer=False,
        palette=False,
    ),
    Action(
        "cursor('page_down')",
        "ctrl+d,pagedown",
        "page down",
        "A page down.",
        LISTS,
        footer=False,
        palette=False,
    ),
    Action(
        "cursor('page_up')",
        "ctrl+u,pageup",
        "page up",
        "A page up.",
        LISTS,
        footer=False,
        palette=False,
    ),
    Action(
        "watch",
        "w",
        "watch",
        "Look for new traces, and keep list and findings up to date; once more ends it.",
        (TRACES, BOARD),
        footer=False,
    ),
    Action("find", "slash", "find", "Find or filter.", (EXPERIMENTS, TRACES, REPORT)),
    Action("sort", "o", "sort", "Sort by another column.", (EXPERIMENTS,)),
    Action(
        "reverse",
        "O",
        "reverse",
        "Sort the other way round.",
        (EXPERIMENTS, TRACES),
        footer=False,
    ),
    Action("refresh", "R", "refresh", "Read again, keeping the selection.", (EXPERIMENTS, TRACES)),
)
