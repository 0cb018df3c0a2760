"""A model that writes slowly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pandas as pd

from mlflow_analysis.features.tables import Features, Field
from mlflow_analysis.findings.kinds import Category, Severity, Unit
from mlflow_analysis.hypotheses.base import Case, Hypothesis, Rule
from mlflow_analysis.hypotheses.performance.critical_path import NOTHING, dominance, model_calls

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
    One case for each model. Eligible: ended traces that call it, at least 10. A call is out of line if it
    lasts at least 1 s and takes 3 times as long as this model's median call and, where output tokens were
    recorded, 3 times as long for each of them as in this model's median call; or the model's median
    output tokens a second are less than a third of the median over the other models' medians; or its
    median call takes at least 5 s and gives fewer than 5.5 tokens a second. The effect is the
    critical-path time of such calls over the duration of the calling traces, with the interval and the
    rule of slow-tool: confirmed if its lower bound is above 25 %, refuted if its upper bound is below
    10 %. Affected: traces where they hold more than 25 %. Impact: a replay with the out-of-line calls at
    the model's own median speed for the tokens they gave (without token counts, its median duration).

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
        return pd.Index(
            traces.loc[(traces["model_calls"] > 0) & (traces["duration_ms"] > 0), "place"]
        )

    def affected(self, features: Features) -> pd.DataFrame:
        """Traces that any model dominates."""
        return pd.concat([case.affected for case in self.cases(features)] or [NOTHING])

    def cases(self, features: Features) -> Iterable[Case]:
        """One case for each model, in order of the names."""
        calls = features.shared(model_calls)
        tokens = features.spans["output_tokens"].to_numpy(dtype=float)[calls.row]
        speed = np.where(tokens > 0, tokens, np.nan) / (calls.ms / 1000)
        own, medians = calls.medians(speed), calls.medians(calls.ms)
        slow, why = [], []
        for number in range(len(calls.names)):
            is_slow, reason = _slow_throughout(own, number, medians[number])
            slow.append(is_slow)
            why.append(reason)
        by_time = calls.ms / medians[calls.code]
        by_speed = np.where(np.isnan(speed), by_time, own[calls.code] / speed)
        # A short output makes tokens per second small without anything being slow.
        late = (by_speed >= _SLOWER) & (by_time >= _SLOWER)
        out_of_line = (calls.ms >= _FELT_MS) & (late | np.array(slow, dtype=bool)[calls.code])
        usual = np.where(np.isnan(speed), medians[calls.code], 1000 * tokens / own[calls.code])
        yield from dominance(features, calls, out_of_line, usual, why)


def _slow_throughout(speeds: np.ndarray, number: int, median_ms: float) -> tuple[bool, str]:
    """Whether a model is slow in its median call, and what is out of line with it."""
    own, others = float(speeds[number]), np.delete(speeds, number)
    others = others[~np.isnan(others)]
    usual = float(np.median(others)) if len(others) else np.nan
    if own < usual / _SLOWER:
        return True, f"it gives {own:.1f} output tokens a second, the other models {usual:.1f}"
    if median_ms >= _ATTENTION_MS and own < _READING_SPEED:
        return True, f"it gives {own:.1f} output tokens a second, less than people read"
    return (
        False,
        f"its slow calls take {_SLOWER:.0f} times as long for their length as its median call",
    )
