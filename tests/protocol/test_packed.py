"""Findings travel packed, and are what they were."""

from __future__ import annotations

import pickle
from dataclasses import replace

from mlflow_analysis.contract.writing import analysis_to_json
from mlflow_analysis.events import AnalysisReady, FindingReady, Progress
from mlflow_analysis.protocol.packed import Packing, packed_texts
from mlflow_analysis.review import Review
from sample_analysis import analysis, finding


def test_a_finding_arrives_equal_to_what_was_sent() -> None:
    found = finding()
    assert found.assessments and found.trace_ids and found.aliases

    sent = FindingReady(found)
    arrived = pickle.loads(pickle.dumps(Packing().of(sent)))

    assert arrived == sent
    assert hash(arrived.finding) == hash(found)
    assert arrived != FindingReady(replace(found, trace_ids=(*found.trace_ids, "tr-9")))
    assert tuple(arrived.finding.assessments) == found.assessments
    assert arrived.finding.assessments[0].rationale == found.assessments[0].rationale


def test_a_finding_that_comes_twice_is_packed_once() -> None:
    found, packing = finding(), Packing()
    alone = packing.of(FindingReady(found))
    with_all = packing.of(AnalysisReady(analysis(found)))
    assert isinstance(alone, FindingReady) and isinstance(with_all, AnalysisReady)
    assert with_all.analysis.findings[0] is alone.finding

    other = replace(found, trace_ids=("tr-9",))
    again = packing.of(FindingReady(other))
    assert again == FindingReady(other)


def test_an_analysis_makes_the_same_json() -> None:
    whole, review = analysis(finding()), Review(None, "")
    arrived = pickle.loads(pickle.dumps(Packing().of(AnalysisReady(whole))))
    assert analysis_to_json(arrived.analysis, review) == analysis_to_json(whole, review)


def test_packed_texts_are_a_sequence_and_nothing_is_made_to_count_them() -> None:
    texts = ("a", "b\n", "\ud800", "d")
    found = packed_texts(texts)
    assert len(found) == 4
    assert found._items is None
    assert (found[1], found[-1], found[1:3], "d" in found) == ("b\n", "d", ("b\n", "\ud800"), True)
    assert found == texts
    assert found != texts[:3]
    assert list(found) == list(texts)


def test_what_holds_no_findings_is_left_alone() -> None:
    event = Progress("reading spans", 1, 2, 1.0, None)
    assert Packing().of(event) is event
