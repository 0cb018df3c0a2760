"""What a judge said, in the JSON, in both reports and read back; marked as the judge's, and inert."""

from __future__ import annotations

import json

import jsonschema

import sample_analysis as sample
from mlflow_analysis.contract import schema
from mlflow_analysis.contract.reading import analysis_from_json
from mlflow_analysis.contract.writing import analysis_to_json, to_text
from mlflow_analysis.report import render_html, render_markdown
from mlflow_analysis.review import Review
from mlflow_analysis.review.acceptance import AcceptPolicy


def test_the_json_is_valid_and_reads_back_as_it_was() -> None:
    analysis = sample.judged_analysis()
    content = json.loads(to_text(analysis_to_json(analysis, Review(None, "me"))))
    jsonschema.Draft202012Validator(schema()).validate(content)
    again = analysis_from_json(content)
    assert again.judge == analysis.judge
    assert again.findings[0].judge == analysis.findings[0].judge


def test_without_a_judge_the_json_does_not_speak_of_one() -> None:
    content = analysis_to_json(sample.analysis(sample.finding()), Review(None, "me"))
    assert "judge" not in content
    assert "judge" not in content["findings"][0]


def test_markdown_marks_it_and_escapes_it() -> None:
    text = render_markdown(
        sample.judged_analysis(), Review(None, "me"), accept=AcceptPolicy.CONFIRMED
    )
    assert "**The judge's view** (`openai:/m`; the verdict does not rest on it)" in text
    assert "Of 3 sampled traces it agreed with 1 and could not tell for 1" in text
    assert "the share would be 6.2% (1.0% to 15.0%)" in text
    assert "The \\*limit\\* is \\<i>low\\</i> \\[tr-1\\]." in text
    assert "**The judge's words** (`openai:/m`)" in text
    assert "<script>" not in text.replace("\\<script>", "")
    assert "`orders`: Order \\| status" in text
    assert "Everything that was sent is in /logs/judge.jsonl" in text
    assert "12 calls" in text
    assert "$0.0021" in text.replace("\\$", "$")


def test_html_marks_it_and_escapes_it() -> None:
    text = render_html(sample.judged_analysis(), Review(None, "me"), accept=AcceptPolicy.CONFIRMED)
    assert "<h4>The judge's view</h4>" in text
    assert "The *limit* is &lt;i&gt;low&lt;/i&gt; [tr-1]." in text
    assert "<script>" not in text


def test_reports_without_a_judge_say_nothing_of_one() -> None:
    analysis = sample.analysis(sample.finding())
    for render in (render_markdown, render_html):
        assert "The judge's" not in render(
            analysis, Review(None, "me"), accept=AcceptPolicy.CONFIRMED
        )
