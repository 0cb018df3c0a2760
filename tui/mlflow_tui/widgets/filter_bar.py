"""The line to type a filter into: what may come next under it, what is wrong at the word, what was typed before."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from mlflow_analysis.protocol import FilterSuggestions
from mlflow_analysis.untrusted import single_line
from mlflow_tui.widgets.prompt_line import PromptLine
from mlflow_tui.widgets.text_field import TextField

SHOWN = 6
"""Words listed under the line at a time."""
HISTORY_KEPT = 100


class FilterField(TextField):
    """A field whose tab completes and whose up and down go through what was typed before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete(1)", "complete", show=False),
        Binding("shift+tab", "complete(-1)", "complete", show=False),
        Binding("up", "recall(-1)", "before", show=False),
        Binding("down", "recall(1)", "after", show=False),
        Binding("right", "right_or_take", "take", show=False),
    ]

    @property
    def _bar(self) -> FilterBar | None:
        return next((each for each in self.ancestors if isinstance(each, FilterBar)), None)

    def action_complete(self, step: int) -> None:
        """Put the word that is offered in, or the one after it."""
        if self._bar is not None:
            self._bar.complete(step)

    def action_recall(self, step: int) -> None:
        """What was typed before, or after that."""
        if self._bar is not None:
            self._bar.recall(step)

    def action_right_or_take(self) -> None:
        """At the end take the word that is offered, elsewhere move."""
        bar = self._bar
        if bar is None or self.cursor_position < len(self.value) or not bar.take():
            self.action_cursor_right()


class FilterBar(PromptLine):
    """A ``PromptLine`` that completes filters. ``history`` belongs to whoever made it, newest last."""

    class SuggestionsWanted(Message):
        """The text or the place of the cursor changed."""

        def __init__(self, text: str, cursor: int) -> None:
            super().__init__()
            self.text = text
            self.cursor = cursor

        def can_replace(self, message: Message) -> bool:
            """Only the newest text matters."""
            return isinstance(message, FilterBar.SuggestionsWanted)

    def __init__(self, history: list[str], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._history = history
        self._recalled = 0
        """How far back in the history the line is; 0: what is being typed."""
        self._typed = ""
        self._offer = FilterSuggestions(0, 0, ())
        self._at: int | None = None
        """The word offered that stands in the line now, while tab goes through them."""
        self._expected = ""
        """What the line holds by our own doing: such a change asks for no suggestions."""

    def compose(self) -> ComposeResult:
        """Name and field; under them the words, the place of a fault, the objection."""
        with Horizontal():
            yield Static(id="prompt-name", markup=False)
            yield FilterField(id="prompt-field")
        yield Static(id="prompt-place", classes="problem", markup=False)
        yield Static(id="prompt-objection", classes="problem", markup=False)
        yield Static(id="prompt-words", markup=False)

    # ---- what the owner does ------------------------------------------------------------

    def ask(self, purpose: str, placeholder: str, text: str) -> None:
        """Show the line; the words that may come first are asked for."""
        self._recalled, self._expected = 0, ""
        self.suggest(FilterSuggestions(0, 0, ()))
        super().ask(purpose, placeholder, text)
        field = self.query_one(TextField)
        field.cursor_position = len(text)
        self._ask_for_words()

    def suggest(self, offer: FilterSuggestions) -> None:
        """Show these words; of none, nothing."""
        self._offer, self._at = offer, None
        self._show_words()

    def object_to(self, sentence: str, start: int = 0, end: int = 0) -> None:
        """Say what is wrong, at characters ``start`` to ``end``; the cursor goes there."""
        super().object_to(sentence)
        place = self.query_one("#prompt-place", Static)
        pointed = bool(sentence) and end > start
        place.set_class(pointed, "-open")
        if sentence:
            self.suggest(FilterSuggestions(0, 0, ()))
        if pointed:
            field = self.query_one(TextField)
            end = min(end, len(field.value))
            field.selection = Selection(start, end)
            self.call_after_refresh(self._point, start, end)

    def remember(self, text: str) -> None:
        """Keep what was typed, refused or not, for ``up``."""
        if text and (not self._history or self._history[-1] != text):
            self._history.append(text)
            del self._history[:-HISTORY_KEPT]

    def close(self) -> None:
        """Hide the line; what was typed and not sent can be had again."""
        if self.purpose == "filter":
            self.remember(self.query_one(TextField).value.strip())
        super().close()

    # ---- what the keys do ---------------------------------------------------------------

    def complete(self, step: int) -> None:
        """Put in the first word offered; pressed again, the next one in its place."""
        words = self._offer.words
        if not words:
            return
        field = self.query_one(TextField)
        if self._at is None:
            self._typed = field.value[self._offer.start : self._offer.end]
            begin, end = self._offer.start, self._offer.end
            self._at = 0 if step > 0 else len(words) - 1
        else:
            begin = self._offer.start
            end = begin + len(words[self._at])
            self._at = (self._at + step) % len(words)
        self._put(field.value[:begin] + words[self._at], field.value[end:])
        if len(words) == 1:
            self._ask_for_words()
        else:
            self._show_words()

    def take(self) -> bool:
        """Take the word that is offered and go on to the next; whether there was one."""
        if self._at is None:
            if not self._offer.words or not self._begun():
                return False
            self.complete(1)
        self._at = None
        self._ask_for_words()
        return True

    def recall(self, step: int) -> None:
        """Go back (-1) or forth (1) in what was typed before."""
        field = self.query_one(TextField)
        back = self._recalled - step
        if not 0 <= back <= len(self._history):
            return
        if self._recalled == 0:
            self._typed = field.value
        self._recalled = back
        self._put(self._history[-back] if back else self._typed, "")
        self.suggest(FilterSuggestions(0, 0, ()))

    # ---- within -------------------------------------------------------------------------

    def _begun(self) -> bool:
        """Whether a word has been begun: an arrow alone puts in nothing that nobody hinted at."""
        return self._offer.end > self._offer.start

    def _put(self, before: str, after: str) -> None:
        field = self.query_one(TextField)
        self._expected = before + after
        field.value = self._expected
        field.cursor_position = len(before)

    def _ask_for_words(self) -> None:
        field = self.query_one(TextField)
        if self.purpose == "filter":
            self.post_message(self.SuggestionsWanted(field.value, field.cursor_position))

    @on(Input.Changed)
    def _typed_more(self, message: Input.Changed) -> None:
        if message.value == self._expected:
            return
        self._expected = ""
        self._recalled = 0
        if self.purpose == "filter":
            if not self.waiting:
                self.object_to("")
            self._ask_for_words()

    def on_resize(self, event: events.Resize) -> None:
        """The words have more or less room."""
        self._show_words()

    def _point(self, start: int, end: int) -> None:
        """Underline the place, below it: for terminals that show no selection."""
        field = self.query_one(TextField)
        room = self.size.width
        before = field.content_region.x - self.region.x + cell_len(field.value[:start])
        at = max(0, before - int(field.scroll_offset.x))
        length = max(1, min(cell_len(field.value[start:end]), room - at))
        self.query_one("#prompt-place", Static).update(Content(" " * at + "^" * length))

    def _show_words(self) -> None:
        shown = self.query_one("#prompt-words", Static)
        words = self._offer.words
        shown.set_class(bool(words), "-open")
        if not words:
            return
        at = self._at or 0
        first = at // SHOWN * SHOWN
        lines = [
            Content.styled(
                f"{'› ' if number == at else '  '}{single_line(word)}",
                "bold $primary" if number == at else "$muted",
            )
            for number, word in enumerate(words[first : first + SHOWN], first)
        ]
        more = len(words) - first - len(lines)
        hint = "tab completes" if self._at is None else "tab the next · → go on"
        lines.append(Content.styled(f"  {f'{more} more · ' if more > 0 else ''}{hint}", "$muted"))
        shown.update(Content("\n").join(lines))
