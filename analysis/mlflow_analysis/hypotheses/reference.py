"""The reference of all hypotheses as Markdown, made from their docstrings.

``python -m mlflow_analysis.hypotheses.reference`` prints it; a test keeps ``docs/hypotheses.md`` in step.
"""

from __future__ import annotations

import sys

from mlflow_analysis.hypotheses.base import Hypothesis, Rule
from mlflow_analysis.hypotheses.catalogue import catalogue

_HEAD = """# Hypotheses

What `mlflow-tui` tests, by family. Made from the files under `analysis/mlflow_analysis/hypotheses/` by
`make docs`; `mlflow-tui hypotheses ID` prints one of them. A share is confirmed by the lower bound of its
Wilson interval at the effective sample size (sessions resemble themselves), a contrast also needs
q < 0.10 by Benjamini-Hochberg over all tests of the report; see the
[statistics](../analysis/mlflow_analysis/statistics).
"""


def reference() -> str:
    """The whole reference; it ends with a newline."""
    parts = [_HEAD]
    family = None
    for hypothesis in catalogue():
        if hypothesis.category is not family:
            family = hypothesis.category
            parts.append(f"## {family.value.capitalize()}\n")
        parts.append(_entry(hypothesis))
    return "\n".join(parts)


def _entry(hypothesis: Hypothesis) -> str:
    told = hypothesis.documentation()
    return (
        f"### `{hypothesis.id}`: {hypothesis.title}\n\n"
        f"{told.claim}\n\n"
        f"*Counted by {hypothesis.unit.value}; {hypothesis.severity.value} severity; "
        f"confirmed if {_threshold(hypothesis)}.*\n\n"
        f"**Why it matters.** {told.why}\n\n"
        f"**Test.** {told.test}\n\n"
        f"**Not flagged.** {told.not_flagged}\n\n"
        f"**Recommendation.** {told.recommendation}\n\n"
        f"**Sources.** {told.sources}\n"
    )


def _threshold(hypothesis: Hypothesis) -> str:
    if hypothesis.rule is not Rule.FACT:
        return f"{hypothesis.rule.value}; minimum effect {hypothesis.minimum_effect:g}"
    if hypothesis.fewest_units == 1:
        return f"one {hypothesis.unit.value} shows it"
    return f"at least {hypothesis.fewest_units} {hypothesis.unit.value}s or 1 % show it"


if __name__ == "__main__":
    sys.stdout.write(reference())
