"""Writes down what the demo's agent does, as spans on one clock."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mlflow_analysis.demo.calls import Call
from mlflow_analysis.demo.wording import TOOLS
from mlflow_analysis.records import SpanEvent, SpanRecord

Message = dict[str, Any]
_DECLARED = [
    {"type": "function", "function": {"name": name, "description": text}}
    for name, text in TOOLS.items()
]
_PROMPT_TOKENS = 1_180
"""System prompt and tool declarations."""


_DOLLARS_PER_MILLION = {"sonata-large": (2.5, 10.0), "sonata-mini": (0.15, 0.6)}
"""For input and for output tokens. With a cost in the span, MLflow looks up no price list."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a call fails: exception type and message, and after how long (``None``: as usual)."""

    kind: str
    message: str
    ms: float | None = None


class Recorder:
    """Spans of one trace. ``now_ms`` is the agent's clock, from the start of the trace."""

    def __init__(self, draw: Random, start_ms: int, model: str) -> None:
        self._draw, self._start_ms, self._model = draw, start_ms, model
        self._root_id = self._new_id()
        self._spans: list[SpanRecord] = []
        self.now_ms = draw.uniform(3, 9)
        self.input_tokens = self.output_tokens = 0

    def ask_model(
        self, messages: Sequence[Message], *, text: str = "", calls: Sequence[Call] = ()
    ) -> Message:
        """A model call that answers ``text`` or wants ``calls``; the clock stands at its end."""
        words = sum(
            len(str(message.get("content") or message.get("tool_calls")))
            for message in messages[1:]
        )
        inputs = _PROMPT_TOKENS + round(words / 4.2)
        outputs = 22 * len(calls) if calls else round(len(text) / 4.2) + 2
        tool_calls = [
            {
                "id": f"call_{self._draw.getrandbits(48):012x}",
                "type": "function",
                "function": {"name": call.tool, "arguments": json.dumps(call.arguments)},
            }
            for call in calls
        ]
        reason = "tool_calls" if calls else "stop"
        message: Message = {"role": "assistant", "content": None if calls else text}
        if calls:
            message["tool_calls"] = tool_calls
        usage = {"input_tokens": inputs, "output_tokens": outputs, "total_tokens": inputs + outputs}
        self.input_tokens += inputs
        self.output_tokens += outputs
        ms = self._lognormal(700 if calls else 1000, 0.3) + 2.0 * outputs
        answer = {
            "id": f"chatcmpl-{self._draw.getrandbits(64):016x}",
            "object": "chat.completion",
            "model": self._model,
            "choices": [{"index": 0, "finish_reason": reason, "message": message}],
            "usage": {
                "prompt_tokens": inputs,
                "completion_tokens": outputs,
                "total_tokens": inputs + outputs,
            },
        }
        self._model_span(messages, self.now_ms + ms, answer, usage, reason, None)
        return message

    def refused_by_model(self, messages: Sequence[Message], failure: Failure) -> None:
        """A model call that fails."""
        end = self.now_ms + (failure.ms or self._lognormal(180, 0.3))
        self._model_span(messages, end, None, None, "", failure)

    def call_tool(
        self,
        call: Call,
        start_ms: float,
        *,
        outputs: Any = None,
        ms: float | None = None,
        failure: Failure | None = None,
    ) -> float:
        """A tool call from ``start_ms`` on; the time of its end, in ms from the start of the trace."""
        took = (failure.ms if failure else None) or ms or self._lognormal(call.median_ms, 0.3)
        self._add(
            call.tool,
            call.kind,
            start_ms,
            start_ms + took,
            call.arguments,
            None if failure else (call.outputs if outputs is None else outputs),
            {"mlflow.spanFunctionName": call.tool},
            failure,
        )
        return start_ms + took

    def wait(self, low_ms: float, high_ms: float) -> None:
        """Let the clock run."""
        self.now_ms += self._draw.uniform(low_ms, high_ms)

    def finish(
        self, request: str, answer: str | None, failure: Failure | None
    ) -> tuple[SpanRecord, ...]:
        """The spans, root first, in order of start."""
        self.wait(2, 8)
        root = self._span(
            self._root_id,
            None,
            ("support_agent", "AGENT"),
            (0.0, self.now_ms),
            {"messages": [{"role": "user", "content": request}]},
            None if answer is None else {"role": "assistant", "content": answer},
            {"mlflow.spanFunctionName": "answer"},
            failure,
        )
        return (root, *sorted(self._spans, key=lambda span: (span.start_ns, span.span_id)))

    def _model_span(
        self,
        messages: Sequence[Message],
        end_ms: float,
        answer: Any,
        usage: Any,
        reason: str,
        failure: Failure | None,
    ) -> None:
        attributes: dict[str, Any] = {
            "mlflow.llm.model": self._model,
            "mlflow.llm.provider": "sonata",
            "mlflow.message.format": "openai",
            "mlflow.chat.tools": _DECLARED,
        }
        if usage:
            attributes["mlflow.chat.tokenUsage"] = usage
            attributes["mlflow.llm.cost"] = _cost(self._model, usage)
            attributes["gen_ai.response.finish_reasons"] = [reason]
        inputs = {"model": self._model, "messages": list(messages)}
        self._add(
            "chat_completions",
            "CHAT_MODEL",
            self.now_ms,
            end_ms,
            inputs,
            answer,
            attributes,
            failure,
        )
        self.now_ms = end_ms + self._draw.uniform(1, 4)

    def _add(
        self,
        name: str,
        kind: str,
        start: float,
        end: float,
        inputs: Any,
        outputs: Any,
        attributes: dict[str, Any],
        failure: Failure | None,
    ) -> None:
        self._spans.append(
            self._span(
                self._new_id(),
                self._root_id,
                (name, kind),
                (start, end),
                inputs,
                outputs,
                attributes,
                failure,
            )
        )

    def _span(
        self,
        span_id: str,
        parent: str | None,
        what: tuple[str, str],
        when_ms: tuple[float, float],
        inputs: Any,
        outputs: Any,
        attributes: dict[str, Any],
        failure: Failure | None,
    ) -> SpanRecord:
        name, kind = what
        start_ns, end_ns = (self._start_ms * 1_000_000 + round(at * 1e6) for at in when_ms)
        events: tuple[SpanEvent, ...] = ()
        if failure:
            stack = (
                "Traceback (most recent call last):\n"
                f'  File "support/agent.py", line 88, in {name}\n'
                f"{failure.kind}: {failure.message}"
            )
            details = {
                "exception.type": failure.kind,
                "exception.message": failure.message,
                "exception.stacktrace": stack,
            }
            events = (SpanEvent("exception", end_ns, details),)
        return SpanRecord(
            span_id, parent, name, kind,
            "ERROR" if failure else "OK",
            f"{failure.kind}: {failure.message}" if failure else "",
            start_ns, end_ns, inputs, outputs, attributes, events,
        )  # fmt: skip

    def _lognormal(self, median: float, sigma: float) -> float:
        return self._draw.lognormvariate(math.log(median), sigma)

    def _new_id(self) -> str:
        return f"{self._draw.getrandbits(64):016x}"


def _cost(model: str, usage: dict[str, int]) -> dict[str, float]:
    """In US dollars, as MLflow records it."""
    per_input, per_output = _DOLLARS_PER_MILLION[model]
    for_input = usage["input_tokens"] * per_input / 1e6
    for_output = usage["output_tokens"] * per_output / 1e6
    return {
        "input_cost": for_input,
        "output_cost": for_output,
        "total_cost": for_input + for_output,
    }
