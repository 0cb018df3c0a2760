"""What was planted where: the answer sheet of a generated set of traces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlflow_analysis.demo.faults import ALL_FAULTS, Fault


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """A fault and the traces that show it."""

    fault: Fault
    trace_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that was planted."""

    planted: tuple[PlantedFault, ...]

    @property
    def expected(self) -> frozenset[str]:
        """Ids of the hypotheses that are true of these traces, planted or as a consequence."""
        return frozenset(
            hypothesis
            for each in self.planted
            for hypothesis in (each.fault.hypothesis, *each.fault.also_shows_as)
        )

    def by_hypothesis(self, hypothesis: str) -> PlantedFault:
        """What was planted for a hypothesis. Raises ``KeyError`` if nothing was."""
        for each in self.planted:
            if each.fault.hypothesis == hypothesis:
                return each
        raise KeyError(hypothesis)


def manifest_of(faults: Sequence[Fault], shown: Iterable[tuple[str, frozenset[str]]]) -> Manifest:
    """From the ids of the faults that show in each trace."""
    traces: dict[str, list[str]] = {fault.id: [] for fault in faults}
    for trace_id, ids in shown:
        for fault_id in ids:
            traces[fault_id].append(trace_id)
    return Manifest(tuple(PlantedFault(fault, tuple(traces[fault.id])) for fault in faults))


def to_json(manifest: Manifest) -> str:
    """The fault ids and their traces."""
    return json.dumps({each.fault.id: list(each.trace_ids) for each in manifest.planted}, indent=1)


def from_json(text: str) -> Manifest:
    """The manifest that ``to_json`` wrote. Raises ``KeyError`` for a fault that is no longer known."""
    traces: Mapping[str, list[str]] = json.loads(text)
    known = {fault.id: fault for fault in ALL_FAULTS}
    return Manifest(tuple(PlantedFault(known[key], tuple(ids)) for key, ids in traces.items()))
