"""What a model call cost, and how much of its input the provider had cached.

MLflow 3 records ``mlflow.llm.cost`` on a span and ``mlflow.trace.cost`` on a trace, both US dollars as
``{"input_cost", "output_cost", "total_cost"}``, and cached input within the token usage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mlflow_analysis.features.payload import parsed

Cost = tuple[float | None, float | None]
"""For the input, and in all; US dollars."""

_USAGE_KEY, _COST_KEY, _TRACE_COST_KEY = (
    "mlflow.chat.tokenUsage",
    "mlflow.llm.cost",
    "mlflow.trace.cost",
)
_CACHED_KEYS = (
    "gen_ai.usage.cache_read.input_tokens",
    "llm.token_count.prompt_details.cache_read",
)


def cached_tokens(attributes: Mapping[str, Any]) -> float | None:
    """Input tokens of a model call that were read from the provider's cache; ``None`` if not told."""
    usage = parsed(attributes.get(_USAGE_KEY))
    told = _amount(usage.get("cache_read_input_tokens")) if isinstance(usage, dict) else None
    for key in _CACHED_KEYS:
        if told is None and key in attributes:
            told = _amount(attributes[key])
    return told


def span_cost(attributes: Mapping[str, Any]) -> Cost:
    """The cost of one model call."""
    return _cost(attributes.get(_COST_KEY))


def trace_cost(metadata: Mapping[str, str]) -> Cost:
    """The cost of a trace as recorded on the trace itself."""
    return _cost(metadata.get(_TRACE_COST_KEY))


def _cost(recorded: Any) -> Cost:
    if recorded is None:
        return None, None
    told = parsed(recorded)
    if not isinstance(told, dict):
        return None, None
    of_input, total = _amount(told.get("input_cost")), _amount(told.get("total_cost"))
    if total is None:
        of_output = _amount(told.get("output_cost"))
        if of_input is not None or of_output is not None:
            total = (of_input or 0.0) + (of_output or 0.0)
    return of_input, total


def _amount(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value < math.inf else None
