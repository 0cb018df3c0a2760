"""How many questions a server is asked at once, with a clock of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise

import pytest

from mlflow_analysis.tracking.pace import AGAIN_AFTER, WIDTHS, Pace

SECONDS = 0.125
"""What a server of the test takes for one question alone."""


class Served:
    """A server that is asked as many questions at once as its pace allows, in rounds."""

    def __init__(self, seconds: Callable[[int], float], idle: float = 0.0) -> None:
        self.now = 0.0
        self.pace = Pace(lambda: self.now)
        self._seconds, self._idle = seconds, idle
        self.widths: list[int] = []

    def ask(self, rounds: int) -> None:
        """Every question of a round ends when all do; then the answers are looked at."""
        for _ in range(rounds):
            width = self.pace.width
            self.widths.append(width)
            with ExitStack() as turns:
                for _ in range(width):
                    turns.enter_context(self.pace.turn(25))
                self.now += self._seconds(width)
            self.now += self._idle


def _one_by_one(width: int) -> float:
    return width * SECONDS


def _four_at_once(width: int) -> float:
    return max(1, width / 4) * SECONDS


def _far_away(width: int) -> float:
    return SECONDS


@pytest.mark.parametrize(
    ("seconds", "settled"), [(_one_by_one, 1), (_four_at_once, 4), (_far_away, 8)]
)
def test_a_server_is_asked_as_much_at_once_as_makes_it_quicker(
    seconds: Callable[[int], float], settled: int
) -> None:
    served = Served(seconds)
    served.ask(50)
    assert served.pace.width == settled
    assert served.widths[0] == 1


def test_a_process_that_was_never_asked_may_be_slow_at_first() -> None:
    asked: set[int] = set()

    def seconds(width: int) -> float:
        first = width not in asked
        asked.add(width)
        return 20 * SECONDS if first else _four_at_once(width)

    served = Served(seconds)
    served.ask(50)
    assert served.pace.width == 4


def test_a_gain_that_may_be_chance_is_none() -> None:
    served = Served(lambda width: width * SECONDS * (1 if width == 1 else 0.9))
    served.ask(50)
    assert served.pace.width == 1


def test_what_is_done_with_the_answers_is_not_the_servers_time() -> None:
    served = Served(_one_by_one, idle=60.0)
    served.ask(50)
    assert served.pace.width == 1  # though four at once give four times as many a minute


def test_it_is_tried_anew_after_a_while() -> None:
    served = Served(_one_by_one)
    served.ask(AGAIN_AFTER + 50)
    trials = [now for before, now in pairwise(served.widths) if before < now]
    assert trials == [WIDTHS[1], WIDTHS[1]]


def test_a_question_that_failed_is_no_answer() -> None:
    served = Served(_one_by_one)
    for _ in range(50):
        with pytest.raises(OSError, match="gone"), served.pace.turn(25):
            raise OSError("gone")
        assert (
            served.pace.width == 1
        )  # nothing is tried on the strength of that, and no turn is lost


def test_whoever_comes_early_waits_for_a_turn() -> None:
    pace = Pace()

    def ask() -> None:
        with pace.turn(25):
            pass

    waiting = threading.Thread(target=ask)
    with pace.turn(25):
        waiting.start()
        waiting.join(timeout=0.3)  # ends at once if nothing holds it back
        assert waiting.is_alive()
    waiting.join(timeout=60)
    assert not waiting.is_alive()
