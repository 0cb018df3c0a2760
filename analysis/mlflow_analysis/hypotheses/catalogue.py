"""Every hypothesis there is, found by looking into the four folders."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from mlflow_analysis.hypotheses import operational, performance, quality, strengths
from mlflow_analysis.hypotheses.base import Hypothesis


@cache
def catalogue() -> tuple[Hypothesis, ...]:
    """One instance of each hypothesis, by family and then by id.

    Raises ``ValueError`` if two hypotheses have one id.
    """
    found: dict[str, Hypothesis] = {}
    for family in (operational, performance, quality, strengths):
        of_family: list[Hypothesis] = []
        for module_info in pkgutil.iter_modules(family.__path__, family.__name__ + "."):
            module = importlib.import_module(module_info.name)
            of_family += [
                member()
                for member in vars(module).values()
                if isinstance(member, type)
                and issubclass(member, Hypothesis)
                and member.__module__ == module.__name__
                and not member.__name__.startswith("_")
            ]
        for hypothesis in sorted(of_family, key=lambda each: each.id):
            if hypothesis.id in found:
                raise ValueError(f"Two hypotheses have the id {hypothesis.id!r}.")
            found[hypothesis.id] = hypothesis
    return tuple(found.values())


def by_id(hypothesis_id: str) -> Hypothesis:
    """The hypothesis of that id. Raises ``KeyError`` with the id if there is none."""
    return next((each for each in catalogue() if each.id == hypothesis_id), None) or _unknown(
        hypothesis_id
    )


def _unknown(hypothesis_id: str) -> Hypothesis:
    raise KeyError(hypothesis_id)
