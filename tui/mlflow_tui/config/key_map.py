"""Which keys do what: the registry's keys, and those that the user has chosen instead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from textual.binding import Binding, BindingsMap

from mlflow_tui.actions import ACTIONS, EVERYWHERE, Action, actions_for
from mlflow_tui.actions.key_names import written

PLACES = tuple(dict.fromkeys(place for action in ACTIONS for place in action.where))
"""Where actions are, ``EVERYWHERE`` among them."""


class KeyMap:
    """Keys by binding id (``board.accept``), for those that differ from the registry.

    Bindings are remapped by it; footer, help, palette and key table ask here.
    """

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self.chosen = dict(chosen or {})

    def keys(self, action: Action, place: str) -> str:
        """The keys of ``action`` in ``place``, parted by commas."""
        return self.chosen.get(binding_id(action, place), action.keys)

    def label(self, action: Action, place: str) -> str:
        """The same as a person writes them."""
        chosen = self.chosen.get(binding_id(action, place))
        return action.key_label if chosen is None else written(chosen)

    def remapped(self, bindings: BindingsMap) -> BindingsMap:
        """``bindings`` with the user's keys.

        Textual's own key map comes too late: where a text field has taken a binding's own key, it takes the
        user's with it, and lets a field lose its letters.
        """
        result: dict[str, Binding] = {}
        for key, binding in bindings:
            chosen = self.chosen.get(binding.id or "")
            if chosen is None:
                result[f"{key} {binding.action}"] = binding
            else:
                shown = written(chosen)
                result[binding.id or ""] = replace(binding, key=chosen, key_display=shown)
        return BindingsMap(result.values())

    def clashes(self) -> list[tuple[str, str, str]]:
        """Pairs of binding ids that would be on one key in one place, with that key.

        What is the same action on several screens is one thing; an action of a screen hides one that works
        everywhere, which counts as a clash too.
        """
        found: dict[tuple[str, str, str], None] = {}
        for place in PLACES:
            on_key: defaultdict[str, list[str]] = defaultdict(list)
            for action in actions_for(place) if place != EVERYWHERE else _everywhere():
                for key in self.keys(action, place).split(","):
                    on_key[key.strip()].append(binding_id(action, place))
            for key, identities in on_key.items():
                for other in identities[1:]:
                    found[identities[0], other, key] = None
        return list(found)


def binding_id(action: Action, place: str) -> str:
    """What Textual knows the binding of ``action`` in ``place`` by."""
    return f"{EVERYWHERE if EVERYWHERE in action.where else place}.{action.name}"


def _everywhere() -> Iterable[Action]:
    return (action for action in ACTIONS if EVERYWHERE in action.where)
