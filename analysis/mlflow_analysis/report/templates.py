"""The templates of the report: ours, and the user's own in their place.

Templates are Jinja2 in a sandbox: they see the report and nothing of the program or the machine. A name
that does not exist is an error, and text is escaped by default.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    FunctionLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mlflow_analysis.report import html, markdown
from mlflow_analysis.untrusted import single_line

if TYPE_CHECKING:
    from mlflow_analysis.report.context import ReportContext

_OURS = PackageLoader("mlflow_analysis.report", "layouts")
_MARKDOWN, _HTML = ".md.j2", ".html.j2"
REPORTS = ("report.md.j2", "report.html.j2")
"""The templates that a report begins with."""


class TemplateProblem(ValueError):  # noqa: N818 - a state of a file, told to a person
    """A template of the user's cannot be used; the text is one sentence that names it and the line."""


class TemplateFolder:
    """Our templates, and in their place those at ``own``.

    ``own`` may be a folder, whose files of the names of ours (``issue.md.j2``, …) replace them, or one
    file, which replaces the whole report: in HTML if its name says so, else in Markdown. Raises
    ``TemplateProblem`` if it is neither.
    """

    def __init__(self, own: Path | None = None) -> None:
        self._own = own
        loaders: list[BaseLoader] = []
        if own is not None:
            self.replaced = _replaced(own)
            loaders = [FileSystemLoader(own) if own.is_dir() else _one_file(own, self.replaced[0])]
        else:
            self.replaced = ()
        self._markdown, self._html = (
            ImmutableSandboxedEnvironment(
                loader=ChoiceLoader([*loaders, _OURS]),
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                keep_trailing_newline=True,
                autoescape=autoescape,
            )
            for autoescape in (False, True)  # Markdown has an escape of its own
        )
        markdown.prepare(self._markdown)
        html.prepare(self._html)

    def fill(self, name: str, *, report: ReportContext, sections: list[tuple[str, str]]) -> str:
        """The template ``name``, filled in. Raises ``TemplateProblem`` if one of the user's cannot be."""
        jinja = self._html if name.endswith(_HTML) else self._markdown
        try:
            return jinja.get_template(name).render(
                report=report,
                analysis=report.analysis,
                statistics=report.analysis.statistics,
                sections=sections,
            )
        except Exception as error:
            # templates may do anything that goes wrong: divide by zero, add a word to a figure
            problem = self._problem(error)
            if problem is None:
                raise
            raise TemplateProblem(problem) from error

    def summary(self, **told: object) -> str:
        """The short account for a build server, from our own template."""
        return self._markdown.get_template("step_summary.md.j2").render(told)

    def check(self) -> None:
        """Fill every report that the user's templates go into with an example. Raises ``TemplateProblem``."""
        from mlflow_analysis.report.specimen import specimen

        for name in REPORTS:
            ending = _HTML if name.endswith(_HTML) else _MARKDOWN
            if any(each.endswith(ending) for each in self.replaced):
                for report, sections in specimen():
                    self.fill(name, report=report, sections=sections)

    def _problem(self, error: Exception) -> str | None:
        """What is wrong with a template of the user's; ``None`` if it is one of ours."""
        if self._own is None:
            return None
        reason = single_line(str(error)).rstrip(".") or type(error).__name__
        if isinstance(error, TemplateSyntaxError):
            where = f"{error.filename or error.name}, line {error.lineno}"
            return f"The template {where} cannot be understood: {single_line(error.message or '').rstrip('.')}."
        place = self._line(error)
        if isinstance(error, TemplateNotFound):
            reason = f"there is no template {reason}"
        elif not isinstance(error, TemplateError):
            reason = f"{type(error).__name__}: {reason}"
        return None if place is None else f"The template {place} cannot be filled in: {reason}."

    def _line(self, error: Exception) -> str | None:
        """The innermost line of the user's templates that the error went through."""
        assert self._own is not None
        found, trace = None, error.__traceback__
        while trace is not None:
            file = Path(trace.tb_frame.f_code.co_filename)
            if file == self._own or self._own in file.parents:
                found = f"{file}, line {trace.tb_lineno}"
            trace = trace.tb_next
        return found


def _replaced(own: Path) -> tuple[str, ...]:
    """Which of our templates those at ``own`` stand for."""
    if own.is_file():
        return (REPORTS[1] if own.name.endswith((_HTML, ".html")) else REPORTS[0],)
    if not own.is_dir():
        raise TemplateProblem(f"There is no template {own}. Name a file or a folder.")
    ours = {name for name in _OURS.list_templates() if name.endswith(".j2")}
    replaced = tuple(sorted(each.name for each in own.iterdir() if each.name in ours))
    if not replaced:
        raise TemplateProblem(
            f"No file in {own} has the name of a template, such as report.md.j2 or issue.md.j2."
        )
    return replaced


def _one_file(own: Path, name: str) -> FunctionLoader:
    try:
        text = own.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateProblem(f"The template {own} cannot be read: {error}.") from error

    def load(wanted: str) -> Any:
        return (text, str(own), lambda: True) if wanted == name else None

    return FunctionLoader(load)
