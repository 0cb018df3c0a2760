"""What can be done with findings."""

from __future__ import annotations

from mlflow_tui.actions.action import BOARD, Action

ACTIONS: tuple[Action, ...] = (
    Action("stop", "x", "stop", "Stop reading and conclude from what was read.", (BOARD,)),
    Action("accept", "a", "accept", "Accept the finding: it goes into the report.", (BOARD,)),
    Action("reject", "r", "reject", "Reject the finding, with a reason.", (BOARD,)),
    Action(
        "skip",
        "n",
        "next",
        "In a review, leave this one for later; else the next card that a search found.",
        (BOARD,),
    ),
    Action(
        "severity",
        "s",
        "severity",
        "Say how bad it is, in place of what was computed.",
        (BOARD,),
        footer=False,
    ),
    Action("assign", "A", "assign", "Say whose it is.", (BOARD,), footer=False),
    Action("merge", "m", "merge", "Merge the marked into the one under the cursor.", (BOARD,)),
    Action("split", "M", "split", "Split off again what was merged.", (BOARD,)),
    Action("undo", "u", "undo", "Take back the last decision.", (BOARD,)),
    Action("redo", "ctrl+r", "redo", "Put back what was undone.", (BOARD,), footer=False),
    Action("review", "v", "review", "Walk through what is to decide, by rank.", (BOARD,)),
    Action(
        "filter",
        "f",
        "filter",
        "Choose what is shown: family, verdict, severity, decision, new, mine, …",
        (BOARD,),
    ),
    Action("previous_match", "N", "previous", "Previous such card.", (BOARD,), footer=False),
    Action("comment", "c", "note", "Write a note on the finding.", (BOARD,), footer=False),
    Action(
        "mark", "space", "mark", "Mark for a decision on several at once.", (BOARD,), footer=False
    ),
    Action("start", "S", "start", "Analyse, or analyse again.", (BOARD,)),
    Action("focus_on", "W", "worry", "Say what worries you: it is marked and ranked.", (BOARD,)),
    Action("add_claim", "plus", "ask", "Test a claim of your own.", (BOARD,), shown_keys="+"),
    Action(
        "change_claim",
        "E",
        "change",
        "Change the claim of yours under the cursor.",
        (BOARD,),
    ),
    Action(
        "remove_claim",
        "minus",
        "remove",
        "Take back the claim of yours under the cursor.",
        (BOARD,),
        shown_keys="-",
    ),
    Action(
        "purpose",
        "p",
        "purpose",
        "Say what the application does, which tools it has, what is out of scope.",
        (BOARD,),
        footer=False,
    ),
    Action(
        "ask_judge",
        "B",
        "judge",
        "Ask the language model that you named about this finding; first its cost is said.",
        (BOARD,),
        footer=False,
    ),
    Action(
        "next_pane", "tab", "pane", "Move between the cards and the detail.", (BOARD,), footer=False
    ),
    Action(
        "charts",
        "C",
        "charts",
        "Draw it: over time, durations, affected by attribute; or the detail again.",
        (BOARD,),
        footer=False,
    ),
    Action(
        "next_evidence",
        "right_square_bracket",
        "next evidence",
        "Next example of this finding.",
        (BOARD,),
        footer=False,
        shown_keys="]",
    ),
    Action(
        "previous_evidence",
        "left_square_bracket",
        "previous evidence",
        "Previous example.",
        (BOARD,),
        footer=False,
        shown_keys="[",
    ),
)
