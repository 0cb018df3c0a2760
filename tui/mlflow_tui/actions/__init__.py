"""Every action once: its keys, its label, what it does, and where it applies.

Bindings, footer, help and palette are all made from this table.
"""

from __future__ import annotations

from textual.binding import Binding, BindingType

from mlflow_tui.actions import (
    board,
    compare,
    connection,
    everywhere,
    inspector,
    moving,
    purpose,
    report,
    traces,
)
from mlflow_tui.actions.action import (
    BOARD,
    COMPARE,
    CONNECTION,
    EVERYWHERE,
    EXPERIMENTS,
    LISTS,
    PLACE_NAMES,
    PURPOSE,
    REPORT,
    STEPS,
    TRACES,
    Action,
)

__all__ = [
    "ACTIONS",
    "BOARD",
    "COMPARE",
    "CONNECTION",
    "EVERYWHERE",
    "EXPERIMENTS",
    "LISTS",
    "PLACE_NAMES",
    "PURPOSE",
    "REPORT",
    "STEPS",
    "TRACES",
    "Action",
    "actions_for",
    "bindings_for",
]

ACTIONS: tuple[Action, ...] = (
    *moving.ACTIONS,
    *connection.ACTIONS,
    *traces.ACTIONS,
    *inspector.ACTIONS,
    *compare.ACTIONS,
    *purpose.ACTIONS,
    *board.ACTIONS,
    *report.ACTIONS,
    *everywhere.ACTIONS,
)


def actions_for(place: str) -> list[Action]:
    """What the keys do in ``place``, its own first, then those that work everywhere."""
    own = [action for action in ACTIONS if place in action.where]
    return own + [action for action in ACTIONS if EVERYWHERE in action.where]


def bindings_for(place: str) -> list[BindingType]:
    """The bindings of one screen (or, for ``EVERYWHERE``, of the app)."""
    return [
        Binding(
            action.keys,
            action.call or action.id,
            action.label,
            show=action.footer,
            key_display=action.key_label,
            tooltip=action.help,
            id=f"{place}.{action.name}",  # the user's key map goes by it
        )
        for action in ACTIONS
        if place in action.where
    ]
