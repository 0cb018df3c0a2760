"""Numbers and names in sentences about the application."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """How many of them, as "1 tool" or "1,200 tools"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: list[str], most: int = 4) -> str:
    """At most ``most`` of the names, and how many more there are."""
    shown = names[:most]
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    if len(shown) > 1 and not rest:
        return ", ".join(shown[:-1]) + " and " + shown[-1]
    return ", ".join(shown) + rest
