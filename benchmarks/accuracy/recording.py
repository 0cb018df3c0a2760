"""A planned trace written down as its framework would record it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from benchmarks.accuracy.applications import Application
from benchmarks.accuracy.plan import Call, Failure, Step, Turn
from benchmarks.accuracy.shapes import failed_output, stack, tool_calls
from mlflow_analysis.records import Assessment, SpanEvent, SpanRecord, TraceInfo, TraceRecord

_ROOTS = {
    "openai": ("handle_request", "AGENT"),
    "langchain": ("LangGraph", "CHAIN"),
    "plain": ("answer_question", "CHAIN"),
    "agents": ("coordinator", "AGENT"),
}
_MODEL_SPANS = {
    "openai": ("chat.completions", "CHAT_MODEL"),
    "langchain": ("ChatModel", "CHAT_MODEL"),
    "plain": ("generate", "LLM"),
    "agents": ("model_request", "CHAT_MODEL"),
}
_USUAL_FORMS = {
    "openai": "exception",
    "langchain": "text",
    "plain": "traceback",
    "agents": "structured",
}
_PRICES = (1.1e-6, 4.4e-6)


def record(app: Application, turns: Sequence[Turn], seed: int) -> list[TraceRecord]:
    """The traces of one experiment."""
    return [_Recording(app, turn, seed).trace() for turn in turns]


class _Recording:
    """The spans of one trace, and its clock in ms."""

    def __init__(self, app: Application, turn: Turn, seed: int) -> None:
        self._app, self._turn = app, turn
        self._draw = Random(f"{app.name}/{seed}/{turn.number}/record")
        self.trace_id = f"tr-{self._draw.getrandbits(128):032x}"
        self._now = 0.0
        self._spans: list[SpanRecord] = []
        self._usage = [0, 0]
        self._root = self._new_id()
        self._parent = self._root

    def trace(self) -> TraceRecord:
        turn = self._turn
        name, kind = _ROOTS[self._app.framework]
        self._wait()
        messages = self._prompt()
        crew: str | None = None
        if self._app.framework == "agents":
            crew = self._new_id()
        crew_start = self._now
        self._parent = crew or self._root
        for step in turn.steps:
            self._step(step, messages)
        if crew is not None:
            last = turn.steps[-1] if turn.steps else None
            below = last is not None and (last.failure or any(e.failure for e in last.calls))
            failed = turn.error if below else None
            self._add(
                ("researcher", "AGENT"),
                (crew_start, self._now),
                {"task": turn.request},
                {"report": messages[-1].get("content", "")},
                {},
                failed,
                parent=self._root,
                span_id=crew,
            )
        self._parent = self._root
        if turn.answer is not None:
            self._final(messages)
        self._wait()
        self._add(
            (name, kind),
            (0.0, self._now if turn.complete else None),
            self._root_inputs(),
            None if turn.answer is None or not turn.complete else self._root_outputs(messages),
            {},
            turn.error,
            parent=None,
            span_id=self._root,
        )
        spans = sorted(self._spans, key=lambda span: (span.start_ns, span.parent_id is not None))
        return TraceRecord(self._info(), tuple(spans))

    def _step(self, step: Step, messages: list[dict[str, Any]]) -> None:
        turn = self._turn
        self._model(
            messages, step.said, step.calls, step.model_ms, step.output_tokens, step.failure
        )
        if step.failure:
            return
        start = self._now
        ends = [start]
        if step.calls:
            messages.append(self._asked(step))
        for call in step.calls:
            self._now = (start if step.at_once else max(ends)) + call.wait_ms
            ends.append(self._call(call))
            messages.append({"role": "tool", "name": call.tool, "content": self._result_text(call)})
        self._now = max(ends) + turn.overhead_ms
        self._wait()

    def _call(self, call: Call) -> float:
        failure = call.failure
        took = call.ms if failure is None or failure.ms is None else failure.ms
        end = self._now + took
        form = (failure.form or _USUAL_FORMS[self._app.framework]) if failure else ""
        output = self._output(call) if failure is None else failed_output(failure, form)
        self._add(
            (call.tool, call.kind),
            (self._now, end),
            call.arguments,
            output,
            {},
            failure if form == "exception" else None,
        )
        return end

    def _output(self, call: Call) -> Any:
        if self._app.framework == "langchain" and call.kind == "TOOL":
            text = call.output if isinstance(call.output, str) else json.dumps(call.output)
            return {"type": "tool", "name": call.tool, "content": text, "status": "success"}
        return call.output

    def _result_text(self, call: Call) -> str:
        if call.failure:
            return f"{call.failure.kind}: {call.failure.message}"
        return call.output if isinstance(call.output, str) else json.dumps(call.output)

    def _final(self, messages: list[dict[str, Any]]) -> None:
        turn = self._turn
        answer = turn.answer or ""
        tokens = turn.answer_tokens or round(len(answer) / 4.3) + 3
        self._model(messages, answer, [], turn.answer_ms + 2.0 * tokens, tokens, None, final=True)

    def _model(
        self,
        messages: list[dict[str, Any]],
        text: str,
        calls: list[Call],
        ms: float,
        output_tokens: int,
        failure: Failure | None,
        *,
        final: bool = False,
    ) -> None:
        turn = self._turn
        words = sum(len(str(each.get("content") or "")) for each in messages[1:])
        input_tokens = turn.prompt_tokens + round(words / 4.3)
        end = self._now + (ms if failure is None or failure.ms is None else failure.ms)
        reason = (turn.finish_reason if final else "tool_calls") if failure is None else ""
        attributes: dict[str, Any] = {"mlflow.llm.model": turn.model}
        if self._app.framework != "plain":
            attributes["mlflow.chat.tools"] = [
                {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
                for name in self._app.tools
            ]
        if failure is None:
            usage = {
                "input_tokens": input_tokens,
                "output_tokens": output_tokens,
                "total_tokens": input_tokens + output_tokens,
            }
            if turn.cached_tokens:
                usage["cache_read_input_tokens"] = turn.cached_tokens
            self._usage[0] += input_tokens
            self._usage[1] += output_tokens
            attributes["mlflow.chat.tokenUsage"] = usage
            attributes["gen_ai.response.finish_reasons"] = [reason]
            cost = input_tokens * _PRICES[0], output_tokens * _PRICES[1]
            attributes["mlflow.llm.cost"] = {
                "input_cost": cost[0],
                "output_cost": cost[1],
                "total_cost": sum(cost),
            }
        self._add(
            _MODEL_SPANS[self._app.framework],
            (self._now, end),
            self._model_inputs(messages),
            None if failure else self._reply(text, calls, reason),
            attributes,
            failure,
        )
        self._now = end
        self._wait()

    def _prompt(self) -> list[dict[str, Any]]:
        turn = self._turn
        messages = [{"role": "system", "content": turn.system}]
        for request, answer in turn.history:
            messages += [
                {"role": "user", "content": request},
                {"role": "assistant", "content": answer},
            ]
        return [*messages, {"role": "user", "content": turn.request}]

    def _model_inputs(self, messages: list[dict[str, Any]]) -> Any:
        if self._app.framework == "plain":
            lines = (f"{each['role'].capitalize()}: {each['content']}" for each in messages)
            return {"prompt": "\n".join(lines)}
        return {"model": self._turn.model, "messages": list(messages)}

    def _asked(self, step: Step) -> dict[str, Any]:
        return {"role": "assistant", "content": step.said, "tool_calls": tool_calls(step.calls)}

    def _reply(self, text: str, calls: list[Call], reason: str) -> Any:
        if self._app.framework == "plain":
            asked = "".join(f"\nAction: {each.tool} {json.dumps(each.arguments)}" for each in calls)
            return text + asked
        message: dict[str, Any] = {"role": "assistant", "content": text or None}
        if calls:
            message["tool_calls"] = tool_calls(calls)
        if self._app.framework == "langchain":
            return {"type": "ai", "content": text, "tool_calls": tool_calls(calls)}
        return {"choices": [{"index": 0, "finish_reason": reason, "message": message}]}

    def _root_inputs(self) -> Any:
        request = self._turn.request
        return {
            "openai": {"messages": [{"role": "user", "content": request}]},
            "langchain": {"messages": [{"type": "human", "content": request}]},
            "plain": {"question": request},
            "agents": {"task": request},
        }[self._app.framework]

    def _root_outputs(self, messages: list[dict[str, Any]]) -> Any:
        answer = self._turn.answer
        return {
            "openai": {"role": "assistant", "content": answer},
            "langchain": {
                "messages": [
                    {"type": "human", "content": self._turn.request},
                    {"type": "ai", "content": answer},
                ]
            },
            "plain": answer,
            "agents": {"final_output": answer},
        }[self._app.framework]

    def _info(self) -> TraceInfo:
        turn = self._turn
        state = "ERROR" if turn.error else ("OK" if turn.complete else "IN_PROGRESS")
        return TraceInfo(
            self.trace_id,
            "0",
            state,
            turn.start_ms,
            self._now if turn.complete else None,
            turn.request[:1000],
            (turn.answer or "")[:1000] if turn.complete else "",
            _ROOTS[self._app.framework][0],
            turn.session,
            turn.user,
            self._usage[0],
            self._usage[1],
            sum(self._usage),
            {"region": turn.region, "prompt_version": turn.prompt_version},
            {"app_version": turn.app_version},
            tuple(
                Assessment(
                    name, "feedback", value, why, "HUMAN", turn.user, None, None, turn.start_ms
                )
                for name, value, why in turn.feedback
            ),
        )

    def _add(
        self,
        what: tuple[str, str],
        when: tuple[float, float | None],
        inputs: Any,
        outputs: Any,
        attributes: dict[str, Any],
        failure: Failure | None,
        *,
        parent: str | None = "",
        span_id: str | None = None,
    ) -> None:
        start, end = (None if at is None else self._ns(at) for at in when)
        assert start is not None
        events: tuple[SpanEvent, ...] = ()
        if failure and end is not None:
            details: dict[str, Any] = {
                "exception.type": failure.kind,
                "exception.message": failure.message,
                "exception.stacktrace": stack(failure),
            }
            events = (SpanEvent("exception", end, details),)
        self._spans.append(
            SpanRecord(
                span_id or self._new_id(),
                self._parent if parent == "" else parent,
                *what,
                "ERROR" if failure else ("UNSET" if end is None else "OK"),
                f"{failure.kind}: {failure.message}" if failure else "",
                start,
                end,
                inputs,
                outputs,
                attributes,
                events,
            )
        )

    def _ns(self, at_ms: float) -> int:
        return self._turn.start_ms * 1_000_000 + round(at_ms * 1e3) * 1_000

    def _wait(self) -> None:
        self._now += self._draw.uniform(1.0, 6.0)

    def _new_id(self) -> str:
        return f"{self._draw.getrandbits(64):016x}"
