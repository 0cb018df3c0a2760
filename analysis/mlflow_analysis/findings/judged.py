"""What an optional judge, a language model, said of an analysis, as plain frozen data.

All of it stands beside the statistics and changes none of them: no verdict, count or rank.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JudgedTrace:
    """What the judge said of one trace that a finding counts."""

    trace_id: str
    agrees: bool | None
    """Whether it shows what the finding says; ``None``: the judge could not tell."""
    rationale: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """The share of a finding, less the part that the judge did not agree with."""

    rate: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """The judge's opinion of a sample of a finding's traces."""

    traces: tuple[JudgedTrace, ...]
    agreed: int
    decided: int
    """Traces of which it said yes or no."""
    agreement: tuple[float, float]
    """95 % interval of ``agreed / decided``."""
    corrected: Corrected | None
    """``None`` where it decided nothing."""


@dataclass(frozen=True, slots=True)
class JudgedFinding:
    """The judge's part of a finding."""

    opinion: SecondOpinion | None = None
    root_cause: tuple[str, ...] = ()
    """Sentences, each with the ids in brackets of the traces that it rests on."""
    dropped: int = 0
    """Sentences that named no trace of the evidence, and are not here."""


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """A group of requests, as the judge calls it."""

    label: str
    """As in ``Purpose.patterns``."""
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Spent:
    """What the judge cost."""

    calls: int
    """Requests that were sent, failed ones and repeated ones included."""
    from_cache: int
    """Answers that needed none."""
    input_tokens: int
    output_tokens: int
    estimated: bool
    """Whether a provider did not report its tokens, so that these are an upper bound."""
    usd: float | None
    """``None`` where the price of the model is not known."""


@dataclass(frozen=True, slots=True)
class Judging:
    """The judge's part of an analysis."""

    model: str
    purpose: str
    groups: tuple[NamedGroup, ...]
    spent: Spent
    transcript: str
    """The file that holds everything that was sent; empty if nothing was."""
    not_done: tuple[str, ...]
    """What the judge was asked and did not do, and why."""
