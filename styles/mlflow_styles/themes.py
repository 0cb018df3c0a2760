"""Colour roles. Widgets and stylesheets name roles ($muted, $rule, $success …), never colours.

=============  ==================================================================
$background    behind everything
$surface       header, footer, dialogs
$cursor        the row or card under the cursor
$panel         the same, when its list has no focus; a text field that has it
$foreground    text
$muted         labels, units, what matters less
$rule          lines between panes
$primary       what is chosen or can be done; keys in the footer
$success       OK, strengths
$warning       in progress, slow, medium
$error         failures, high
$accent        the critical path, matches of a search
=============  ==================================================================
"""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

ROLE_DEFAULTS = {
    "muted": "#8a96a3",
    "rule": "#2f3b47",
    "cursor": "#263a4d",
    "cursor-text-style": "none",
}
"""For themes that are not ours and do not know our roles."""

DARK = Theme(
    name="mlflow-dark",
    dark=True,
    background="#10151b",
    surface="#171e26",
    panel="#222c37",
    foreground="#d6dde6",
    primary="#6cb2eb",
    secondary="#9db4cc",
    accent="#e2b35e",
    success="#7cc58c",
    warning="#e0a458",
    error="#ec7f76",
    variables={
        "muted": "#8a96a3",
        "rule": "#2f3b47",
        "cursor": "#263a4d",
        "cursor-text-style": "none",
        "block-cursor-text-style": "none",
        "input-selection-background": "#6cb2eb 35%",
        "footer-key-foreground": "#6cb2eb",
    },
)

LIGHT = Theme(
    name="mlflow-light",
    dark=False,
    background="#fbfaf7",
    surface="#f1efe9",
    panel="#e3e0d7",
    foreground="#1f2933",
    primary="#1f6aa5",
    secondary="#47637e",
    accent="#9a6700",
    success="#2c7a43",
    warning="#9a5b00",
    error="#b3382f",
    variables={
        "muted": "#66717c",
        "rule": "#cfcac0",
        "cursor": "#d3e3f0",
        "cursor-text-style": "none",
        "block-cursor-text-style": "none",
        "input-selection-background": "#1f6aa5 30%",
        "footer-key-foreground": "#1f6aa5",
    },
)


HIGH_CONTRAST = Theme(
    name="mlflow-high-contrast",
    dark=True,
    background="#000000",
    surface="#000000",
    panel="#003a66",
    foreground="#ffffff",
    primary="#5ecbff",
    secondary="#ffffff",
    accent="#ffd23f",
    success="#5dff8f",
    warning="#ffb000",
    error="#ff8a80",
    variables={
        "muted": "#d0d0d0",
        "rule": "#9a9a9a",
        "cursor": "#0050a0",
        "cursor-text-style": "bold",
        "block-cursor-text-style": "bold",
        "input-selection-background": "#5ecbff 45%",
        "footer-key-foreground": "#5ecbff",
    },
)
"""Text at 7:1 or better on whatever it stands on (WCAG 2.2, level AAA)."""

COLOUR_BLIND = Theme(
    name="mlflow-colour-blind",
    dark=True,
    background="#10151b",
    surface="#171e26",
    panel="#222c37",
    foreground="#e4e8ee",
    primary="#cc9fd1",
    secondary="#9db4cc",
    accent="#f0e442",
    success="#56b4e9",
    warning="#e69f00",
    error="#ff7a33",
    variables={
        "muted": "#97a3b0",
        "rule": "#2f3b47",
        "cursor": "#263a4d",
        "cursor-text-style": "none",
        "block-cursor-text-style": "none",
        "input-selection-background": "#cc9fd1 35%",
        "footer-key-foreground": "#cc9fd1",
    },
)
"""Good is blue and bad is orange, after Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), which red-,
green- and blue-blind people tell apart."""


def _native(name: str, base: str) -> Theme:
    """A theme of the terminal's own 16 colours, for terminals that have no more."""
    theme = BUILTIN_THEMES[base]
    return Theme(
        name=name,
        ansi=True,
        dark=theme.dark,
        primary=theme.primary,
        secondary=theme.secondary,
        accent="ansi_magenta",
        success=theme.success,
        warning=theme.warning,
        error=theme.error,
        foreground=theme.foreground,
        background=theme.background,
        surface=theme.surface,
        panel=theme.panel,
        boost=theme.boost,
        variables={
            **theme.variables,
            "muted": "ansi_default",
            "rule": "ansi_default",
            # No background suits all of the 16 colours that stand on it: bold, and the cursor sign.
            "cursor": "ansi_default",
            "cursor-text-style": "bold",
            # Seen without colours too.
            "input-cursor-background": "ansi_default",
            "input-cursor-foreground": "ansi_default",
            "input-cursor-text-style": "reverse",
        },
    )


ANSI_DARK = _native("mlflow-16", "ansi-dark")
ANSI_LIGHT = _native("mlflow-16-light", "ansi-light")

THEMES = (DARK, LIGHT, HIGH_CONTRAST, COLOUR_BLIND, ANSI_DARK, ANSI_LIGHT)
"""Called without ``mlflow-`` on the command line and in theme files."""

NATIVE = frozenset({ANSI_DARK.name, ANSI_LIGHT.name})
"""Those that need no more than 16 colours."""
