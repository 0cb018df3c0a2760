"""Work that several hypotheses share on the same tables, done once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from mlflow_analysis.features.tables import Features

Result = TypeVar("Result")
_KEPT = "_remembered"


def remembered(compute: Callable[[Features], Result]) -> Callable[[Features], Result]:
    """Keeps what ``compute`` gives for a ``Features`` with it, as ``cached_property`` would.

    The result is shared: nobody may change it. It is let go with the tables.
    """
    name = f"{compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def once(features: Features) -> Result:
        kept: dict[str, Any] = vars(features).setdefault(_KEPT, {})
        if name not in kept:
            kept[name] = compute(features)
        result: Result = kept[name]
        return result

    return once
