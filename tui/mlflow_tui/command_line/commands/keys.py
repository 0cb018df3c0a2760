"""``mlflow-tui keys``."""

from __future__ import annotations

import click


@click.command("keys", short_help="List the keys of every screen.")
@click.option("--markdown", is_flag=True, help="As a Markdown document.")
@click.option("--default", is_flag=True, help="As they come, without your own key file.")
def list_keys(markdown: bool, default: bool) -> None:
    """List the keys of every screen, with the names that a key file calls them by."""
    from mlflow_tui.command_line import key_table
    from mlflow_tui.config.key_file import read_key_map
    from mlflow_tui.config.key_map import KeyMap
    from mlflow_tui.config.settings import Settings

    keys, problems = (KeyMap(), []) if default else read_key_map(Settings.load().keys_path)
    for sentence in problems:
        click.echo(sentence, err=True)
    click.echo(key_table.markdown(keys) if markdown else key_table.plain(keys), nl=False)
