"""Answers in spite of a failed call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import (
    AFFECTED_COLUMNS,
    Case,
    Hypothesis,
    Outcome,
    affected_rows,
)
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
        failed, rows = features.by_trace(_first_failures), features.by_trace(_recovered)
        for name, of_name in failed.groupby("name", sort=True):
            yield Case(
                pd.Index(of_name["trace_id"], dtype=object),
                rows.loc[rows["name"] == name, AFFECTED_COLUMNS],
                subject=str(name),
                statement=f"Failed calls of {name} are made good by a later call, and the answer stands.",
            )


def _first_failures(features: Features) -> pd.DataFrame:
    """The first failed call of each tool or model in each trace, in order of names and trace ids.

    ``stands``: whether all those of its name in its trace were made good, and the trace went well with an
    answer that stands.
    """
    failed = _rescues(_calls(features)).sort_values(["name", "trace_id"], kind="stable")
    made_good = failed["by"].notna().groupby([failed["name"], failed["trace_id"]]).transform("all")
    failed = failed.assign(stands=made_good).drop_duplicates(["name", "trace_id"])
    rescued = failed.loc[failed["stands"], "trace_id"].unique()
    return failed.assign(
        stands=failed["stands"] & failed["trace_id"].isin(_stand(features, rescued))
    )


def _stand(features: Features, trace_ids: npt.NDArray[np.object_]) -> list[str]:
    """Those of the traces that went well with an answer that stands."""
    well = succeeded(features).reindex(trace_ids, fill_value=False).to_numpy(dtype=bool)
    responses = features.traces["response"].reindex(trace_ids[well])
    return [
        str(trace_id)
        for trace_id, text in responses.items()
        if text.strip() and not tells_failure(text) and not declined(text)
    ]


def _recovered(features: Features) -> pd.DataFrame:
    """What is affected, with the ``name`` of what failed."""
    first = features.by_trace(_first_failures)
    first = first[first["stands"]]
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
    ).assign(name=first["name"].to_numpy())


def _rescues(calls: pd.DataFrame) -> pd.DataFrame:
    """The failed calls, with ``by`` (name of the call that made it good, or None) and ``after`` (ms)."""
    # numbers are compared quicker than texts; -1 is none
    calls = calls.assign(
        same_name=pd.factorize(calls["name"].where(calls["name"] != ""))[0],
        same_arguments=pd.factorize(calls["arguments_key"].where(calls["arguments_key"] != ""))[0],
    )
    fine = calls[~calls["failed"]]
    failed = calls[calls["failed"]]
    ways = []
    for column in ("same_name", "same_arguments"):
        pairs = (
            failed.loc[failed[column] >= 0, ["trace", column, "position", "start_ms"]]
            .reset_index()
            .merge(
                fine[["trace", column, "position", "start_ms"]].assign(by=fine["name"]),
                on=["trace", column],
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
    """Calls in complete traces, of traces with a failed one only."""
    spans = features.spans
    called = features.ended & (features.is_call | features.is_model_call)
    with_failure = np.zeros(len(features.traces), dtype=bool)
    with_failure[features.trace_at[called & spans["failed"].to_numpy(dtype=bool)]] = True
    columns = [
        "trace",
        "trace_id",
        "span_id",
        "name",
        "arguments_key",
        "position",
        "start_ms",
        "failed",
        "error_message",
    ]
    return spans[called & with_failure[features.trace_at]][columns]
