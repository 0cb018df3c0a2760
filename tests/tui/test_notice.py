"""What is said in passing is gone in time, and never takes the program with it."""

from __future__ import annotations

from pathlib import Path
from time import time

from board_app import make_app, until
from textual.widgets._toast import Toast

from mlflow_tui.widgets.notice import Notice


def test_a_notice_that_has_expired_says_so_and_has_some_time_left() -> None:
    gone, new = Notice("gone", timeout=5, raised_at=time() - 5), Notice("new", timeout=5)
    assert gone.has_expired
    assert gone.time_left > 0
    assert not new.has_expired
    assert 4 < new.time_left <= 5


async def test_one_that_expires_while_it_is_drawn_goes_away(tmp_path: Path) -> None:
    app, _ = make_app(tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await app.mount(Toast(Notice("gone", timeout=5, raised_at=time() - 5)))
        assert list(app.query(Toast))
        await until(pilot, lambda: not app.query(Toast))


async def test_what_the_app_says_are_such_notices(tmp_path: Path) -> None:
    app, _ = make_app(tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.notify("[b]said[/b]", timeout=60)
        await until(pilot, lambda: bool(app.query(Toast)))
        (said,) = app._notifications
        assert isinstance(said, Notice)
        assert str(app.query_one(Toast).render()) == "[b]said[/b]"
