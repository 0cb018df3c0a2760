"""What a hypothesis is: a claim that could turn out false, declared before the traces are seen.

A hypothesis file says who could show the claim (``eligible``), who does show it (``affected``),
what is worth speaking of (``minimum_effect``) and, in its docstring, why it matters, what is *not*
flagged and what to do. Prevalence, interval, verdict, root causes, examples, impact and rank are
done once, by the engine.
"""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.timing.replay import Mend

AFFECTED_COLUMNS = ["unit", "trace_id", "span_id", "excerpt", "offset", "rationale"]
_COLUMNS = pd.Index(AFFECTED_COLUMNS)
_NO_UNITS, _NO_ROWS = pd.Index([], dtype=object), pd.DataFrame(columns=_COLUMNS)


class Rule(Enum):
    """How the verdict is reached."""

    FACT = "at least 3 units or 1 % show it"
    """For what is plainly recorded ("a 429 happened"). Refuted if the upper bound is below 1 %."""
    PREVALENCE = "the lower bound of the share is above the minimum effect"
    """Refuted if the upper bound is below it."""
    EFFECT = "the lower bound of the effect is above the minimum effect, and q < 0.10"
    """For contrasts: the case carries its own ``Contrast``."""


class Outcome(Enum):
    """What tells how a session ended."""

    STATE = "its last trace failed or did not"
    ASSESSMENTS = "people, checks or judges passed or failed it"


@dataclass(frozen=True)
class Contrast:
    """A measured difference and its p-value (``None`` where the interval alone decides)."""

    effect: Effect
    p_value: float | None


@dataclass(frozen=True)
class Case:
    """A claim about one subject (a tool, a model, …), or about everything (subject "")."""

    eligible: pd.Index
    """Distinct ids of the units that could show it: trace ids, session ids (the ``session`` column),
    numbers of spans, or group ids. Traces may be named by their numbers, too: places in the table."""
    affected: pd.DataFrame
    """Columns ``AFFECTED_COLUMNS``. One row for each affected unit and trace that shows it (a session
    may have several rows, a trace one per span). ``unit`` names all units in one way, which need not be
    that of ``eligible``. ``offset`` is where ``excerpt`` starts in the text it was cut from, -1 if it is
    a description. ``rationale`` is one sentence that names the numbers."""
    subject: str = ""
    contrast: Contrast | None = None
    members: pd.Series | None = None
    """For request groups: index unit id, values trace id, one row for each member."""
    statement: str = ""
    """What is claimed, with the figures of this case; the engine adds count and interval."""
    seconds_lost: float | None = None
    """Time recorded in what shows it: where ``mended`` says what would change, that is replayed instead."""
    tokens_lost: int | None = None
    mended: Mend | None = None
    """Which spans would be shorter, side by side or gone if it were mended, for the replay."""
    tokens_spared: pd.Series | None = None
    """Tokens that would not be used, by trace id, one row each; the engine gives the lower bound of the total."""
    money_spared: pd.Series | None = None
    """US dollars that would not be spent, likewise; NaN where no cost was recorded."""
    test_without_effect: str = ""
    """Set when the claim can't be decided here, with the reason, e.g. "fewer than 10 calls"."""
    fewest_units: int | None = None
    """The hypothesis' ``fewest_units``, where it is another for this case."""
    onset_ms: int | None = None
    """When it began, where the claim is about a moment in time."""
    explained: Case | None = None
    """What root causes are sought of, where that is not the claim itself (of the traces that a user asks
    about, those that failed). Of the same unit."""

    @property
    def claim(self) -> Case:
        """What is claimed, without the units: all that a verdict needs once they are counted."""
        return Case(
            _NO_UNITS,
            _NO_ROWS,
            self.subject,
            self.contrast,
            statement=self.statement,
            test_without_effect=self.test_without_effect,
            fewest_units=self.fewest_units,
            onset_ms=self.onset_ms,
        )


def affected_rows(
    unit: pd.Series | pd.Index,
    trace_id: pd.Series | pd.Index,
    span_id: pd.Series | list[str] | str,
    excerpt: pd.Series | list[str] | str,
    rationale: pd.Series | list[str] | str,
    offset: pd.Series | int = -1,
) -> pd.DataFrame:
    """The affected table from columns; each argument is a column or one value for all rows."""
    # one block: a column each would be copied again whenever rows are taken
    cells = np.empty((len(AFFECTED_COLUMNS), len(unit)), dtype=object)
    for place, each in enumerate((unit, trace_id, span_id, excerpt, offset, rationale)):
        # numpy would first look for its own attributes among the labels, for which pandas makes a table of them
        cells[place] = each.to_numpy(object) if isinstance(each, (pd.Series, pd.Index)) else each
    return pd.DataFrame(cells.T, columns=_COLUMNS, dtype=object, copy=False)


@dataclass(frozen=True)
class Documentation:
    """A hypothesis' docstring, taken apart."""

    claim: str
    why: str
    test: str
    not_flagged: str
    recommendation: str
    sources: str


_SECTION = re.compile(r"^## +(.+?) *$", re.MULTILINE)


class Hypothesis(ABC):
    """One claim. Subclasses are found by being there: one file each, in a family's folder.

    The docstring's first sentence is the claim; then sections ``## Why it matters``, ``## Test``,
    ``## Not flagged``, ``## Recommendation``, ``## Sources``.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    category: ClassVar[Category]
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    rule: ClassVar[Rule] = Rule.PREVALENCE
    minimum_effect: ClassVar[float] = 0.01
    fewest_units: ClassVar[int] = 3
    """For ``Rule.FACT``: how many units are enough whatever their share; 1 for a leak."""
    refuted_below: ClassVar[float | None] = None
    """For ``Rule.EFFECT``: the bound that refutes, where it is not ``minimum_effect``."""
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[Field]] = frozenset()
    not_causes: ClassVar[frozenset[str]] = frozenset()
    """Attributes that would only say the claim again (``error_class`` for a failure class)."""
    live: ClassVar[bool] = True
    """Whether counting is cheap enough to do again and again while traces arrive."""

    formed_from_data: ClassVar[bool] = False
    """Whether all that is claimed is about something that only the traces name, such as a window of time,
    so that a half of them decides it. A case with a subject is so anyhow."""

    is_outcome: ClassVar[frozenset[Outcome]] = frozenset()
    """Outcomes that the claim is itself about: a contrast with them would only say it again."""
    mends: ClassVar[str] = ""
    """What is mended, in a word that hypotheses share whose findings may be one and the same. Without one
    a finding is never merged: two wrong merges are worse than three duplicates."""
    counterpart: ClassVar[str] = ""
    """Id of another hypothesis that rests on the same work: the two are tested one after the other."""
    text_cue: ClassVar[bool] = False
    """Whether it goes by wording, which is no harm by itself: its statement then says what the sessions'
    outcomes show."""

    @abstractmethod
    def eligible(self, features: Features) -> pd.Index:
        """Ids of the units that could show it."""

    @abstractmethod
    def affected(self, features: Features) -> pd.DataFrame:
        """The units that show it: see ``Case.affected``; ``affected_rows`` builds it."""

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each subject; by default one about everything."""
        yield Case(self.eligible(features), self.affected(features))

    def estimates(self, features: Features) -> Iterable[Case]:
        """The cases where another half of the traces decides, of which no p-value is asked; by default ``cases``."""
        return self.cases(features)

    def recommend(self, finding: Finding) -> str:
        """What to do, with the finding's figures; by default the documented recommendation."""
        return self.documentation().recommendation

    @classmethod
    def documentation(cls) -> Documentation:
        """The docstring by section, each on one line a paragraph."""
        text = inspect.cleandoc(cls.__doc__ or "")
        parts = _SECTION.split(text)
        sections = {
            heading.lower(): body.strip()
            for heading, body in zip(parts[1::2], parts[2::2], strict=True)
        }
        return Documentation(
            claim=_reflow(parts[0]),
            why=_reflow(sections.get("why it matters", "")),
            test=_reflow(sections.get("test", "")),
            not_flagged=_reflow(sections.get("not flagged", "")),
            recommendation=_reflow(sections.get("recommendation", "")),
            sources=_reflow(sections.get("sources", "")),
        )


def _reflow(text: str) -> str:
    return "\n\n".join(" ".join(block.split()) for block in text.strip().split("\n\n"))
