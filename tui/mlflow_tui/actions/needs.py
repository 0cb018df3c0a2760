"""Why an action may not apply now: what it needs, by place and name, for the help.

An action says it itself (``needs``), or it stands here.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_tui.actions.action import BOARD, CONNECTION, EVERYWHERE, PURPOSE, REPORT, TRACES

_EXPERIMENT = "an open experiment"
_PROFILE = "a profile under the cursor"
_FINDING = "a tested claim under the cursor"
_REPORT = "an analysis that has concluded"
_PURPOSE = "a purpose, drafted from the traces read so far"

NEEDS: Mapping[str, Mapping[str, str]] = {
    EVERYWHERE: {
        "go_experiments": "a connection that was checked",
        "go_traces": _EXPERIMENT,
        "go_board": _EXPERIMENT,
        "go_report": _EXPERIMENT,
        "dismiss_hint": "the hint above the footer, which is gone already",
    },
    CONNECTION: {
        "details": "a check that failed, with more to say",
        "back": "a check that runs, or the list",
        "go_on": "a connection that was checked",
        "recheck": "a check that has ended",
        "edit": "a source under the cursor, other than the demo",
        "save_profile": "a connection that was tried, or found in the environment",
        "rename_profile": _PROFILE,
        "make_default": _PROFILE,
        "delete_profile": _PROFILE,
    },
    TRACES: {
        "watch": _EXPERIMENT,
        "drop_filter": "a filter that was put on",
        "unmark_all": "marks",
        "undo_writing": "something that was written to a trace here",
        "redo_writing": "something that was written and taken back",
        **dict.fromkeys(
            (
                "copy",
                "failed_span",
                "fold_alike",
                "zoom",
                "zoom_out",
                "conversation",
                "compare",
                "pager",
                "editor",
                "save",
            ),
            "a trace that is shown",
        ),
    },
    BOARD: {
        "accept": _FINDING,
        "reject": _FINDING,
        "mark": _FINDING,
        "comment": _FINDING,
        "severity": _FINDING,
        "assign": _FINDING,
        "merge": "marked findings, and another one under the cursor",
        "split": "a finding under the cursor that others were merged into",
        "watch": _EXPERIMENT,
        "charts": _FINDING,
        "find": "cards, and no review under way",
        "filter": "cards, and no review under way",
        "previous_match": "a text that was looked for, and no review under way",
        "ask_judge": "a finding under the cursor with traces that show it, of an analysis that has concluded",
        "undo": "a decision to take back",
        "redo": "a decision that was taken back",
        "review": "undecided findings, and no review under way",
        "skip": "a review under way, or a text that was looked for",
        "open": "a card under the cursor",
        "change_claim": "a claim of yours under the cursor",
        "remove_claim": "a claim of yours under the cursor",
        "add_claim": _EXPERIMENT,
        "purpose": _PURPOSE,
        "next_evidence": _FINDING,
        "previous_evidence": _FINDING,
        "stop": "an analysis that runs",
        "start": "an open experiment, and no analysis that runs",
        "export": _REPORT,
        "back": "a filter, marks, a review or a detail to leave",
    },
    REPORT: {
        "export": _REPORT,
        "export_html": _REPORT,
        "export_json": _REPORT,
        "file_issues": _REPORT,
        "undo_writes": _REPORT,
        "find": _REPORT,
        "sections": _REPORT,
        "next_match": "a text that was looked for",
    },
    PURPOSE: {
        "back": "a text field that is being filled in",
        "confirm": _PURPOSE,
        "correct": _PURPOSE,
        "skip_questions": "the questions, with no text field open",
        "tick": _PURPOSE,
        "add_tool": _PURPOSE,
        "add_topic": _PURPOSE,
        "cursor_down": "the questions, with no text field open",
        "cursor_up": "the questions, with no text field open",
    },
}
