"""A model that writes slowly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule, affected_rows
from mlflow_analysis.hypotheses.performance.slow_tool import dominance

_FELT_MS = 1_000.0
_SLOWER = 3.0
_READING_SPEED = 5.5
_ATTENTION_MS = 5_000.0


class SlowModel(Hypothesis):
    """A model takes out-of-line time on the critical path.

    ## Why it matters
    Most of an answer's time is a model writing. That is usual and no fault; it is one where this model
    writes much more slowly than the others in use, than itself at other times, or than people read.

    ## Test
    One case for each model called in at least 10 traces. A call is out of line if it lasts at least 1 s and
    takes 3 times as long as this model's median call, also per output token where tokens were recorded;
    or the model's median speed is less than a third of the other models'; or its median call takes at
    least 5 s and gives fewer than 5.5 tokens a second. The effect is the share of the calling traces'
    duration that such calls hold on the critical path, with a cluster-bootstrap interval. Confirmed if
    its lower bound is above 25 %, refuted if its upper bound is below 10 %. Affected: traces where they
    hold more than 25 %.

    ## Not flagged
    A model that holds most of the path at a usual speed; long answers (verbose-response); many calls
    (llm-round-trips); models called in fewer than 10 traces.

    ## Recommendation
    Use a smaller or nearer model for the steps that allow it, stream, shorten the output, cache the
    prompt's prefix; ask the provider about the slow periods.

    ## Sources
    Brysbaert 2019, How many words do we read per minute? J. Memory and Language 109 (238 words a minute,
    about 5.5 tokens a second). Agrawal et al. 2024, Etalon: metrics for LLM inference, arXiv:2407.07000.
    Nielsen 1993, Usability Engineering, ch. 5.
    """

    id: ClassVar[str] = "slow-model"
    title: ClassVar[str] = "Slow model"
    category: ClassVar[Category] = Category.PERFORMANCE
    unit: ClassVar[Unit] = Unit.TRACE
    severity: ClassVar[Severity] = Severity.MEDIUM
    rule: ClassVar[Rule] = Rule.EFFECT
    minimum_effect: ClassVar[float] = 0.25
    refuted_below: ClassVar[float | None] = 0.10
    needs: ClassVar[frozenset[Field]] = frozenset(
        {Field.MODEL_SPANS, Field.DURATIONS, Field.DURATIONS_MEASURED}
    )
    not_causes: ClassVar[frozenset[str]] = frozenset({"model"})
    live: ClassVar[bool] = False

    def eligible(self, features: Features) -> pd.Index:
        """Ended traces that call a model."""
        traces = features.complete
        return traces.index[(traces["model_calls"] > 0) & (traces["duration_ms"] > 0)]

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces that any model dominates."""
        tables = [case.affected for case in self.cases(features)]
        return (
            pd.concat(tables) if tables else affected_rows(pd.Index([]), pd.Index([]), "", "", "")
        )

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each model, in order of the names."""
        calls = features.model_calls
        calls = calls[calls["trace_id"].isin(self.eligible(features)) & (calls["duration_ms"] > 0)]
        calls = calls.assign(
            speed=calls["output_tokens"].where(calls["output_tokens"] > 0)
            / (calls["duration_ms"] / 1000)
        )
        speeds = calls.groupby("model")["speed"].median()
        for model, of_model in calls.groupby("model", sort=True):
            own = float(speeds[model])
            others = speeds.drop(model).dropna()
            median_ms = float(of_model["duration_ms"].median())
            usual = float(others.median()) if len(others) else np.nan
            name = str(model) or "the model"
            if own < usual / _SLOWER:
                slow, why = (
                    True,
                    f"it gives {own:.1f} output tokens a second, the other models {usual:.1f}",
                )
            elif median_ms >= _ATTENTION_MS and own < _READING_SPEED:
                slow, why = (
                    True,
                    f"it gives {own:.1f} output tokens a second, less than people read",
                )
            else:
                slow, why = (
                    False,
                    (
                        f"its slow calls take {_SLOWER:.0f} times as long for their length as its median call"
                    ),
                )
            by_speed = own / of_model["speed"]
            by_time = of_model["duration_ms"] / median_ms
            late = by_speed.where(of_model["speed"].notna(), by_time) >= _SLOWER
            # A short output makes tokens per second small without anything being slow.
            late &= by_time >= _SLOWER
            yield dominance(
                features, name, of_model, (of_model["duration_ms"] >= _FELT_MS) & (late | slow), why
            )
