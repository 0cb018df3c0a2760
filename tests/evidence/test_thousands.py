"""Numbers that people read have a comma at the thousands; those in JSON are numbers."""

from __future__ import annotations

import re

from mlflow_analysis.contract.writing import analysis_to_json
from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.hypotheses.catalogue import catalogue
from mlflow_analysis.purpose.draft import draft_purpose
from mlflow_analysis.review import Review
from sample_analysis import analysis
from trace_factory import EPOCH_MS, features_of, model, tool, trace

TRACES, EVERY = 2_400, 2
_RUN_TOGETHER = re.compile(r"(?<![\w.,:-])\d{4,}(?![\w:-])")
"""A number of four digits and more, and no date."""


def slow_charge(number: int) -> tuple[object, ...]:
    timed_out = ("TimeoutError", "timed out after 30 s")
    charge = tool("charge card", status="ERROR", exception=timed_out, ms=30_000)
    fine = tool("look up", ms=20)
    return (charge if number % EVERY == 0 else fine, fine, model("answer", ms=900))


def read_by_people(finding: Finding) -> list[str]:
    causes = [f"{each.mechanism}" for each in finding.root_causes]
    impact = finding.impact.reason if finding.impact else ""
    return [finding.statement, finding.reason, finding.recommendation, impact, *causes]


def test_counts_of_a_thousand_and_more_are_grouped_in_sentences_and_plain_in_json() -> None:
    features = features_of(
        *(
            trace(
                *slow_charge(number),  # type: ignore[arg-type]
                number=number,
                state="ERROR" if number % EVERY == 0 else "OK",
                start_ms=EPOCH_MS + number * 60_000,
                session=f"s{number // 2}",
            )
            for number in range(TRACES)
        )
    )
    findings, _ = conclude(catalogue(), features)
    timeout = next(each for each in findings if each.hypothesis == "timeout")
    assert timeout.verdict is Verdict.CONFIRMED
    assert re.search(r"\b1,200 of \d,\d{3} \w+ show it", timeout.statement), timeout.statement

    texts = [text for finding in findings for text in read_by_people(finding)]
    texts += [fact.basis + fact.value for fact in draft_purpose(features).facts]
    assert [text for text in texts if _RUN_TOGETHER.search(text)] == []

    (told,) = analysis_to_json(analysis(timeout), Review(None, ""))["findings"]
    assert told["affected"] == 1_200
