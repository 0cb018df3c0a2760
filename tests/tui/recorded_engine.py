"""The engine's answers without its process, made from records at hand: for widgets and screens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mlflow_analysis import protocol
from mlflow_analysis.annotation import AnnotationChange
from mlflow_analysis.protocol import Problem, Pushed, SpanView, TableGrew, TraceRow, TraceView
from mlflow_analysis.records import Experiment, TraceRecord
from mlflow_tui.addresses import without_credentials
from mlflow_tui.client import EngineClient, EngineProblem
from mlflow_tui.config.settings import Settings


def settings_in(directory: Path) -> Settings:
    return Settings(directory / "config", directory / "reviews", directory / "logs")


class RecordedEngine(EngineClient):
    """Answers from ``records``; ``asked`` lists every request, ``problems`` makes a kind of it fail."""

    def __init__(self, directory: Path, records: Iterable[TraceRecord] = ()) -> None:
        super().__init__(directory / "engine.log")
        self.records = {record.info.trace_id: record for record in records}
        self.asked: list[protocol.Request] = []
        self.problems: dict[type, Problem] = {}
        self.experiments = (Experiment("7", "shop support", 1_780_272_000_000),)

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    def attach(
        self,
        on_push: Callable[[tuple[Pushed, ...]], None],
        on_crash: Callable[[Problem], None],
    ) -> None:
        self._on_push, self._on_crash = on_push, on_crash

    async def ask(self, request: protocol.Request) -> Any:
        self.asked.append(request)
        if type(request) in self.problems:
            raise EngineProblem(self.problems[type(request)])
        return getattr(self, f"_{type(request).__name__}")(request)

    def _CheckConnection(self, request: protocol.CheckConnection) -> Any:
        uri = without_credentials(request.tracking_uri) or "sqlite:///shop.db"
        return protocol.ConnectionReport(uri, "SQLite", "3.17.2", "", len(self.experiments), 2.0)

    def _CancelCheck(self, request: protocol.CancelCheck) -> Any:
        return protocol.Done()

    def _ListExperiments(self, request: protocol.ListExperiments) -> Any:
        return protocol.ExperimentList(self.experiments)

    def _SummariseExperiment(self, request: protocol.SummariseExperiment) -> Any:
        infos = [record.info for record in self.records.values()]
        states: dict[str, int] = {}
        for info in infos:
            states[info.state] = states.get(info.state, 0) + 1
        return protocol.ExperimentSummary(
            request.experiment_id,
            len(infos),
            True,
            min((info.start_ms for info in infos), default=None),
            max((info.start_ms for info in infos), default=None),
            states,
            120.0,
            900.0,
            tuple(range(12)),
            (
                protocol.FieldCheck("inputs", len(infos), len(infos)),
                protocol.FieldCheck("sessions", len(infos) // 2, len(infos)),
                protocol.FieldCheck("assessments", 0, len(infos)),
            ),
            {"AGENT": len(infos), "TOOL": 2 * len(infos)},
            ("rate-limited", "timeout"),
            (("negative-feedback", "no trace carries feedback"),),
        )

    def _FetchFigures(self, request: protocol.FetchFigures) -> Any:
        infos = [record.info for record in self.records.values()]
        return protocol.FigureList(
            tuple(
                protocol.ExperimentFigures(
                    each,
                    len(infos),
                    True,
                    len(infos),
                    sum(info.state == "ERROR" for info in infos),
                    max((info.start_ms for info in infos), default=None),
                    120.0,
                    900.0,
                    tuple(range(24)) if infos else (),
                )
                for each in request.experiment_ids
            )
        )

    def _OpenExperiment(self, request: protocol.OpenExperiment) -> Any:
        return TableGrew(len(self.records), len(self.records), True)

    def rows(self, query: protocol.RowQuery) -> list[TraceRow]:
        rows = [
            TraceRow(
                info.trace_id,
                info.start_ms,
                info.state,
                info.duration_ms,
                info.total_tokens,
                info.session_id or "",
                info.request_preview,
                info.response_preview,
                0,
            )
            for info in (record.info for record in self.records.values())
            if (not query.failures_only or info.state == "ERROR")
            and (not query.session_id or info.session_id == query.session_id)
            and query.text.casefold() in (info.request_preview + info.response_preview).casefold()
        ]
        known = [row for row in rows if getattr(row, query.sort) is not None]
        known.sort(key=lambda row: getattr(row, query.sort), reverse=query.descending)
        return known + [row for row in rows if getattr(row, query.sort) is None]

    def _FetchRows(self, request: protocol.FetchRows) -> Any:
        rows = self.rows(request.query)
        return protocol.Rows(request.start, len(rows), tuple(rows[request.start : request.stop]))

    def _LocateTrace(self, request: protocol.LocateTrace) -> Any:
        ids = [row.trace_id for row in self.rows(request.query)]
        return protocol.RowPosition(
            ids.index(request.trace_id) if request.trace_id in ids else None
        )

    def _FetchTrace(self, request: protocol.FetchTrace) -> Any:
        record = self.records[request.trace_id]
        parents = {span.span_id: span.parent_id for span in record.spans}

        def depth(span_id: str | None) -> int:
            parent = parents.get(span_id or "")
            return 0 if parent is None else 1 + depth(parent)

        return TraceView(
            record.info,
            tuple(
                SpanView(
                    span,
                    depth(span.span_id),
                    10.0,
                    10.0 if span.kind == "TOOL" else 0.0,
                    span.status == "ERROR",
                    "timeout" if span.status == "ERROR" else "",
                    span.status_message,
                    None,
                    None,
                    str(span.attributes.get("mlflow.llm.model", "")),
                )
                for span in record.spans
            ),
            request=record.info.request_preview,
        )

    def _FetchConversation(self, request: protocol.FetchConversation) -> Any:
        infos = sorted(
            (record.info for record in self.records.values()), key=lambda info: info.start_ms
        )
        return protocol.Conversation(
            request.session_id,
            tuple(
                protocol.Turn(
                    info.trace_id,
                    info.start_ms,
                    info.state,
                    info.request_preview,
                    info.response_preview,
                )
                for info in infos
                if info.session_id == request.session_id
            ),
        )

    def _SuggestFilter(self, request: protocol.SuggestFilter) -> Any:
        begun = request.text[: request.cursor].split(" ")[-1]
        words = ("trace.status ", "trace.name ", "tags.region ")
        return protocol.FilterSuggestions(
            request.cursor - len(begun),
            request.cursor,
            tuple(word for word in words if word.startswith(begun)),
        )

    def _SearchTools(self, request: protocol.SearchTools) -> Any:
        count = len(self.records)
        return protocol.ToolsSearched(request.text, count, count, True)

    def _Annotate(self, request: protocol.Annotate) -> Any:
        return protocol.Annotated(
            tuple(
                AnnotationChange(trace_id, assessment_id=f"a-{len(self.asked)}-{trace_id}")
                for trace_id in request.trace_ids
            )
        )

    def _TakeBack(self, request: protocol.TakeBack) -> Any:
        return protocol.Annotated(request.changes)

    def _Stop(self, request: protocol.Stop) -> Any:
        return protocol.Done()
