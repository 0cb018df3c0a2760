"""What an agent can ask of the engine: plain data in, plain data out, bounded, without secrets.

Knows nothing of the protocol; ``server`` puts it on the wire. Whatever an agent gets wrong raises
``Refused`` with a sentence that says what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mlflow_analysis.brief.charter import charter_path, write_charter
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.contract.kept import part_covered
from mlflow_analysis.contract.writing import JsonObject, analysis_to_json, to_text
from mlflow_analysis.engine.options import AnalysisOptions
from mlflow_analysis.engine.run import analyze
from mlflow_analysis.events import AnalysisReady, Event
from mlflow_analysis.features.build import build_features
from mlflow_analysis.features.extract import extract
from mlflow_analysis.findings.kinds import Category, Verdict
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.hypotheses.catalogue import by_id, catalogue
from mlflow_analysis.mcp_server.opened import Opened, Refused, claim_of, policy_of
from mlflow_analysis.mcp_server.telling import cut_short, in_brief, told_purpose, told_span
from mlflow_analysis.purpose.draft import draft_purpose
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.report import ReportExists, render_html, render_markdown, write_report
from mlflow_analysis.review import REJECTION_REASONS, Decision
from mlflow_analysis.review.acceptance import AcceptPolicy, rule
from mlflow_analysis.secrets import masked
from mlflow_analysis.service.summarised import summarised

MOST_FINDINGS = 100
MOST_EXAMPLES = 5
MOST_SPANS = 200
_DRAFTED_FROM = 200


class Desk:
    """Answers an agent's questions; may be used from several threads.

    ``kept`` is the directory of reviews, ``default`` the store where a question names none. Nothing is
    written, there or elsewhere, unless ``may_write``.
    """

    def __init__(self, kept: Path, default: ConnectionRequest, *, may_write: bool = False) -> None:
        self._at = Opened(kept, default, may_write=may_write)

    # ---- looking round ----------------------------------------------------------------------

    def experiments(self, tracking_uri: str) -> JsonObject:
        """The experiments of a store, most recently changed first."""
        connection = self._at.connection(tracking_uri)
        return {
            "tracking_uri": connection.report().tracking_uri,
            "experiments": [
                {"id": each.experiment_id, "name": each.name} for each in connection.experiments()
            ],
        }

    def check(self, experiment: str, tracking_uri: str) -> JsonObject:
        """What an experiment holds, and which hypotheses its fields allow to test."""
        connection = self._at.connection(tracking_uri)
        source = self._at.source(experiment, tracking_uri)
        found = summarised(connection.survey(source.experiment_id))
        return {
            "experiment": source.experiment_name,
            "traces": found.traces,
            "traces_are_exact": found.exact,
            "states": found.states,
            "p50_ms": found.p50_ms,
            "p95_ms": found.p95_ms,
            "span_kinds": found.span_kinds,
            "testable": list(found.testable),
            "not_testable": dict(found.not_testable),
        }

    def hypothesis(self, hypothesis_id: str) -> JsonObject:
        """What one hypothesis tests, and what it does not flag."""
        try:
            found = by_id(hypothesis_id)
        except KeyError:
            known = ", ".join(each.id for each in catalogue())
            raise Refused(
                f"There is no hypothesis {hypothesis_id!r}. There are: {known}."
            ) from None
        told = found.documentation()
        return {
            "id": found.id,
            "title": found.title,
            "category": found.category.value,
            "unit": found.unit.value,
            "claim": told.claim,
            "why_it_matters": told.why,
            "test": told.test,
            "not_flagged": told.not_flagged,
            "recommendation": told.recommendation,
        }

    # ---- the purpose ------------------------------------------------------------------------

    def purpose(self, experiment: str, tracking_uri: str) -> JsonObject:
        """What the application does, drafted from some of its traces, or as the user confirmed it."""
        source = self._at.source(experiment, tracking_uri)
        outlines = [each for page in source.outlines(marked=False) for each in page]
        stride = max(1, len(outlines) // _DRAFTED_FROM)
        records = [
            outcome
            for outcome in source.read(outlines[::stride][:_DRAFTED_FROM])
            if isinstance(outcome, TraceRecord)
        ]
        if not records:
            raise Refused(f"Experiment {source.experiment_name!r} has no trace that can be read.")
        drafted = draft_purpose(build_features([extract(record) for record in records]))
        said = self._at.charter(source).purpose
        if said is not None:
            drafted = drafted.corrected_by(said)
        return {"drafted_from_traces": len(records), **told_purpose(drafted)}

    def confirm_purpose(
        self,
        experiment: str,
        tracking_uri: str,
        description: str,
        tools: list[str] | None,
        out_of_scope: list[str],
    ) -> JsonObject:
        """Keep what the user says the application does; it holds for every later analysis."""
        self._at.check_writing("Keeping a purpose")
        source = self._at.source(experiment, tracking_uri)
        path = charter_path(self._at.kept, source.tracking_uri, source.experiment_id)
        said = Purpose(
            description,
            confirmed_by_user=True,
            declared_tools=None if tools is None else tuple(tools),
            out_of_scope=tuple(out_of_scope),
        )
        write_charter(path, self._at.charter(source).with_purpose(said))
        return {"kept": True, "description": description}

    # ---- the analysis -----------------------------------------------------------------------

    def analyze(
        self,
        experiment: str,
        tracking_uri: str,
        *,
        filter_string: str,
        max_traces: int | None,
        focus: list[str],
        hypotheses: list[str],
        told: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> JsonObject:
        """Analyse every trace (or the newest ``max_traces``), and give the findings in brief."""
        source = self._at.source(experiment, tracking_uri)
        charter = self._at.charter(source)
        for each in hypotheses:
            self.hypothesis(each)
        options = AnalysisOptions(
            filter=filter_string,
            max_traces=max_traces,
            hypotheses=tuple(hypotheses),
            focus=(*map(claim_of, focus), *charter.focuses),
            purpose=charter.purpose,
        )
        for event in analyze(source, options, cancelled=cancelled):
            if isinstance(event, AnalysisReady):
                analysis = event.analysis
            else:
                told(event)
        if not analysis.traces_read:
            raise Refused(
                f"No trace of experiment {source.experiment_name!r} was read: it has none, none matches "
                "the filter, or the analysis was stopped at once."
            )
        part = part_covered(
            filter_string=filter_string,
            is_sample=max_traces is not None and analysis.traces_total >= max_traces,
            some_claims=bool(hypotheses),
            is_interrupted=cancelled(),
        )
        set_aside = self._at.keep(source, analysis, part)
        brief = self.findings(experiment, tracking_uri, verdict="confirmed")
        return {
            "traces_read": analysis.traces_read,
            "traces_total": analysis.traces_total,
            "skipped": len(analysis.skipped),
            "stopped_early": cancelled(),
            "tests_run": analysis.tests_run,
            "success_rate": analysis.statistics.success_rate,
            "notes": [*analysis.notes, *filter(None, [set_aside])],
            "confirmed": brief["findings"],
        }

    def findings(
        self,
        experiment: str,
        tracking_uri: str,
        *,
        verdict: str = "",
        category: str = "",
        decision: str = "",
        limit: int = MOST_FINDINGS,
    ) -> JsonObject:
        """Findings of the last analysis in rank order, a few figures each."""
        analysis, review = self._at.analysed(experiment, tracking_uri)
        for name, value, known in (
            ("verdict", verdict, Verdict),
            ("category", category, Category),
            ("decision", decision, Decision),
        ):
            if value and value not in [each.value for each in known]:
                choices = ", ".join(each.value for each in known)
                raise Refused(f"There is no {name} {value!r}. Choose one of: {choices}.")
        chosen = [
            each
            for each in rule(analysis, review, AcceptPolicy.REVIEWED)
            if verdict in ("", each.finding.verdict.value)
            and category in ("", each.finding.category.value)
            and decision in ("", each.decision.value)
        ]
        shown = chosen[: max(1, min(limit, MOST_FINDINGS))]
        return {"total": len(chosen), "findings": [masked(in_brief(each)) for each in shown]}

    def finding(self, experiment: str, tracking_uri: str, fingerprint: str) -> JsonObject:
        """One finding with its statistics, causes, impact and recommendation, without its traces."""
        analysis, review = self._at.analysed(experiment, tracking_uri)
        ruled = self._at.ruled(analysis, review, fingerprint)
        meant = {fingerprint, ruled.home, *(each.fingerprint for each in ruled.merged)}
        findings = tuple(each for each in analysis.findings if each.fingerprint in meant)
        whole = analysis_to_json(replace(analysis, findings=findings), review)
        told = next(each for each in whole["findings"] if each["fingerprint"] == fingerprint)
        for part in ("trace_ids", "assessments", "examples"):
            told.pop(part, None)
        told["affected_traces"] = len(ruled.finding.trace_ids)
        return dict(told)

    def evidence(
        self, experiment: str, tracking_uri: str, fingerprint: str, limit: int
    ) -> JsonObject:
        """Examples of a finding, and the ids of the first traces that show it."""
        analysis, review = self._at.analysed(experiment, tracking_uri)
        finding = self._at.ruled(analysis, review, fingerprint).finding
        whole = analysis_to_json(replace(analysis, findings=(finding,)), review)
        (told,) = whole["findings"]
        return {
            "fingerprint": fingerprint,
            "examples": [
                cut_short(each) for each in told["examples"][: max(1, min(limit, MOST_EXAMPLES))]
            ],
            "affected_traces": len(finding.trace_ids),
            "trace_ids": list(finding.trace_ids[:MOST_FINDINGS]),
        }

    def trace(
        self, experiment: str, tracking_uri: str, trace_id: str, show_secrets: bool = False
    ) -> JsonObject:
        """One trace with its spans in order; long texts are cut, secrets masked."""
        record = self._at.source(experiment, tracking_uri).trace(trace_id)
        told: JsonObject = {
            "trace_id": record.info.trace_id,
            "state": record.info.state,
            "duration_ms": record.info.duration_ms,
            "session_id": record.info.session_id,
            "spans": [told_span(span) for span in record.spans[:MOST_SPANS]],
            "spans_left_out": max(0, len(record.spans) - MOST_SPANS),
        }
        return told if show_secrets else masked(told)

    # ---- deciding and saving ----------------------------------------------------------------

    def decide(
        self,
        experiment: str,
        tracking_uri: str,
        fingerprint: str,
        decision: str,
        reason: str,
        note: str,
    ) -> JsonObject:
        """Record the user's decision about a finding in the review that the screens use too."""
        self._at.check_writing("Deciding")
        if decision not in [each.value for each in Decision]:
            raise Refused("A decision is accepted, rejected or undecided.")
        if decision == Decision.REJECTED.value and reason not in REJECTION_REASONS:
            raise Refused(f"A rejection needs a reason: {', '.join(REJECTION_REASONS)}.")
        analysis, review = self._at.analysed(experiment, tracking_uri)
        ruled = self._at.ruled(analysis, review, fingerprint)
        ruling = review.decide(ruled.finding, Decision(decision), reason, note)
        return {"fingerprint": fingerprint, "decision": ruling.decision.value}

    def report(self, experiment: str, tracking_uri: str, accept: str = "reviewed") -> str:
        """The report as Markdown."""
        analysis, review = self._at.analysed(experiment, tracking_uri)
        return render_markdown(analysis, review, accept=policy_of(accept))

    def findings_as_json(self, experiment: str, tracking_uri: str) -> str:
        """All of the last analysis in the published JSON."""
        analysis, review = self._at.analysed(experiment, tracking_uri)
        return to_text(analysis_to_json(analysis, review))

    def export(
        self,
        experiment: str,
        tracking_uri: str,
        path: str,
        form: str,
        accept: str,
        overwrite: bool,
    ) -> JsonObject:
        """Write the report (markdown, or html with charts) or the whole analysis (json) to a file."""
        self._at.check_writing("Writing a file")
        analysis, review = self._at.analysed(experiment, tracking_uri)
        policy = policy_of(accept)
        if form == "markdown":
            text = render_markdown(analysis, review, accept=policy)
        elif form == "html":
            text = render_html(analysis, review, accept=policy)
        elif form == "json":
            text = to_text(analysis_to_json(analysis, review, accept=policy))
        else:
            raise Refused("The form is markdown, html or json.")
        try:
            written = write_report(path, text, overwrite=overwrite)
        except ReportExists as there:
            raise Refused(f"{there} Ask the user before saying overwrite.") from None
        except OSError as error:
            raise Refused(f"{path} cannot be written: {error.strerror or error}.") from error
        undecided = sum(
            each.finding.verdict is Verdict.CONFIRMED and each.decision is Decision.UNDECIDED
            for each in rule(analysis, review, policy)
        )
        return {"written": str(written), "undecided_confirmed_findings": undecided}
