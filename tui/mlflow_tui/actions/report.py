"""What can be done with the report."""

from __future__ import annotations

from mlflow_tui.actions.action import BOARD, REPORT, Action

ACTIONS: tuple[Action, ...] = (
    Action("export", "e", "export", "Write the report to a file.", (REPORT, BOARD)),
    Action("export_html", "H", "HTML", "Write the report as one HTML file.", (REPORT,)),
    Action("export_json", "J", "JSON", "Write everything as JSON to a file.", (REPORT,)),
    Action("sections", "s", "sections", "Choose the sections of the report.", (REPORT,)),
    Action(
        "file_issues",
        "M",
        "to MLflow",
        "File the accepted findings as MLflow issues; first what would be written is listed.",
        (REPORT,),
    ),
    Action(
        "undo_writes",
        "U",
        "take back",
        "Take back what was written to MLflow; first it is listed.",
        (REPORT,),
        footer=False,
    ),
    Action("next_match", "n", "next", "Next line that holds what you look for.", (REPORT,)),
)
