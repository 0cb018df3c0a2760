"""Values as JSON has them: printable text, stable floats, ``None`` for what is no number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mlflow_analysis.findings.assessed import columns_of
from mlflow_analysis.findings.examples import TraceAssessment
from mlflow_analysis.untrusted import printable


class Plain(dict[str, str]):
    """Texts and what they look like when printable: an analysis repeats itself."""

    def __missing__(self, text: str) -> str:
        shown = self[text] = printable(text)
        return shown

    def of(self, value: Any) -> Any:
        """A JSON value with printable text, stable floats, no numbers as ``None``."""
        if isinstance(value, str):
            return self[value]
        if isinstance(value, float):
            return _stable(value)
        if isinstance(value, dict):
            return {self[str(key)]: self.of(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(item) for item in value]
        return value

    def ids(self, ids: Sequence[str]) -> list[str]:
        """Ids as they look when printable. There may be one for each trace, so all are looked at together."""
        together = "".join(ids)
        if printable(together) == together:
            return list(ids)
        return list(map(self.__getitem__, ids))

    def assessments(self, assessments: Sequence[TraceAssessment]) -> list[dict[str, str]]:
        """Assessments as objects: there may be one for each trace, too."""
        trace_ids, span_ids, names, rationales = columns_of(assessments)
        columns = (
            self.ids(trace_ids),
            self.ids(span_ids),
            *(map(self.__getitem__, texts) for texts in (names, rationales)),
        )
        return [
            {"trace_id": trace_id, "span_id": span_id, "name": name, "rationale": rationale}
            for trace_id, span_id, name, rationale in zip(*columns, strict=True)
        ]


def _stable(value: float) -> float | None:
    """Six significant digits: more would be noise. What is no number is ``None``."""
    if not math.isfinite(value):
        return None
    # all digits of a count; a sum of tokens has more than six. Adding 0.0 turns -0.0 into 0.0.
    return (value if value.is_integer() else float(f"{value:.6g}")) + 0.0
