"""One turn of the demo's agent, with the faults that were planted in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from mlflow_analysis.demo import faults, wording
from mlflow_analysis.demo.calls import Call
from mlflow_analysis.demo.dialogue import Exchange
from mlflow_analysis.demo.faults import Fault
from mlflow_analysis.demo.recorder import Failure, Message, Recorder
from mlflow_analysis.demo.sessions import BUSY, RELEASE_MS, Session, stream
from mlflow_analysis.records import Assessment, SpanRecord, TraceInfo, TraceRecord

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Turn:
    """All that is known before the agent starts."""

    seed: int
    session: Session
    number: int
    """1 for the first of the session."""
    start_ms: int
    load: int
    exchange: Exchange
    history: tuple[Message, ...] = ()

    def draw(self, purpose: str) -> Random:
        """The random stream of one purpose in this turn."""
        return stream(self.seed, self.session.number, self.number, purpose)

    @property
    def app_version(self) -> str:
        """The release that served it."""
        return "2.4.0" if self.start_ms >= RELEASE_MS else "2.3.1"


@dataclass(slots=True)
class _Run:
    """How the turn went."""

    answer: str | None = None
    fatal: Failure | None = None
    admitted: str = ""
    """The answer, if a tool failed and the agent says so."""
    shown: set[str] = field(default_factory=set)
    """Ids of the faults that show."""
    spans: tuple[SpanRecord, ...] = ()


def take_turn(turn: Turn, planted: Sequence[Fault]) -> tuple[TraceRecord, frozenset[str]]:
    """The trace of ``turn`` and the ids of the faults that show in it."""
    agent = _Agent(turn, {fault.id: fault for fault in planted})
    run = agent.run()
    return _record(turn, run, agent), frozenset(run.shown)


class _Agent:
    def __init__(self, turn: Turn, planted: dict[str, Fault]) -> None:
        self.turn, self.exchange, self.planted = turn, turn.exchange, planted
        self.answer = turn.exchange.answer
        self.recorder = Recorder(turn.draw("spans"), turn.start_ms, turn.session.model)
        self.state = _Run()
        self.messages: list[Message] = [
            {"role": "system", "content": wording.SYSTEM_PROMPTS[turn.session.prompt]},
            *turn.history,
            {"role": "user", "content": self.exchange.request},
        ]

    def shows(self, fault: Fault, condition: bool) -> bool:
        """Whether ``fault`` shows here; notes it if so."""
        if fault.id not in self.planted or not condition:
            return False
        if self.turn.draw(fault.id).random() >= fault.rate:
            return False
        self.state.shown.add(fault.id)
        return True

    def run(self) -> _Run:
        """The whole turn."""
        state, turn = self.state, self.turn
        if self.shows(faults.FORGOTTEN_ORDER, turn.number >= 4 and self.exchange.from_memory):
            state.answer = wording.ask_for_order(turn.draw("answer"))
            self.recorder.ask_model(self.messages, text=state.answer)
        elif self._pass_the_limit():
            self._use_tools()
            if state.fatal is None:
                state.answer = state.admitted or self._compose()
                self.recorder.ask_model(self.messages, text=state.answer)
        state.spans = self.recorder.finish(self.exchange.request, state.answer, state.fatal)
        return state

    def _pass_the_limit(self) -> bool:
        if not self.shows(faults.CAMPAIGN_LIMIT, self.turn.load >= BUSY):
            return True
        draw = self.turn.draw("limit")
        seconds = draw.randrange(2, 7)
        refusal = Failure(
            "RateLimitError",
            f"Error code: 429 - Rate limit reached for {self.turn.session.model}. Retry after {seconds} s.",
        )
        self.recorder.refused_by_model(self.messages, refusal)
        if draw.random() < 0.5:
            self.state.fatal = refusal
            return False
        self.recorder.wait(seconds * 1000, seconds * 1000 + 800)
        return True

    def _use_tools(self) -> None:
        calls = self.exchange.calls
        self._want(calls)
        one_by_one = self.shows(
            faults.ONE_BY_ONE, len(calls) > 1 and any(call.tool == "order_lookup" for call in calls)
        )
        begin = latest = self.recorder.now_ms
        for position, call in enumerate(calls):
            start = latest + 3.0 if one_by_one and position else begin + 2.0 * position
            latest = max(latest, self._use(call, start))
        self.recorder.now_ms = latest + 3.0
        if calls[0].tool == "kb_search" and self.shows(
            faults.SEARCH_LOOP, self.turn.session.channel == "voice"
        ):
            for _ in range(self.turn.draw("loop").randrange(3, 7)):
                self._want(calls)
                self.recorder.now_ms = self._use(calls[0], self.recorder.now_ms) + 3.0

    def _want(self, calls: Sequence[Call]) -> None:
        message = self.recorder.ask_model(self.messages, calls=calls)
        self.messages.append(message)
        self.messages += [
            {"role": "tool", "tool_call_id": wanted["id"], "content": json.dumps(call.outputs)}
            for wanted, call in zip(message["tool_calls"], calls, strict=True)
        ]

    def _use(self, call: Call, start: float) -> float:
        """One call with its faults; when it ended."""
        turn, recorder = self.turn, self.recorder
        hour = turn.start_ms // _HOUR_MS % 24
        if self.shows(faults.EXPIRED_TOKEN, call.tool == "crm_lookup" and 3 <= hour < 6):
            error = Failure(
                "HTTPError", "401 Unauthorized: the access token has expired", 90.0 + turn.load
            )
            return self._fail(call, start, error, fatal=0.4)
        if self.shows(faults.QUOTE_TIMEOUT, call.tool == "shipping_quote"):
            ms = 30_000 + turn.draw("timeout").uniform(2, 60)
            return self._fail(
                call, start, Failure("TimeoutError", "no answer within 30 s", ms), fatal=0.5
            )
        if self.shows(
            faults.REFUND_OUTAGE, call.tool == "refund_service" and turn.app_version == "2.4.0"
        ):
            error = Failure("HTTPError", "500 Internal Server Error from refund-service")
            return self._fail(call, start, error, fatal=1.0)
        if self.shows(faults.MADE_UP_POINTS, call.tool == "loyalty_points"):
            return self._swallow(call, start)
        if self.shows(faults.CARRIER_RETRY, call.tool == "carrier_status"):
            error = Failure(
                "ConnectionError", "503 Service Unavailable: carrier gateway is restarting"
            )
            end = recorder.call_tool(call, start, failure=error)
            return recorder.call_tool(call, end + turn.draw("pause").uniform(1_200, 2_600))
        if self.shows(
            faults.FAR_INVENTORY,
            call.tool == "inventory_check" and turn.session.customer.region == "apac",
        ):
            return recorder.call_tool(call, start, ms=turn.draw("far").uniform(6_000, 10_000))
        return recorder.call_tool(call, start)

    def _fail(self, call: Call, start: float, failure: Failure, fatal: float) -> float:
        draw = self.turn.draw("failure")
        if self.exchange.wants_json or draw.random() < fatal:
            self.state.fatal = failure
        else:
            self.state.admitted = wording.failed(call.tool, failure.message, draw)
        self._tell_model(call, {"error": f"{failure.kind}: {failure.message}"})
        return self.recorder.call_tool(call, start, failure=failure)

    def _swallow(self, call: Call, start: float) -> float:
        draw = self.turn.draw("points")
        points = draw.randrange(100, 5000)
        known = self.turn.session.customer.points
        self.answer = self.answer.replace(f"{known} points", f"{points} points")
        self.answer = self.answer.replace(f"{known // 100} vouchers", f"{points // 100} vouchers")
        error = {"error": {"code": 503, "message": "Service Unavailable"}}
        self._tell_model(call, error)
        if draw.random() < 0.5:
            return self.recorder.call_tool(call, start, outputs=error)
        return self.recorder.call_tool(
            call, start, failure=Failure("HTTPError", "503 Service Unavailable")
        )

    def _tell_model(self, call: Call, result: Mapping[str, object]) -> None:
        """Let the model see ``result`` where it would have seen the call's outputs."""
        expected = json.dumps(call.outputs)
        self.messages = [
            {**message, "content": json.dumps(result)}
            if message.get("content") == expected
            else message
            for message in self.messages
        ]

    def _compose(self) -> str:
        exchange, turn, draw = self.exchange, self.turn, self.turn.draw("answer")
        answer = self.answer
        if self.shows(
            faults.BROKEN_JSON, exchange.wants_json and turn.session.model == "sonata-mini"
        ):
            return wording.broken_json(answer, draw)
        if self.shows(faults.TWO_RETURN_PERIODS, exchange.topic == "returns"):
            answer = answer.replace("30 days", "14 days")
        if self.shows(faults.LONG_WINDED, exchange.simple and turn.session.prompt == "p7"):
            answer = wording.long_winded(answer, draw)
        return answer


def _record(turn: Turn, run: _Run, agent: _Agent) -> TraceRecord:
    session, recorder = turn.session, agent.recorder
    info = TraceInfo(
        trace_id=f"tr-{turn.draw('id').getrandbits(128):032x}",
        experiment_id="0",
        state="ERROR" if run.fatal else "OK",
        start_ms=turn.start_ms,
        duration_ms=float(round(recorder.now_ms)),
        request_preview=turn.exchange.request[:1000],
        response_preview=(run.answer or "")[:1000],
        name="support_agent",
        session_id=session.id,
        user_id=session.customer.user,
        input_tokens=recorder.input_tokens or None,
        output_tokens=recorder.output_tokens or None,
        total_tokens=(recorder.input_tokens + recorder.output_tokens) or None,
        tags={"channel": session.channel, "region": session.customer.region},
        metadata={
            "app_version": turn.app_version,
            "mlflow.trace.session": session.id,
            "mlflow.trace.user": session.customer.user,
            "prompt_version": session.prompt,
        },
    )
    ended_ms = turn.start_ms + round(recorder.now_ms)
    return TraceRecord(
        replace(info, assessments=_judgements(turn, run, agent.planted, ended_ms)), run.spans
    )


def _judgements(
    turn: Turn, run: _Run, planted: dict[str, Fault], ended_ms: int
) -> tuple[Assessment, ...]:
    draw = turn.draw("feedback")
    chance, asked, judged = draw.random(), draw.random() < 0.3, draw.random() < 0.2
    unhelpful = _share_unhelpful(turn, run, planted)
    found = []
    if asked:
        found.append(
            Assessment(
                "helpful", "feedback", chance >= unhelpful, "", "HUMAN", turn.session.customer.user,
                None, None, ended_ms + draw.randrange(8_000, 60_000),
            )
        )  # fmt: skip
    if judged:
        low = unhelpful > 0.2
        score = draw.choice((1, 2, 2, 3)) if low else draw.choice((4, 5, 5))
        rationale = (
            "The request is not fully met." if low else "The answer follows from the tool results."
        )
        found.append(
            Assessment(
                "answer_quality", "feedback", score, rationale, "LLM_JUDGE", "sonata-judge",
                None, None, ended_ms + 90_000,
            )
        )  # fmt: skip
    return tuple(found)


def _share_unhelpful(turn: Turn, run: _Run, planted: dict[str, Fault]) -> float:
    """How probable it is that a person calls the answer unhelpful."""
    if run.fatal:
        return 0.9
    if faults.FORGOTTEN_ORDER.id in run.shown or faults.BROKEN_JSON.id in run.shown:
        return 0.6
    if run.admitted:
        return 0.6
    if run.shown & {faults.LONG_WINDED.id, faults.FAR_INVENTORY.id, faults.SEARCH_LOOP.id}:
        return 0.2
    if faults.HELPFUL_LOOKUPS.id in planted:
        by_lookup = any(call.tool == "order_lookup" for call in turn.exchange.calls)
        if by_lookup:
            run.shown.add(faults.HELPFUL_LOOKUPS.id)
        return 0.015 if by_lookup else 0.15
    return 0.015
