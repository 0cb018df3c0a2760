"""What ``mlflow-tui hypotheses`` prints, taken from the hypotheses' own documentation."""

from __future__ import annotations

import difflib
import textwrap

import click

from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.hypotheses.base import Hypothesis
from mlflow_analysis.hypotheses.catalogue import catalogue

WIDTH = 88


def listing() -> str:
    """All hypotheses by family: id, what is counted, title."""
    everything = catalogue()
    id_width = max(len(each.id) for each in everything)
    lines: list[str] = []
    for category in Category:
        family = [each for each in everything if each.category is category]
        if not family:
            continue
        lines += ["", click.style(category.value.capitalize(), bold=True)]
        lines += [
            f"  {each.id:<{id_width}}  {each.unit.value:<13}  {each.title}" for each in family
        ]
    count = f"{len(everything)} hypotheses. `mlflow-tui hypotheses ID` explains one."
    return "\n".join([*lines[1:], "", count])


def explain(hypothesis_id: str) -> str:
    """The documentation of one hypothesis. Raises ``click.BadParameter`` if there is none."""
    hypothesis = find(hypothesis_id)
    documentation = hypothesis.documentation()
    facts = (
        f"{hypothesis.category.value}, counts {hypothesis.unit.value}s, severity "
        f"{hypothesis.severity.value}, version {hypothesis.version}"
    )
    absences = "; or ".join(sorted(field.value for field in hypothesis.needs))
    lines = [click.style(f"{hypothesis.id}: {hypothesis.title}", bold=True), facts]
    if absences:
        lines.append(f"not testable where {absences}")
    lines += ["", _wrapped(documentation.claim)]
    for heading, body in (
        ("Why it matters", documentation.why),
        ("Test", documentation.test),
        ("Not flagged", documentation.not_flagged),
        ("Recommendation", documentation.recommendation),
        ("Sources", documentation.sources),
    ):
        if body:
            lines += ["", click.style(heading, bold=True), _wrapped(body)]
    return "\n".join(lines)


def find(hypothesis_id: str) -> Hypothesis:
    """The hypothesis of that id. Raises ``click.BadParameter``, naming the nearest ones."""
    by_id = {each.id: each for each in catalogue()}
    wanted = hypothesis_id.strip().replace("_", "-")
    if wanted in by_id:
        return by_id[wanted]
    near = difflib.get_close_matches(wanted, by_id, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`mlflow-tui hypotheses` lists them."
    raise click.BadParameter(f"There is no hypothesis {hypothesis_id!r}. {hint}")


def _wrapped(text: str) -> str:
    return "\n\n".join(textwrap.fill(block, WIDTH) for block in text.split("\n\n"))
