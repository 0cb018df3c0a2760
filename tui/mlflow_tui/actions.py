"""Every action once: its keys, its label, what it does, and where it applies.

Bindings, footer, help and palette are all made from this table. ``id`` is also the name of the
method (``action_<id>``) on the screen or app, unless ``call`` says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType

EVERYWHERE = "everywhere"
CONNECTION = "connection"
EXPERIMENTS = "experiments"
TRACES = "traces"
BOARD = "board"
REPORT = "report"
PURPOSE = "purpose"
"""The question before the board starts; a part of the board, not a step of its own."""

STEPS = (
    (CONNECTION, "1", "Connect"),
    (EXPERIMENTS, "2", "Experiments"),
    (TRACES, "3", "Traces"),
    (BOARD, "4", "Board"),
    (REPORT, "5", "Report"),
)
"""Place, key and name of each screen, in the order of the work."""

LISTS = (CONNECTION, EXPERIMENTS, TRACES, BOARD, REPORT)


@dataclass(frozen=True)
class Action:
    """One thing that a key can do."""

    id: str
    keys: str
    """Textual key names, parted by commas."""
    label: str
    """A word or two, for the footer."""
    help: str
    """One sentence, for help and palette."""
    where: tuple[str, ...] = (EVERYWHERE,)
    footer: bool = True
    call: str = ""
    """The Textual action, where it is not ``id``."""
    shown_keys: str = ""
    """How the keys are written in footer and help, where ``keys`` would not read well."""
    palette: bool = True

    @property
    def key_label(self) -> str:
        """The keys as a person writes them."""
        return self.shown_keys or _written(self.keys)


_NAMES = {
    "escape": "esc",
    "question_mark": "?",
    "slash": "/",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "space": "space",
    "upper_n": "N",
    "upper_r": "R",
}


def _written(keys: str) -> str:
    names = [_NAMES.get(key.strip(), key.strip()) for key in keys.split(",")]
    return " ".join(name.replace("ctrl+", "^") for name in names)


ACTIONS: tuple[Action, ...] = (
    # --- choosing and moving
    Action(
        "check",
        "enter",
        "check",
        "Try the address under the cursor.",
        (CONNECTION,),
        palette=False,
        footer=False,
    ),
    Action("open", "enter", "open", "Open what is under the cursor.", (EXPERIMENTS, TRACES, BOARD)),
    Action("back", "escape", "back", "Go back to where you came from.", LISTS),
    Action(
        "cursor('down')",
        "j,down",
        "down",
        "Next line.",
        LISTS,
        footer=False,
        shown_keys="j ↓",
        palette=False,
    ),
    Action(
        "cursor('up')",
        "k,up",
        "up",
        "Previous line.",
        LISTS,
        footer=False,
        shown_keys="k ↑",
        palette=False,
    ),
    Action(
        "cursor('first')",
        "g,home",
        "first",
        "First line.",
        LISTS,
        footer=False,
        shown_keys="g",
        palette=False,
    ),
    Action(
        "cursor('last')",
        "G,end",
        "last",
        "Last line.",
        LISTS,
        footer=False,
        shown_keys="G",
        palette=False,
    ),
    Action(
        "cursor('page_down')",
        "ctrl+d,pagedown",
        "page down",
        "A page down.",
        LISTS,
        footer=False,
        shown_keys="^d",
        palette=False,
    ),
    Action(
        "cursor('page_up')",
        "ctrl+u,pageup",
        "page up",
        "A page up.",
        LISTS,
        footer=False,
        shown_keys="^u",
        palette=False,
    ),
    # --- finding
    Action("find", "slash", "find", "Find or filter.", (EXPERIMENTS, TRACES, REPORT)),
    # --- connection
    Action("recheck", "f5", "check", "Try the address once more.", (CONNECTION,)),
    Action("go_on", "f3", "go on", "Go on to the experiments.", (CONNECTION,)),
    Action("details", "f2", "details", "Show or hide the full error.", (CONNECTION,)),
    Action("edit", "e", "edit", "Fill in address and sign-in field by field.", (CONNECTION,)),
    Action("save_profile", "f4", "keep", "Keep this connection as a profile.", (CONNECTION,)),
    Action(
        "make_default", "d", "default", "Open this profile unless told otherwise.", (CONNECTION,)
    ),
    Action("rename_profile", "r", "rename", "Call this profile otherwise.", (CONNECTION,)),
    Action("delete_profile", "x", "forget", "Forget this profile.", (CONNECTION,)),
    # --- traces
    Action(
        "show_all", "backspace", "all", "Drop the quick filters and show all traces.", (TRACES,)
    ),
    Action(
        "next_failure",
        "right_square_bracket",
        "next failure",
        "Next failed trace, or next evidence of a finding.",
        (TRACES,),
        shown_keys="]",
    ),
    Action(
        "previous_failure",
        "left_square_bracket",
        "previous failure",
        "Previous failed trace, or evidence.",
        (TRACES,),
        footer=False,
        shown_keys="[",
    ),
    Action("only_failures", "f", "failures", "Show failed traces only, or all again.", (TRACES,)),
    Action("only_slow", "d", "slow", "Show the slowest tenth only, or all again.", (TRACES,)),
    Action(
        "only_session", "s", "session", "Show this trace's session only, or all again.", (TRACES,)
    ),
    Action("search_text", "t", "text", "Show traces that hold a text.", (TRACES,)),
    Action(
        "section(1)",
        "right,l",
        "section",
        "Next part of the span: inputs, outputs, attributes, …",
        (TRACES,),
        shown_keys="→",
    ),
    Action(
        "section(-1)",
        "left,h",
        "section",
        "Previous part of the span.",
        (TRACES,),
        footer=False,
        shown_keys="← h",
        palette=False,
    ),
    Action(
        "next_match",
        "n",
        "next",
        "Next match of a search, or else the next trace.",
        (TRACES,),
        footer=False,
    ),
    Action(
        "previous_match",
        "N",
        "previous",
        "Previous match, or else the previous trace.",
        (TRACES,),
        footer=False,
    ),
    Action(
        "failed_span",
        "x",
        "failed span",
        "Next failed span of this trace.",
        (TRACES,),
        footer=False,
    ),
    Action(
        "sort",
        "o",
        "sort",
        "Sort by another column: time, duration, tokens, findings, then by text.",
        (TRACES,),
        footer=False,
    ),
    Action("sort", "o", "sort", "Sort by another column.", (EXPERIMENTS,)),
    Action(
        "reverse",
        "O",
        "reverse",
        "Sort the other way round.",
        (EXPERIMENTS, TRACES),
        footer=False,
    ),
    Action("copy", "y", "copy", "Copy: trace id, shown value, span, trace.", (TRACES,)),
    Action("refresh", "R", "refresh", "Read again, keeping the selection.", (EXPERIMENTS, TRACES)),
    # --- purpose
    Action("confirm", "enter", "confirm", "Confirm and go on.", (PURPOSE,), palette=False),
    Action("correct", "e", "correct", "Correct what the application does.", (PURPOSE,)),
    Action(
        "cursor('down')",
        "j,down",
        "down",
        "Next line.",
        (PURPOSE,),
        footer=False,
        shown_keys="j ↓",
        palette=False,
    ),
    Action(
        "cursor('up')",
        "k,up",
        "up",
        "Previous line.",
        (PURPOSE,),
        footer=False,
        shown_keys="k ↑",
        palette=False,
    ),
    Action(
        "tick",
        "space",
        "tick",
        "A tool that is not the application's, or requests out of its scope: untick them.",
        (PURPOSE,),
    ),
    Action(
        "add_tool", "t", "add tool", "Name a tool that it has and that was not called.", (PURPOSE,)
    ),
    Action(
        "add_topic",
        "o",
        "out of scope",
        "Name a topic that is none of its business; refusing it is right then.",
        (PURPOSE,),
    ),
    Action("skip_questions", "s", "skip", "Go to the board without answering.", (PURPOSE,)),
    Action("back", "escape", "back", "Leave the text field.", (PURPOSE,), palette=False),
    # --- board
    Action("stop", "x", "stop", "Stop reading and conclude from what was read.", (BOARD,)),
    Action("accept", "a", "accept", "Accept the finding: it goes into the report.", (BOARD,)),
    Action("reject", "r", "reject", "Reject the finding, with a reason.", (BOARD,)),
    Action("skip", "n", "skip", "Leave this one for later, in a review.", (BOARD,)),
    Action("undo", "u", "undo", "Take back the last decision.", (BOARD,)),
    Action("redo", "ctrl+r", "redo", "Put back what was undone.", (BOARD,), footer=False),
    Action("review", "v", "review", "Walk through what is to decide, by rank.", (BOARD,)),
    Action("filter", "f", "filter", "Show others: confirmed, to decide, accepted, …", (BOARD,)),
    Action("comment", "c", "note", "Write a note on the finding.", (BOARD,), footer=False),
    Action(
        "mark", "space", "mark", "Mark for a decision on several at once.", (BOARD,), footer=False
    ),
    Action("start", "S", "start", "Analyse, or analyse again.", (BOARD,)),
    Action("focus_on", "w", "worry", "Say what worries you: it is marked and ranked.", (BOARD,)),
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
        "next_pane", "tab", "pane", "Move between the cards and the detail.", (BOARD,), footer=False
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
    # --- report
    Action("export", "e", "export", "Write the report to a file.", (REPORT, BOARD)),
    Action("export_html", "H", "HTML", "Write the report as one HTML file.", (REPORT,)),
    Action("export_json", "J", "JSON", "Write everything as JSON to a file.", (REPORT,)),
    Action("sections", "s", "sections", "Choose the sections of the report.", (REPORT,)),
    Action("next_match", "n", "next", "Next line that holds what you look for.", (REPORT,)),
    # --- everywhere
    *(
        Action(f"go('{place}')", key, name, f"Go to {name}.", footer=False, palette=True)
        for place, key, name in STEPS
    ),
    Action("command_palette", "ctrl+p", "commands", "Every command, by name.", palette=False),
    Action(
        "help", "question_mark", "help", "What the keys do here.", shown_keys="?", palette=False
    ),
    Action(
        "suspend_process", "ctrl+z", "suspend", "Go back to the shell; fg returns.", footer=False
    ),
    Action("leave", "q,ctrl+q", "quit", "Leave.", shown_keys="q"),
)


def actions_for(place: str) -> list[Action]:
    """What the keys do in ``place``, its own first, then those that work everywhere."""
    own = [action for action in ACTIONS if place in action.where]
    return own + [action for action in ACTIONS if EVERYWHERE in action.where]


def bindings_for(place: str) -> list[BindingType]:
    """The bindings of one screen (or, for ``EVERYWHERE``, of the app)."""
    return list(_bindings(action for action in ACTIONS if place in action.where))


def _bindings(actions: Iterable[Action]) -> Iterable[Binding]:
    for action in actions:
        yield Binding(
            action.keys,
            action.call or action.id,
            action.label,
            show=action.footer,
            key_display=action.key_label,
            tooltip=action.help,
            # Textual asks for one id per binding, so that a key map can name it.
            id=f"{action.where[0]}.{action.id}" if "," not in action.keys else None,
        )
