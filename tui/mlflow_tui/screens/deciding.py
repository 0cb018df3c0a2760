"""What the reviewer does to cards: accept, reject, note, severity, assign, merge, undo, mark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual import work

from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.review import Change, Decision
from mlflow_tui.board.cards import Card, Stage
from mlflow_tui.board.decisions import Decisions
from mlflow_tui.board.state import BoardState
from mlflow_tui.screens.assign import AssignDialog
from mlflow_tui.screens.choice_dialog import Choice, ChoiceDialog
from mlflow_tui.screens.judging import JudgingScreen
from mlflow_tui.screens.reject import RejectDialog, Rejection
from mlflow_tui.screens.text_dialog import TextDialog
from mlflow_tui.widgets.board_list import BoardList
from mlflow_tui.widgets.finding_card import claim

NEWS_SECONDS = 1.0
"""How often the journal's size is looked at while the board is seen."""
_SEVERITIES = {"h": Severity.HIGH, "m": Severity.MEDIUM, "l": Severity.LOW, "c": None}


class DecidingScreen(JudgingScreen):
    """The reviewer's half of the board. The other half shows the cards and draws when told to."""

    def __init__(self) -> None:
        super().__init__()
        self._decisions: Decisions | None = None
        self._looking = False
        """Whether the journal is being looked at: on a disk that does not answer, once is enough."""

    def _draw(self) -> None:
        """Show the cards as they are now."""
        raise NotImplementedError

    def _decided(self) -> None:
        """Something was decided about the card that the review had come to."""
        raise NotImplementedError

    def _review_opened(self) -> None:
        """It is another experiment's."""
        raise NotImplementedError

    @property
    def _board(self) -> BoardState:
        return self.state.board

    @property
    def _list(self) -> BoardList:
        return self.query_one(BoardList)

    @property
    def card(self) -> Card | None:
        """The card under the cursor."""
        cursor = self._list.cursor
        return self._board.card(cursor) if cursor is not None else None

    # ---- the journal, and others who write to it ------------------------------------------

    def on_mount(self) -> None:
        """Others may decide while this board is open."""
        self.set_interval(NEWS_SECONDS, self._look_for_news)

    def _open_review(self) -> None:
        """Take the open experiment's review, with what others decided meanwhile."""
        review = self.state.review
        if review is None:
            self._decisions = None
            return
        if self._decisions is None or self._decisions.review is not review:
            self._decisions = Decisions(review)
            self._review_opened()
        self._look_for_news()
        self._board.refresh_rulings()

    def _look_for_news(self) -> None:
        looks = self.is_mounted and self.is_active and self._decisions is not None
        if looks and not self._looking:
            self._looking = True
            self._take_in_news()

    @work(group="news")
    async def _take_in_news(self) -> None:
        """What others decided shows at once; nothing is drawn if there is nothing."""
        decisions = self._decisions
        try:
            news = decisions is not None and await decisions.take_in()
        except OSError as error:
            self._decisions = None  # said once; nothing is written to such a journal
            self.tell(str(error.strerror or error), problem=True)
            return
        finally:
            self._looking = False
        if news:
            self._board.refresh_rulings()
            self._draw()

    async def _follow_up(self, findings: Sequence[Finding]) -> None:
        """Keep which decided findings the finished analysis speaks against."""
        if self._decisions is None:
            return
        try:
            await self._decisions.follow(findings)
        except OSError as error:
            problem = error.strerror or error
            self.tell(
                f"What has become of earlier findings could not be saved: {problem}.", problem=True
            )

    def _can_decide(self, action: str) -> bool:
        """Whether that one of the actions below has something to do now."""
        decisions = self._decisions
        if action == "undo":
            return decisions is not None and decisions.can_undo
        if action == "redo":
            return decisions is not None and decisions.can_redo
        if action == "merge":
            return bool(self._board.marks) and self.card is not None
        if action == "split":
            return any(card.home or card.merged for card in self._chosen_cards())
        return bool(self._chosen_cards())

    # ---- deciding -------------------------------------------------------------------------

    def _chosen_cards(self) -> list[Card]:
        """The marked cards, or else the one under the cursor; only those with a verdict."""
        marked = [self._board.card(key) for key in self._list.keys if key in self._board.marks]
        cards = marked or [self.card]
        return [card for card in cards if card is not None and card.finding is not None]

    def action_mark(self) -> None:
        """Mark or unmark, and go on to the next card."""
        card = self.card
        if card is not None and card.finding is not None:
            self._board.set_marks(self._board.marks ^ {card.key})
            self._draw()
            self._list.move("down")

    async def action_accept(self) -> None:
        """Into the report."""
        await self._record(self._chosen_cards(), moves_on=True, decision=Decision.ACCEPTED)

    def action_reject(self) -> None:
        """Out of the report, with a reason."""
        cards = self._chosen_cards()

        async def reject(rejection: Rejection | None) -> None:
            if rejection is not None:
                await self._record(
                    cards,
                    moves_on=True,
                    decision=Decision.REJECTED,
                    reason=rejection.reason,
                    note=rejection.note or None,
                )

        if cards:
            self.app.push_screen(RejectDialog(_subject(cards)), reject)

    def action_comment(self) -> None:
        """A note; the decision stays what it is."""
        cards = self._chosen_cards()

        async def write(note: str | None) -> None:
            if note is not None:
                await self._record(cards, note=note)

        if cards:
            before = cards[0].ruling.note if len(cards) == 1 else ""
            title = f"Note on: {_subject(cards)}"
            self.app.push_screen(TextDialog(title, before, hint="It stands in the report."), write)

    def action_severity(self) -> None:
        """How bad it is, in the reviewer's opinion."""
        cards = self._chosen_cards()
        if not cards:
            return
        computed = "the most severe of the merged" if cards[0].merged else "what the analysis says"
        choices = [Choice(key, each.value) for key, each in _SEVERITIES.items() if each is not None]
        choices.append(Choice("c", "as computed", computed))
        said = cards[0].ruling.severity
        current = next(key for key, each in _SEVERITIES.items() if each is said)

        async def override(key: str | None) -> None:
            if key is not None:
                await self._record(cards, severity=_SEVERITIES[key])

        self.app.push_screen(ChoiceDialog("Severity", _subject(cards), choices, current), override)

    def action_assign(self) -> None:
        """Whose it is."""
        cards = self._chosen_cards()
        if not cards or self._decisions is None:
            return
        review = self._decisions.review
        known = tuple(dict.fromkeys((*review.assignees(), review.author)))

        async def assign(name: str | None) -> None:
            if name is not None:
                await self._record(cards, assignee=name)

        current = cards[0].ruling.assignee
        self.app.push_screen(AssignDialog(_subject(cards), current, known), assign)

    async def action_merge(self) -> None:
        """The marked findings into the one under the cursor."""
        target = self.card
        if target is None or target.finding is None:
            self.tell("The cursor is not on a finding: there is nothing to merge into.")
            return
        cards = [card for card in self._chosen_cards() if card.key != target.key]
        if not cards:
            self.tell("Mark other findings with space first, then go to the one they belong to.")
            return
        if any(
            (card.category is Category.STRENGTH) != (target.category is Category.STRENGTH)
            for card in cards
        ):
            self.tell("A strength and an issue are not the same: they cannot be merged.")
            return
        if target.stage is not Stage.CONFIRMED and any(
            card.stage is Stage.CONFIRMED for card in cards
        ):
            self.tell(
                f"“{claim(target)}” is not confirmed: what is confirmed would leave the report with it."
                " Merge it the other way round."
            )
            return
        changes = [
            Change(card.finding, merged_into=target.key)
            for card in cards
            if card.finding is not None
        ]
        if target.home in {card.key for card in cards}:
            changes.append(Change(target.finding, merged_into=""))
        if await self._write(changes):
            self.tell(
                f"{len(cards)} merged into “{claim(target)}”. M splits them off, u undoes it."
            )

    async def action_split(self) -> None:
        """What is merged stands for itself again."""
        cards = self._chosen_cards()
        alone = [card.finding for card in cards if card.home and card.finding is not None]
        members = [each for card in cards if not card.home for each in card.merged]
        found = {each.fingerprint: each for each in (*alone, *members)}
        if await self._write([Change(each, merged_into="") for each in found.values()]):
            self.tell(f"{len(found)} split off again.")

    async def _record(
        self,
        cards: Sequence[Card],
        *,
        moves_on: bool = False,
        decision: Decision | None = None,
        reason: str = "",
        note: str | None = None,
        severity: Severity | str | None = "",
        assignee: str | None = None,
    ) -> None:
        """The same change of each card. What is merged is decided with the one it was merged into."""
        findings = [card.finding for card in cards if card.finding is not None]
        if decision is not None:
            homes = (self._board.card(card.home) if card.home else card for card in cards)
            found = {home.key: home.finding for home in homes if home is not None}
            findings = [each for each in found.values() if each is not None]
        changes = [
            Change(finding, decision, reason, note, severity, assignee) for finding in findings
        ]
        await self._write(changes, moves_on=moves_on)

    async def _write(self, changes: Sequence[Change], *, moves_on: bool = False) -> bool:
        if not changes:
            return False
        if self._decisions is None:
            problem = self.state.review_problem or "The review cannot be written to."
            self.tell(problem, problem=True)
            return False
        done = True
        try:
            await self._decisions.record(changes)
        except OSError as error:
            done = False
            self.tell(f"The decision could not be saved: {error.strerror or error}.", problem=True)
        self._board.set_marks(())
        self._board.refresh_rulings()
        if done and moves_on:
            self._decided()
        self._draw()
        return done

    # ---- undo -----------------------------------------------------------------------------

    async def action_undo(self) -> None:
        """Take back the last step and go to what it was about."""
        if self._decisions is not None:
            await self._step_back(self._decisions.undo)

    async def action_redo(self) -> None:
        """Put back what was undone."""
        if self._decisions is not None:
            await self._step_back(self._decisions.redo)

    async def _step_back(self, step: Callable[[], Awaitable[list[str]]]) -> None:
        fingerprints: list[str] = []
        try:
            fingerprints = await step()
        except OSError as error:
            self.tell(f"That could not be saved: {error.strerror or error}.", problem=True)
        self._board.refresh_rulings()
        self._draw()
        if fingerprints:
            self._list.go_to(fingerprints[-1])


def _subject(cards: Sequence[Card]) -> str:
    return claim(cards[0]) if len(cards) == 1 else f"{len(cards)} findings"
