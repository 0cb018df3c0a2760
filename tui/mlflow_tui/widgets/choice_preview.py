"""What is known of a source before it is tried: its parts, and where each value comes from."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.connecting.surroundings import Setting
from mlflow_analysis.untrusted import single_line
from mlflow_tui.addresses import DEMO, EXAMPLES, Choice, without_credentials
from mlflow_tui.connection_form import how_to_sign_in

LABEL = 14


def examples() -> Content:
    """What an address looks like."""
    lines = [Content.styled("An address may look like this", "$muted")]
    width = max(len(example) for example, _ in EXAMPLES)
    for example, meaning in EXAMPLES:
        lines.append(Content.assemble(f"  {example:<{width}}  ", (meaning, "$muted")))
    lines.append(Content.styled("\nReading never changes the store.", "$muted"))
    return Content("\n").join(lines)


def choice_preview(choice: Choice, settings: Sequence[Setting] | str) -> Content:
    """``settings`` are the variables in force, or a sentence on why they cannot be told."""
    if choice.kind == DEMO:
        return Content.assemble(
            "A support agent of a shop, with faults planted in it. Made once, in your cache directory.",
        )
    if choice.new is not None:
        return Content.assemble(
            ("enter", "bold $primary"), (f" fills in a {choice.new.value} field by field", "$muted")
        )
    if choice.profile is not None and choice.profile.problem is not None:
        problem = choice.profile.problem
        return Content.assemble(("✗ ", "$error"), problem.sentence, f"\n  {problem.remedy}")
    assert choice.connection is not None
    lines = _connection(choice.connection)
    if isinstance(settings, str):
        lines.append(Content.styled(settings, "$error"))
    elif choice.kind in ("environment", "profile"):
        lines += _settings(settings)
    return Content("\n").join(lines)


def _connection(connection: ConnectionRequest) -> list[Content]:
    rows = [
        ("address", without_credentials(connection.tracking_uri) or "MLFLOW_TRACKING_URI"),
        ("sign-in", how_to_sign_in(connection) or "as MLflow does"),
        ("CA file", connection.sign_in.server_certificate),
        ("client cert", connection.sign_in.client_certificate),
        ("workspace", without_credentials(connection.sign_in.databricks_host)),
    ]
    return [
        Content.assemble((f"{label:<{LABEL}}", "$muted"), single_line(value))
        for label, value in rows
        if value
    ]


def _settings(settings: Sequence[Setting]) -> list[Content]:
    """The variables in force, each with its origin; a secret only as set."""
    if not settings:
        return [Content.styled("\nNo variable says anything of tracking stores.", "$muted")]
    width = max(len(setting.name) for setting in settings)
    return [
        Content.styled("\nVariables in force", "$muted"),
        *(
            Content.assemble(
                f"  {single_line(setting.name):<{width}}  ",
                (setting.shown, "$foreground"),
                (f"  {single_line(setting.origin)}", "$muted"),
            )
            for setting in settings
        ),
    ]
