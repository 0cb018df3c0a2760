"""Claims of the user's own: which traces they choose, what they contrast, and what they say."""

from __future__ import annotations

import pytest

from mlflow_analysis.brief.focus import parse
from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady
from mlflow_analysis.evidence.weighing import conclude
from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Category, Unit, Verdict
from mlflow_analysis.hypotheses.own import own_hypothesis
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.source import RecordedTraces
from stores import HOSTILE
from trace_factory import features_of, feedback, model, tool, trace


def shop(count: int = 120) -> list[TraceRecord]:
    """Every third trace is about a refund; those fail half of the time (all in the EU) and are slow."""
    records = []
    for n in range(count):
        refund = n % 3 == 0
        fails = refund and n % 2 == 0
        call = tool(
            "refund_service" if refund else "order_lookup",
            status="ERROR" if fails else "OK",
            message="ledger closed" if fails else "",
            ms=4_000.0 if refund else 800.0,
            outputs=None if fails else {"state": "paid back" if refund else "shipped"},
        )
        records.append(
            trace(
                model("plan", tokens=(900 if refund else 100, 20)),
                call,
                request=f"I want a Refund for order {n}" if refund else f"Where is order {n}?",
                response="" if fails else "It is done.",
                state="ERROR" if fails else "OK",
                session=f"session-{n % 40}",
                tags={"region": "eu" if fails else "us" if n % 5 else "eu"},
                assessments=[feedback("helpful", not refund)],
                number=n + 1,
            )
        )
    return records


@pytest.fixture(scope="module")
def features() -> Features:
    return features_of(*shop())


def asked(features: Features, text: str, selected: frozenset[str] | None = None) -> Finding:
    findings, _ = conclude([own_hypothesis(parse(text), selected)], features)
    (finding,) = findings
    return finding


def test_failures_are_contrasted_with_those_of_the_other_traces(features: Features) -> None:
    finding = asked(features, "refund")
    assert finding.category is Category.USER
    assert finding.unit is Unit.TRACE
    assert finding.title == "More failures with “refund”"
    assert finding.verdict is Verdict.CONFIRMED
    assert (finding.affected, finding.eligible) == (40, 120)
    assert 0.2 < finding.interval[0] < 1 / 3 < finding.interval[1] < 0.5
    assert finding.effect is not None
    assert finding.effect.kind == "risk difference"
    assert (finding.effect.value, finding.effect.baseline) == (0.5, 0.0)
    assert 0.3 < finding.effect.interval[0] < 0.5 < finding.effect.interval[1] < 0.7
    assert finding.statement.startswith(
        "Of the 40 traces with “refund”, 20 failed (50.0%); of the other 80, 0 (0.0%)."
    )
    assert len(finding.trace_ids) == len(finding.assessments) == 40


def test_root_causes_tell_the_failing_ones_from_the_others_that_match(features: Features) -> None:
    finding = asked(features, "refund")
    (cause, *_) = finding.root_causes
    assert (cause.attribute, cause.value, cause.share) == ("tag.region", "eu", 1.0)
    assert "that failed" in finding.recommendation
    assert all("it failed" in example.rationale for example in finding.examples)


def test_an_excerpt_is_where_the_word_stands(features: Features) -> None:
    for example in asked(features, "refund").examples:
        text = features.traces.loc[example.trace_id, "request"]
        assert text[example.excerpt_offset :].startswith(example.excerpt)
        assert "Refund" in example.excerpt
        assert "Its request holds “Refund”" in example.rationale


@pytest.mark.parametrize(
    ("outcome", "low", "high", "unit"),
    [("latency", 2.5, 6.0, " s at the median"), ("tokens", 5.0, 10.0, " tokens at the median")],
)
def test_amounts_are_contrasted_as_a_ratio_of_medians(
    features: Features, outcome: str, low: float, high: float, unit: str
) -> None:
    finding = asked(features, f"refund -> {outcome}")
    assert finding.verdict is Verdict.CONFIRMED
    assert finding.effect is not None
    assert finding.effect.kind == "ratio of medians"
    assert low < finding.effect.value < high
    assert unit in finding.statement


def test_an_assessment_is_an_outcome(features: Features) -> None:
    finding = asked(features, "refund -> helpful")
    assert finding.title == "Assessment “helpful” fails more often with “refund”"
    assert finding.verdict is Verdict.CONFIRMED
    assert finding.effect is not None
    assert finding.effect.value == 1.0


def test_what_makes_no_difference_is_refuted() -> None:
    records = [
        trace(state="OK" if n % 20 else "ERROR", number=n + 1, request=f"order {n}")
        for n in range(600)
    ]
    half = [record.info.trace_id for n, record in enumerate(records) if n // 20 % 2]
    finding = asked(features_of(*records), "filter: tags.half = 'one'", frozenset(half))
    assert finding.affected == 300
    assert finding.verdict is Verdict.REFUTED
    assert not finding.root_causes


def test_better_than_the_others_is_no_confirmation(features: Features) -> None:
    assert asked(features, "where").verdict is Verdict.REFUTED


def test_the_filters_answer_and_the_words_must_both_hold(features: Features) -> None:
    ids = features.traces.index
    chosen = frozenset(ids[:60])
    finding = asked(features, "filter: tags.region = 'eu' words: refund", chosen)
    assert finding.affected == 20
    assert set(finding.trace_ids) <= chosen
    alone = asked(features, "filter: tags.region = 'eu'", chosen)
    assert alone.affected == 60
    assert "one of those where tags.region = 'eu'" in alone.examples[0].rationale


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("REFUND order", 40),
        ("refund shipped", 0),
        ("fund", 0),
        ('"order 5"', 11),  # 5, 50 … 59
        ('"is order"', 80),
        ("the refunds", 40),
        ("shipped in: tools", 80),
        ("shipped in: request, response", 0),
        ("ledger", 20),
        ("ledger in: tools", 0),
        ("order#", 0),
    ],
)
def test_words_are_found_at_the_start_of_words_and_all_are_required(
    features: Features, words: str, count: int
) -> None:
    text = words if " in:" not in words else "words: " + words
    assert asked(features, text).affected == count


def test_words_of_a_script_without_spaces_are_found_anywhere() -> None:
    records = [
        trace(request="注文の返金をお願いします" if n % 2 else "在庫はありますか", number=n + 1)
        for n in range(20)
    ]
    assert asked(features_of(*records), "返金").affected == 10


def test_words_that_stand_in_error_messages_come_with_failing(features: Features) -> None:
    assert "failing comes with them by itself" in asked(features, "ledger").statement
    assert "by itself" not in asked(features, "refund").statement


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("unicorn", "None of 120 traces matches “unicorn”. Try fewer words"),
        ("order", "All 120 traces match, so there are no others to compare with"),
        ('"order 119"', "Only 1 of 120 traces match; 5 are needed"),
        ("refund -> kindness", "No trace carries an assessment “kindness”. Outcomes are failure, "
         "latency, tokens, “helpful”."),
    ],
)  # fmt: skip
def test_what_cannot_be_tested_says_why_and_what_to_do(
    features: Features, text: str, reason: str
) -> None:
    finding = asked(features, text)
    assert finding.verdict is Verdict.NOT_TESTABLE
    assert reason in finding.reason


def test_the_fingerprint_is_that_of_what_is_asked(features: Features) -> None:
    fewer = features_of(*shop(60))
    assert asked(features, "refund").fingerprint == asked(fewer, "  Refunds ").fingerprint
    others = {
        asked(features, text).fingerprint for text in ("refund", "refund -> latency", "order")
    }
    assert len(others) == 3


def analysed(records: list[TraceRecord], *focus: str) -> Analysis:
    options = AnalysisOptions(focus=[parse(text) for text in focus])
    *_, last = analyze(RecordedTraces(records), options)
    assert isinstance(last, AnalysisReady)
    return last.analysis


def test_asking_takes_nothing_from_the_other_findings() -> None:
    records = shop()
    plain = analysed(records)
    more = analysed(records, "refund", "refund -> latency", "refund", "unicorn")
    own = [each for each in more.findings if each.category is Category.USER]
    assert len(own) == 3, "what is asked twice is tested once"
    assert [each for each in more.findings if each.category is not Category.USER] == list(
        plain.findings
    )
    assert more.tests_run > plain.tests_run


def test_traces_in_memory_cannot_be_filtered_and_the_finding_says_so() -> None:
    (own,) = [
        each
        for each in analysed(shop(40), "filter: tags.region = 'eu'").findings
        if each.category is Category.USER
    ]
    assert own.verdict is Verdict.NOT_TESTABLE
    assert own.reason == "Traces in memory cannot be filtered. Filter them before."
    assert own.affected == 0


def test_hostile_words_are_only_text(features: Features) -> None:
    finding = asked(features, HOSTILE + " (.* [a-")
    assert finding.verdict is Verdict.NOT_TESTABLE
    assert "\x1b" not in finding.title + finding.statement + finding.reason
