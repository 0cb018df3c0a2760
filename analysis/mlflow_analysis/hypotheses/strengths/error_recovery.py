"""Answers in spite of a failed call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Outcome, affected_rows
from mlflow_analysis.hypotheses.quality.wording import declined, tells_failure
from mlflow_analysis.hypotheses.remembered import remembered
from mlflow_analysis.hypotheses.strengths.success import succeeded


class ErrorRecovery(Hypothesis):
    """The application recovers from failed calls of a tool or model and still answers.

    ## Why it matters
    Calls fail everywhere; what users notice is whether the application gets over it. This must survive
    the next change of prompt or framework.

    ## Test
    One case for each tool or model. Eligible: ended traces in which a call of it failed. Affected (in
    the good sense): every one of its calls that failed was made good later, by a call of the same tool
    or model or by another one with the same arguments; the trace did not fail, no assessment failed it,
    and there is an answer that neither declines nor says that something did not work. Confirmed if the
    lower bound of the share (Wilson) is above 50 %.

    ## Not flagged
    Answers after a failure that no other call made good (swallowed-error); answers that tell of it.

    ## Recommendation
    Keep the retry or fallback seen in the examples, add a test that makes the call fail, and use the
    same way for the tools that do not recover.

    ## Sources
    Avizienis et al. 2004, Basic Concepts and Taxonomy of Dependable and Secure Computing, IEEE TDSC 1
    (error handling, recovery). Shinn et al. 2023, Reflexion, arXiv:2303.11366.
    """

    id: ClassVar[str] = "error-recovery"
    title: ClassVar[str] = "Recovers from failed calls"
    category: ClassVar[Category] = Category.STRENGTH
    is_outcome = frozenset(Outcome)
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.LOW
    minimum_effect: ClassVar[float] = 0.50
    needs: ClassVar[frozenset[Field]] = frozenset({Field.SPANS, Field.RESPONSES})

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces with a failed call."""
        calls = _calls(features)
        return pd.Index(calls.loc[calls["failed"], "trace_id"].unique(), dtype=object)

    def affected(self, features: Features) -> pd.DataFrame:
        """Those that answer all the same, whichever call failed."""
        tables = [case.affected for case in self.cases(features)]
        return (
            pd.concat(tables) if tables else affected_rows(pd.Index([]), pd.Index([]), "", "", "")
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each tool or model that failed, in order of the names."""
        failed = _rescues(_calls(features))
        codes, names = pd.factorize(failed["name"].to_numpy(dtype=object), sort=True)
        at, trace_ids = pd.factorize(failed["trace_id"].to_numpy(dtype=object), sort=True)
        # each pair of a name and a trace, in that order, with the first failure of it
        pairs = codes * len(trace_ids) + at
        _, first, number = np.unique(pairs, return_index=True, return_inverse=True)
        rescued = np.bincount(number, failed["by"].isna()) == 0
        trace = at[first]
        stands = rescued & _stands(features, trace_ids, np.unique(trace[rescued]))[trace]
        rows = _rows(failed.iloc[first[stands]])
        for code, name in enumerate(names):
            of_name = codes[first] == code
            yield Case(
                pd.Index(trace_ids[trace[of_name]], dtype=object),
                rows[of_name[stands]].reset_index(drop=True),
                subject=str(name),
                statement=f"Failed calls of {name} are made good by a later call, and the answer stands.",
            )


def _stands(
    features: Features, trace_ids: npt.NDArray[np.object_], asked: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether the traces went well with an answer that stands; False for those not ``asked`` about."""
    well = succeeded(features).reindex(trace_ids, fill_value=False).to_numpy(dtype=bool)
    responses = features.traces["response"].reindex(trace_ids).to_numpy(dtype=object)
    result = np.zeros(len(trace_ids), dtype=bool)
    for place in asked[well[asked]]:
        text = str(responses[place])
        result[place] = bool(text.strip()) and not tells_failure(text) and not declined(text)
    return result


def _rows(first: pd.DataFrame) -> pd.DataFrame:
    """One row for each of these failed calls."""
    message = first["error_message"].astype(str).str.slice(0, 200)
    return affected_rows(
        first["trace_id"],
        first["trace_id"],
        first["span_id"],
        message.where(message != "", first["name"].astype(str) + " failed"),
        first["name"].astype(str)
        + " failed; "
        + first["by"].astype(str)
        + " then worked "
        + first["after"].fillna(0).round().astype(int).map("{:,}".format).astype(str)
        + " ms later, and the answer stands.",
    )


def _rescues(calls: pd.DataFrame) -> pd.DataFrame:
    """The failed calls, with ``by`` (name of the call that made it good, or None) and ``after`` (ms)."""
    fine = calls[~calls["failed"]]
    failed = calls[calls["failed"]]
    ways = []
    for column in ("name", "arguments_key"):
        pairs = (
            failed.loc[failed[column] != "", ["trace_id", column, "position", "start_ms"]]
            .reset_index()
            .merge(
                fine[["trace_id", column, "position", "start_ms"]].assign(by=fine["name"]),
                on=["trace_id", column],
                suffixes=("", "_later"),
            )
        )
        pairs = pairs[pairs["position_later"] > pairs["position"]]
        ways.append(pairs[["span", "by", "start_ms", "start_ms_later"]])
    found = pd.concat(ways).sort_values(["span", "start_ms_later"], kind="stable")
    found = found.drop_duplicates("span").set_index("span")
    return failed.assign(
        by=found["by"].reindex(failed.index).astype(object),
        after=(found["start_ms_later"] - found["start_ms"]).reindex(failed.index),
    )


@remembered
def _calls(features: Features) -> pd.DataFrame:
    """Calls in complete traces, of traces with a failed one only; in order of trace and position."""
    spans = features.spans
    called = features.ended & (features.is_call | features.is_model_call)
    with_failure = np.zeros(len(features.traces), dtype=bool)
    with_failure[features.trace_at[called & spans["failed"].to_numpy(dtype=bool)]] = True
    columns = [
        "trace_id",
        "span_id",
        "name",
        "arguments_key",
        "position",
        "start_ms",
        "failed",
        "error_message",
    ]
    chosen = spans[called & with_failure[features.trace_at]][columns]
    return chosen.sort_values(["trace_id", "position"], kind="stable")
