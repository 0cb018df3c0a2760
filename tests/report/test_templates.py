"""Templates of the user's own: in place of ours, in a sandbox, checked before they are used."""

from __future__ import annotations

from pathlib import Path

import pytest

import sample_analysis as sample
from mlflow_analysis.report import TemplateFolder, TemplateProblem, render_html, render_markdown
from mlflow_analysis.report.specimen import specimen
from mlflow_analysis.review import Review
from mlflow_analysis.review.acceptance import AcceptPolicy


def markdown(own: Path) -> str:
    return render_markdown(
        sample.analysis(sample.finding(title="Calls <b>fail</b>")),
        Review(None, "me"),
        accept=AcceptPolicy.CONFIRMED,
        templates=TemplateFolder(own),
    )


def html(own: Path) -> str:
    return render_html(
        sample.analysis(sample.finding(title="Calls <b>fail</b>")),
        Review(None, "me"),
        accept=AcceptPolicy.CONFIRMED,
        templates=TemplateFolder(own),
    )


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_our_own_templates_hold_for_everything_and_for_nothing() -> None:
    ours = TemplateFolder()
    for report, sections in specimen():
        for name in ("report.md.j2", "report.html.j2"):
            assert "an example" in ours.fill(name, report=report, sections=sections)


def test_one_file_is_the_whole_report(tmp_path: Path) -> None:
    own = written(
        tmp_path,
        "mine.md",
        "# {{ analysis.experiment_name }}\n"
        "{% for entry in report.issues %}\n- {{ entry.ruled.finding.title }}\n{% endfor %}\n",
    )
    assert markdown(own) == "# support agent\n- Calls \\<b>fail\\</b>\n"
    assert "<!doctype html>" in html(own), "the HTML stays ours"


def test_a_file_for_html_is_the_whole_page_and_escapes(tmp_path: Path) -> None:
    own = written(
        tmp_path, "mine.html.j2", "{{ report.issues[0].ruled.finding.title }} {{ '1 < 2' }}"
    )
    assert html(own) == "Calls &lt;b&gt;fail&lt;/b&gt; 1 &lt; 2"
    assert markdown(own).startswith("# Trace analysis")


def test_a_folder_replaces_parts(tmp_path: Path) -> None:
    written(tmp_path, "issue.md.j2", "### {{ entry.ruled.finding.title }} ({{ company }})\n")
    with pytest.raises(TemplateProblem, match="'company' is undefined"):
        markdown(tmp_path)
    written(tmp_path, "issue.md.j2", "### Ours: {{ entry.frequency }}\n")
    text = markdown(tmp_path)
    assert "### Ours: 12 of 96 sessions" in text
    assert "## Method and limits" in text


def test_a_folder_may_hold_parts_of_its_own(tmp_path: Path) -> None:
    written(tmp_path, "report.md.j2", '{% include "greeting.md.j2" %}\n')
    written(tmp_path, "greeting.md.j2", "Hello\n")
    assert markdown(tmp_path).strip() == "Hello"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("fine\n{% if %}\n", 2, "cannot be understood"),
        ("fine\n\n{{ report.nothing }}\n", 3, "has no attribute 'nothing'"),
        ("{{ nothing }}\n", 1, "'nothing' is undefined"),
        ("{% for e in report.issues %}\n{{ e.title }}\n{% endfor %}\n", 2, "has no attribute"),
        ('{% include "missing.md.j2" %}\n', 1, "there is no template"),
        ("\n{{ 1 / 0 }}\n", 2, "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__ }}\n", 1, "unsafe"),
        ("{{ report.issues.__class__ }}\n", 1, "unsafe"),
        ("{{ cycler.__init__.__globals__ }}\n", 1, "unsafe"),
        ("{% for x in range(10000000) %}{% endfor %}\n", 1, "Range too big"),
        ("{{ analysis.timings.clear() }}\n", 1, "unsafe"),
    ],
)
def test_an_error_is_told_before_the_work_with_name_and_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    own = written(tmp_path, "mine.md.j2", text)
    with pytest.raises(TemplateProblem) as problem:
        TemplateFolder(own).check()
    said = str(problem.value)
    assert f"{own}, line {line}" in said
    assert reason in said
    assert "\n" not in said


def test_an_error_that_shows_only_without_findings_is_told_too(tmp_path: Path) -> None:
    own = written(tmp_path, "mine.md.j2", "{{ report.issues[0].ruled.finding.title }}\n")
    with pytest.raises(TemplateProblem, match="line 1"):
        TemplateFolder(own).check()


def test_a_good_template_passes_the_check(tmp_path: Path) -> None:
    TemplateFolder(written(tmp_path, "mine.md.j2", "{{ report.version }}\n")).check()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd"])
def test_a_template_reads_no_file_outside_its_folder(tmp_path: Path, name: str) -> None:
    written(tmp_path, "report.md.j2", f'{{% include "{name}" %}}\n')
    with pytest.raises(TemplateProblem, match="there is no template"):
        TemplateFolder(tmp_path).check()


def test_what_is_no_template_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateProblem, match="There is no template"):
        TemplateFolder(tmp_path / "missing.md.j2")
    written(tmp_path, "isue.md.j2", "")
    with pytest.raises(TemplateProblem, match="has the name of a template"):
        TemplateFolder(tmp_path)
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateProblem, match="cannot be read"):
        TemplateFolder(tmp_path / "binary.md")
