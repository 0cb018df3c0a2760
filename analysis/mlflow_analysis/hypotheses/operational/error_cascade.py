"""Hypothesis ``error-cascade``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Severity
from mlflow_analysis.hypotheses.base import Case, Contrast, Hypothesis, Outcome, Rule, affected_rows
from mlflow_analysis.hypotheses.failure_class import EXCERPT_LENGTH, after_seconds, with_status
from mlflow_analysis.hypotheses.recovery import mended
from mlflow_analysis.statistics.clustering import Codes
from mlflow_analysis.statistics.contrasts import difference_of_rates

Flags = npt.NDArray[np.bool_]
_FEWEST_FAILING = 10


class ErrorCascade(Hypothesis):
    """When one tool fails, the whole trace fails.

    ## Why it matters
    A tool that is worth an extra sentence in the answer should not be able to take the answer down.
    Where it does, the application is no more available than that tool.

    ## Test
    For each tool that failed for good in 10 traces or more: the failure rate of those traces minus that of
    the other traces that called it, with a Newcombe interval; p by cluster permutation over sessions, or
    Fisher where each holds one trace. Confirmed if the lower bound is above 20 points and q < 0.10.

    ## Not flagged
    Recovered failures: the same tool succeeded later in the trace with the same arguments, or with better
    ones after a failure that better arguments mend.

    ## Recommendation
    Isolate the tool: catch its failure where it is called, hand the model an error that it can answer
    with, give a fallback or a cached value, and fail the trace only where the answer truly depends on it.

    ## Sources
    Beyer et al., Site Reliability Engineering (2016), chapter 22, "Addressing Cascading Failures"; M. Nygard,
    Release It!, 2nd ed. (2018), "Bulkheads"; Newcombe (1998), Statistics in Medicine 17:873.
    """

    id = "error-cascade"
    title = "A tool's failure fails the trace"
    category = Category.OPERATIONAL
    is_outcome = frozenset({Outcome.STATE})
    severity = Severity.MEDIUM
    rule = Rule.EFFECT
    minimum_effect = 0.2
    needs = frozenset({Field.TOOL_SPANS})
    not_causes = frozenset({"tool", "first_failed_span", "error_class", "error_template"})
    live = False

    def eligible(self, features: Features) -> pd.Index:
        """Complete traces that call a tool."""
        calls = features.calls
        called = features.traces_with(calls[~calls.coded("tool").among("")])
        return pd.Index(np.flatnonzero(called & features.traces["complete"].to_numpy(dtype=bool)))

    def affected(self, features: Features) -> pd.DataFrame:
        """Failing traces in which a tool failed for good, one row for each tool."""
        return _rows(features, _failing_for_good(features))

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each tool that failed for good in enough traces."""
        failing = _failing_for_good(features)
        counts = failing.groupby("tool")["trace_id"].nunique()
        tools = sorted(counts[counts >= _FEWEST_FAILING].index)
        if not tools:
            eligible = self.eligible(features)
            reason = "no tool failed for good in 10 traces"
            yield Case(eligible, _rows(features, failing.iloc[:0]), test_without_effect=reason)
            return
        went_down = failing[_went_down(features, failing)]
        rows, of_rows = _rows(features, went_down), went_down["tool"].to_numpy(dtype=object)
        calls = features.calls
        called = calls.coded("tool")
        at, failing_at = calls["trace"].to_numpy(), failing["trace"].to_numpy()
        failing_tool = failing["tool"].to_numpy(dtype=object)
        complete = features.traces["complete"].to_numpy(dtype=bool)
        for tool in tools:
            called_it, failed_in = (np.zeros(len(complete), dtype=bool) for _ in range(2))
            called_it[at[called.among(tool)]] = True
            failed_in[failing_at[failing_tool == tool]] = True
            traces = np.flatnonzero(called_it & complete)
            of_tool = rows[of_rows == tool].reset_index(drop=True)
            yield self._case(features, str(tool), traces, failed_in[traces], of_tool)

    def recommend(self, finding: Finding) -> str:
        """Names the tool to isolate."""
        return f"Begin with {finding.subject}. {self.documentation().recommendation}"

    def _case(
        self, features: Features, tool: str, traces: Codes, tool_failed: Flags, rows: pd.DataFrame
    ) -> Case:
        """``traces`` are the positions of those that call the tool."""
        # prevalence is of the traces in which the tool failed: how many of them went down with it
        eligible = pd.Index(traces[tool_failed])
        if tool_failed.all():
            reason = (
                f"{tool} failed in every trace that called it: there is nothing to compare with"
            )
            return Case(eligible, rows, subject=tool, test_without_effect=reason)
        difference = difference_of_rates(
            features.traces["failed"].to_numpy(dtype=bool)[traces],
            tool_failed,
            features.session_codes[traces],
            features.seed,
        )
        effect = Effect(
            "difference of trace failure rates",
            difference.value,
            difference.interval,
            difference.rate_out,
        )
        p_value = difference.p_value if difference.value > 0 else 1.0
        return Case(
            eligible,
            rows,
            subject=tool,
            contrast=Contrast(effect, p_value),
            statement=(
                f"When {tool} fails for good, {difference.rate_in:.0%} of the traces fail; of the other "
                f"traces that call it, {difference.rate_out:.0%}."
            ),
        )


def _failing_for_good(features: Features) -> pd.DataFrame:
    """Failures of tools that nothing mended later in the trace."""
    failures = features.failures
    failures = failures[(failures["tool"] != "") & (failures["error_class"] != "cancelled")]
    return failures[~mended(features, failures)]


def _went_down(features: Features, failing: pd.DataFrame) -> pd.Series:
    """Whether the span's trace failed."""
    failed = features.traces["failed"].to_numpy(dtype=bool)
    return pd.Series(failed[failing["trace"]], index=failing.index)


def _rows(features: Features, failing: pd.DataFrame) -> pd.DataFrame:
    spans = failing[_went_down(features, failing)]
    how = np.where(
        spans["propagated"].to_numpy(dtype=bool),
        "; the failure went up to the root.",
        "; the trace failed later.",
    ).astype(object)
    return affected_rows(
        spans["trace"],
        spans["trace_id"],
        spans["span_id"],
        spans["error_message"].str[:EXCERPT_LENGTH],
        spans["tool"] + " failed" + with_status(spans) + after_seconds(spans) + how,
        spans["error_offset"],
    )
