"""A share and its interval as one short bar from 0 to 100%."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

_UNICODE = ("─", "━", "●")
_ASCII = ("-", "=", "o")


def interval_bar(
    low: float,
    rate: float,
    high: float,
    width: int,
    *,
    track: Style,
    mark: Style,
    ascii_only: bool = False,
) -> Text:
    """``──━━●━━────``: the interval thick, the share a dot, on ``width`` columns (at least 3).

    Shares are 0 to 1. Every interval shows at least its dot.
    """
    rail, thick, dot = _ASCII if ascii_only else _UNICODE

    def column(value: float) -> int:
        return min(width - 1, max(0, int(value * width)))

    first, at, last = column(low), column(rate), column(high)
    bar = Text(no_wrap=True, end="")
    bar.append(rail * first, track)
    bar.append(thick * (at - first), mark)
    bar.append(dot, mark)
    bar.append(thick * (last - at), mark)
    bar.append(rail * (width - 1 - last), track)
    return bar
