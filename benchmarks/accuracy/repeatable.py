"""Same traces, same bytes: once more, and in another order."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from random import Random

from benchmarks.accuracy.planting import Scenario
from benchmarks.accuracy.scoring import analyse
from mlflow_analysis.findings.analysis import Analysis


@dataclass(frozen=True)
class BytesOutcome:
    """Whether two more runs said the same."""

    generator: str
    again: bool
    shuffled: bool


def score_bytes(scenario: Scenario) -> BytesOutcome:
    """Three analyses of one scenario."""
    shuffled = list(scenario.records)
    Random(1).shuffle(shuffled)
    first, again, other = (
        _content(analyse(records)) for records in (scenario.records, scenario.records, shuffled)
    )
    return BytesOutcome(scenario.generator.id, first == again, first == other)


def _content(analysis: Analysis) -> str:
    return json.dumps(asdict(replace(analysis, timings={})))
