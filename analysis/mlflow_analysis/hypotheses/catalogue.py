"""Every hypothesis there is, found by looking into the four folders."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
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


def in_order_of_work(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Those that another names as its ``counterpart`` right before it, the others in their order.

    So whoever divides the work between processes has what both rest on worked out by one of them.
    """
    before = {each.counterpart: number for number, each in enumerate(hypotheses)}
    places = [before.get(each.id, number) for number, each in enumerate(hypotheses)]
    return [hypotheses[number] for number in sorted(range(len(places)), key=places.__getitem__)]


def by_id(hypothesis_id: str) -> Hypothesis:
    """The hypothesis of that id. Raises ``KeyError`` with the id if there is none."""
    return next((each for each in catalogue() if each.id == hypothesis_id), None) or _unknown(
        hypothesis_id
    )


def _unknown(hypothesis_id: str) -> Hypothesis:
    raise KeyError(hypothesis_id)
