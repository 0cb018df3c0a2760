"""The report holds what was accepted, in rank order, and says what it leaves out."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import sample_analysis as sample
from mlflow_analysis.findings.evidence import Effect
from mlflow_analysis.findings.kinds import Category
from mlflow_analysis.report import SECTIONS, ReportExists, render_markdown, write_report
from mlflow_analysis.review import Decision, Review
from mlflow_analysis.review.acceptance import AcceptPolicy


def _sections(text: str) -> dict[str, str]:
    """Heading of each second-level section, and what stands in it."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _review(**decisions: Decision) -> Review:
    review = Review(None, "me")
    for fingerprint, decision in decisions.items():
        reason = "by design" if decision is Decision.REJECTED else ""
        review.decide(sample.finding(fingerprint=fingerprint), decision, reason, "as agreed")
    return review


def test_every_section_is_there_in_order() -> None:
    text = render_markdown(sample.analysis(sample.finding()), Review(None, "me"))
    # What the user asked has a section only where something was asked, what is new since the last review
    # only where there was one.
    sometimes = {SECTIONS["asked"], SECTIONS["since"]}
    assert list(_sections(text)) == [name for name in SECTIONS.values() if name not in sometimes]


def test_only_the_accepted_are_issues_and_they_keep_their_rank() -> None:
    findings = [
        sample.finding(fingerprint=name, title=f"Issue {name}")
        for name in ("first", "second", "third")
    ]
    review = _review(first=Decision.ACCEPTED, second=Decision.REJECTED)
    sections = _sections(render_markdown(sample.analysis(*findings), review))
    assert "### Issue first" in sections["Accepted issues"]
    assert "second" not in sections["Accepted issues"]
    assert "third" not in sections["Accepted issues"]
    assert "Issue third" in sections["Not decided"]
    assert "Issue second | by design | as agreed" in sections["Rejected"]
    assert "Issue second" not in sections["Recommendations"]


def test_confirmed_findings_are_accepted_unless_rejected_and_it_says_so() -> None:
    findings = [sample.finding(fingerprint=name, title=f"Issue {name}") for name in ("one", "two")]
    text = render_markdown(
        sample.analysis(*findings), _review(two=Decision.REJECTED), accept=AcceptPolicy.CONFIRMED
    )
    assert "### Issue one" in text
    assert "### Issue two" not in text
    assert "Not reviewed by a person" in text


def test_an_issue_carries_its_evidence() -> None:
    issue = _sections(
        render_markdown(
            sample.analysis(sample.finding()),
            Review(None, "me"),
            accept=AcceptPolicy.CONFIRMED,
        )
    )["Accepted issues"]
    for expected in (
        "12 of 96 sessions (12.5%, 95% interval 7.3% to 20.6%)",
        "**Severity:** high",
        "risk difference +42.0 points (95% interval +31.0 to +53.0), against 4.0% in the rest",
        "`lookup_order`: 100% of the affected, 6.1 times",
        "because the call returned 429",
        "at least 7 traces of this window; 5 failed traces",
        "Back off with jitter",
        "Where is my order 1234?",
        "429 Too Many Requests",
        "| `lookup_order` | 31 ms | ERROR |",
        "| `tr-00000000000000000000000000000001` | lookup_order answered 429 after 30 ms. |",
        "4 more in the JSON export",
        "formed on one half of the sessions, tested on the other; both halves of the sessions show it",
        "correctness fails in 50.0% of 12 sessions with it and 20.0% of 80 without: +30.0 points",
        "(95% interval +6.0 to +53.0, q = 0.064), associated with worse outcomes",
        "**Also found as:** Calls are repeated at once (11 of 120 traces, at the same places)",
    ):
        assert expected in issue
    assert "Part of" not in issue


def test_an_issue_names_what_it_is_a_part_of() -> None:
    parent = sample.finding(
        fingerprint="error-burst-77bb",
        title="Failures come in a burst",
        parent="",
        replicates=False,
    )
    text = render_markdown(
        sample.analysis(sample.finding(), parent), Review(None, "me"), accept=AcceptPolicy.CONFIRMED
    )
    assert "- **Part of:** Failures come in a burst, which nearly all" in text
    assert "only one half of the sessions shows it" in text


def test_a_rank_that_moves_a_little_moves_nothing_in_the_report() -> None:
    def report(**scores: float) -> str:
        findings = [
            sample.finding(
                fingerprint=name,
                title=f"Issue {name}",
                impact=replace(sample.finding().impact, score=score),  # type: ignore[type-var]
            )
            for name, score in sorted(scores.items(), key=lambda each: -each[1])
        ]
        text = render_markdown(
            sample.analysis(*findings), Review(None, "me"), accept=AcceptPolicy.CONFIRMED
        )
        return re.sub(r"(?m)^- \*\*Rank:.*$", "", text)

    before = report(one=40.0, two=35.0, three=9.0)
    assert report(one=36.0, two=41.0, three=10.0) == before
    headings = re.findall(r"(?m)^### (.+)$", report(one=40.0, two=35.0, three=90.0))
    assert headings == ["Issue three", "Issue one", "Issue two"]


def test_a_new_issue_adds_lines_and_changes_none_below() -> None:
    def report(*names: str) -> list[str]:
        findings = [sample.finding(fingerprint=name, title=f"Issue {name}") for name in names]
        analysis = sample.analysis(*findings)
        text = render_markdown(analysis, Review(None, "me"), accept=AcceptPolicy.CONFIRMED)
        return _sections(text)["Accepted issues"].splitlines()

    changes = list(difflib.ndiff(report("b", "c"), report("a", "b", "c")))
    assert "+ ### Issue a" in changes
    assert not [line for line in changes if line.startswith("- ")]


def test_what_is_not_confirmed_is_named_briefly() -> None:
    text = render_markdown(
        sample.analysis(sample.refuted(), sample.inconclusive(), sample.not_testable()),
        Review(None, "me"),
    )
    section = _sections(text)["Refuted, inconclusive and not testable"]
    assert "Calls run into a time limit: 0 of 96 sessions (0%, 95% interval 0% to 0.8%)" in section
    assert "needs about 140 sessions more" in section
    assert "no span carries token usage" in section


def test_a_family_tells_what_is_open_only_if_it_was_seen() -> None:
    seen = sample.inconclusive()
    unseen = replace(
        seen, fingerprint="unseen", hypothesis="cold-start", title="Never seen", affected=0
    )
    sections = _sections(render_markdown(sample.analysis(seen, unseen), Review(None, "me")))
    assert seen.title in sections["Performance"]
    assert unseen.title not in sections["Performance"]
    named = sections["Refuted, inconclusive and not testable"].splitlines()
    (line,) = [line for line in named if unseen.title in line]
    assert line.endswith("needs about 140 sessions more")
    assert seen.reason not in line  # which would say again what the frequency says
    assert any(seen.reason in line for line in named)
    measured = replace(unseen, effect=Effect("risk difference", 0.01, (-0.1, 0.1)))
    text = render_markdown(sample.analysis(measured), Review(None, "me"))
    assert seen.reason in text  # the frequency says nothing of the effect
    alone = _sections(render_markdown(sample.analysis(unseen), Review(None, "me")))
    assert "nothing that is open was seen" in alone["Performance"]


def test_subjects_of_one_refuted_hypothesis_share_a_line() -> None:
    tools = [
        replace(sample.refuted(), fingerprint=name, title=f"Slow tool: {name}", subject=name)
        for name in ("search", "lookup")
    ]
    section = _sections(render_markdown(sample.analysis(*tools), Review(None, "me")))[
        "Refuted, inconclusive and not testable"
    ]
    assert "- Slow tool: lookup 0 of 96; search 0 of 96 sessions" in section


def test_a_cause_that_chance_explains_is_left_out() -> None:
    plain = sample.finding()
    chance = replace(plain.root_causes[0], value="by_chance", q_value=0.4)
    text = render_markdown(
        sample.analysis(replace(plain, root_causes=(*plain.root_causes, chance))),
        Review(None, "me"),
        accept=AcceptPolicy.CONFIRMED,
    )
    assert "by_chance" not in text


def test_one_rationale_for_all_is_said_once() -> None:
    plain = sample.finding()
    same = tuple(replace(each, rationale="They all failed.") for each in plain.assessments)
    text = render_markdown(
        sample.analysis(replace(plain, assessments=same)),
        Review(None, "me"),
        accept=AcceptPolicy.CONFIRMED,
    )
    assert text.count("They all failed.") == 1
    assert f"- `{same[7].trace_id}`" in text


def test_strengths_are_apart_from_issues() -> None:
    sections = _sections(
        render_markdown(
            sample.analysis(sample.strength()), Review(None, "me"), accept=AcceptPolicy.CONFIRMED
        )
    )
    assert "No issue is accepted" in sections["Accepted issues"]
    assert "One tool goes with better outcomes" in sections["Strengths"]


def test_accepted_before_and_gone_now_is_not_an_issue() -> None:
    gone = replace(sample.refuted(), fingerprint="gone")
    sections = _sections(render_markdown(sample.analysis(gone), _review(gone=Decision.ACCEPTED)))
    assert "Accepted before, not seen now" in sections["Accepted issues"]
    assert "### Calls" not in sections["Accepted issues"]


def test_an_empty_experiment_gives_a_whole_report() -> None:
    empty = sample.analysis(traces_read=0, traces_total=0, skipped=(), notes=())
    statistics = replace(
        empty.statistics,
        success_rate=None,
        latency_ms={"mean": None, "p50": None, "p95": None, "p99": None},
        failures_by_duration={},
        errors=(),
        tokens={},
    )
    text = render_markdown(replace(empty, statistics=statistics), Review(None, "me"))
    assert "None" not in text.replace("None: no issue is accepted.", "").replace("\nNone.\n", "")


def test_hostile_text_from_traces_makes_no_structure() -> None:
    hostile = "\n\n# Forged\n\n<script>x</script> [l](https://example.org) | `a` ```\n```` \x1b[2J"
    plain = sample.finding(category=Category.QUALITY)
    forged = replace(
        plain,
        title=hostile,
        statement=hostile,
        recommendation=hostile,
        why=hostile,
        assessments=tuple(
            replace(each, rationale=hostile + each.trace_id) for each in plain.assessments
        ),
        examples=tuple(
            replace(
                each,
                request=hostile,
                response=hostile + "x",
                excerpt=hostile + "y",
                rationale=hostile,
            )
            for each in plain.examples
        ),
        root_causes=tuple(
            replace(each, attribute=hostile, value=hostile, mechanism=hostile)
            for each in plain.root_causes
        ),
    )

    def structure(analysis_of: object) -> list[str]:
        parser = MarkdownIt("gfm-like", {"linkify": True, "html": True})
        text = render_markdown(analysis_of, Review(None, "me"), accept=AcceptPolicy.CONFIRMED)  # type: ignore[arg-type]
        assert "\x1b" not in text
        kinds = []
        for token in parser.parse(text):
            if not token.type.startswith("paragraph") and token.type != "inline":
                kinds.append(token.type)
            kinds += [
                child.type
                for child in token.children or []
                if child.type not in ("text", "text_special", "code_inline")
            ]
        return kinds

    assert structure(sample.analysis(forged, experiment_name=hostile)) == structure(
        sample.analysis(plain)
    )


def test_sections_can_be_chosen() -> None:
    text = render_markdown(
        sample.analysis(sample.finding()), Review(None, "me"), sections=["issues", "window"]
    )
    assert list(_sections(text)) == ["What was analysed", "Accepted issues"]
    with pytest.raises(ValueError, match="No section is called surprises"):
        render_markdown(sample.analysis(), Review(None, "me"), sections=["surprises"])


def test_no_text_of_ours_runs_into_a_heading_or_leaves_gaps() -> None:
    text = render_markdown(
        sample.analysis(sample.finding(), sample.strength(), sample.refuted()),
        Review(None, "me"),
        accept=AcceptPolicy.CONFIRMED,
    )
    assert "\n\n\n" not in text
    assert text.endswith("\n")
    assert re.search(r"[^\n]\n#{1,4} ", text) is None


def test_a_report_is_not_overwritten_silently(tmp_path: Path) -> None:
    path = write_report(tmp_path / "report.md", "first\n")
    with pytest.raises(ReportExists, match="exists already"):
        write_report(path, "second\n")
    assert path.read_text() == "first\n"
    write_report(path, "second\n", overwrite=True)
    assert path.read_text() == "second\n"
    assert [file.name for file in tmp_path.iterdir()] == ["report.md"]


def test_a_report_cannot_go_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_report(tmp_path / "missing" / "report.md", "text")
