"""The board's cards, from events alone."""

from __future__ import annotations

from dataclasses import replace

from board_samples import PURPOSE, analysis, finding, findings, finished, grew, half_way, queued

from mlflow_analysis.events import AnalysisReady, FindingReady, PurposeDrafted
from mlflow_analysis.findings.kinds import Category, Verdict
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.review import Decision, Review
from mlflow_tui.board.cards import Stage
from mlflow_tui.board.filter import Filter, Shown, only
from mlflow_tui.board.focus import focus_words, matches
from mlflow_tui.board.state import ALL, BoardState


def board_after(events: list, review: Review | None = None) -> BoardState:
    board = BoardState(review.standing) if review is not None else BoardState()
    for event in events:
        board.apply(event)
    return board


def keys(board: BoardState, category: Category, shown: Shown = ALL) -> list[str]:
    group = next(group for group in board.groups(shown) if group.category is category)
    return [card.key for card in group.cards]


def test_before_any_evidence_every_claim_is_queued_in_catalogue_order() -> None:
    board = board_after(queued())
    assert {card.stage for group in board.groups() for card in group.cards} == {Stage.QUEUED}
    assert keys(board, Category.PERFORMANCE) == [
        "hypothesis:slow-tool",
        "hypothesis:sequential-calls",
        "hypothesis:token-growth",
    ]


def test_groups_stand_in_the_boards_order_and_empty_families_do_not_show() -> None:
    assert [group.category for group in board_after(queued()).groups()] == [
        Category.OPERATIONAL,
        Category.PERFORMANCE,
        Category.QUALITY,
        Category.STRENGTH,
    ]


def test_evidence_moves_a_card_up_by_where_it_leans() -> None:
    board = board_after(
        [*queued(), grew("token-growth", 3, 9), grew("slow-tool", 0, 9, "towards refuted")]
    )
    assert keys(board, Category.PERFORMANCE)[:2] == [
        "hypothesis:token-growth",
        "hypothesis:slow-tool",
    ]
    board.apply(grew("sequential-calls", 8, 9, "towards confirmed"))
    assert keys(board, Category.PERFORMANCE)[0] == "hypothesis:sequential-calls"


def test_findings_take_the_place_of_their_hypothesis_card() -> None:
    board = board_after(queued())
    for subject, rank in (("search_orders", 40.0), ("get_customer", 90.0)):
        board.apply(FindingReady(finding("unreliable-tool", subject=subject, rank=rank)))
    assert board.card("hypothesis:unreliable-tool") is None
    assert keys(board, Category.OPERATIONAL)[:2] == [
        "unreliable-tool/get_customer",
        "unreliable-tool/search_orders",
    ]
    assert board.successor("hypothesis:unreliable-tool") == "unreliable-tool/get_customer"


def test_late_evidence_does_not_bring_back_a_judged_hypothesis() -> None:
    board = board_after([*queued(), FindingReady(finding("timeout")), grew("timeout", 1, 9)])
    assert board.card("hypothesis:timeout") is None
    assert board.card("timeout").stage is Stage.CONFIRMED


def test_the_finished_analysis_decides_which_cards_there_are() -> None:
    merged_away = finding("refusal", subject="merged away")
    board = board_after([*half_way(), FindingReady(merged_away), AnalysisReady(analysis())])
    assert board.card(merged_away.fingerprint) is None
    shown = {card.key for group in board.groups() for card in group.cards}
    assert shown == {found.fingerprint for found in findings()}


def test_confirmed_come_first_and_not_testable_last() -> None:
    board = board_after(finished())
    stages = [board.card(key).stage for key in keys(board, Category.OPERATIONAL)]
    assert stages == sorted(stages, key=list(Stage).index)
    assert keys(board, Category.OPERATIONAL)[0] == "rate-limited"


def test_filters_count_what_they_show() -> None:
    review = Review(None, "ann")
    found = findings()
    review.decide(found[0], Decision.ACCEPTED)
    review.decide(found[1], Decision.REJECTED, "by design")
    board = board_after(finished(), review)
    confirmed = sum(each.verdict is Verdict.CONFIRMED for each in found)
    assert board.count(Filter.CONFIRMED) == confirmed
    assert board.count(Filter.TO_DECIDE) == confirmed - 2
    assert keys(board, Category.OPERATIONAL, only(Filter.ACCEPTED)) == ["rate-limited"]
    assert keys(board, Category.OPERATIONAL, only(Filter.REJECTED)) == ["timeout"]


def test_focus_marks_and_ranks_within_a_state_and_leaves_nothing_out() -> None:
    board = board_after(finished())
    before = board.count()
    board.set_focus("are things timing out?")
    assert keys(board, Category.OPERATIONAL)[0] == "timeout"
    assert board.card("timeout").in_focus
    assert not board.card("verbose-response").in_focus
    assert board.count() == before
    board.set_focus("")
    assert board.count(Filter.FOCUS) == 0


def test_focus_is_told_in_the_report() -> None:
    board = board_after(finished())
    board.set_focus("rate limits")
    assert "rate limits" in " ".join(board.reviewed_analysis().notes)


def test_focus_words_leave_out_fillers_and_endings() -> None:
    assert focus_words("Are the payments failing?") == ("payment", "fail")
    assert matches(("fail",), ["Calls FAILED"])
    assert not matches(("fail",), ["unfailing"])
    assert not matches((), ["anything"])


def test_a_confirmed_purpose_is_not_replaced_by_a_later_draft() -> None:
    board = board_after([PurposeDrafted(PURPOSE)])
    board.settle_purpose(Purpose("Sells shoes."))
    board.apply(PurposeDrafted(PURPOSE))
    board.apply(AnalysisReady(analysis()))
    assert board.reviewed_analysis().purpose.description == "Sells shoes."
    assert board.reviewed_analysis().purpose.confirmed_by_user


def test_ticks_hold_for_later_drafts_and_say_nothing_of_tools_that_come_up_only_then() -> None:
    early = replace(PURPOSE, description="Two tools.", tools=PURPOSE.tools[:2])
    board = board_after([PurposeDrafted(early)])
    board.correct_purpose(replace(early, declared_tools=("get_customer",)))
    board.apply(PurposeDrafted(PURPOSE))
    assert board.purpose is not None
    assert board.purpose.declared_tools == ("get_customer", "inventory_eu")
    assert board.purpose.description == PURPOSE.description


def test_tools_that_come_up_after_all_was_read_are_not_taken_for_told() -> None:
    early = replace(PURPOSE, tools=PURPOSE.tools[:2], declared_tools=("get_customer",))
    board = board_after([PurposeDrafted(early), AnalysisReady(analysis())])
    board.settle_purpose(early)
    board.apply(PurposeDrafted(PURPOSE))  # a watch found more
    assert board.purpose is not None
    assert board.purpose.declared_tools == ("get_customer",)


def test_marks_do_not_outlive_their_cards() -> None:
    board = board_after(half_way())
    board.apply(FindingReady(finding("refusal", subject="gone")))
    board.set_marks(["refusal/gone", "no such card"])
    assert board.marks == {"refusal/gone"}
    board.apply(AnalysisReady(analysis()))
    assert board.marks == frozenset()
