"""Two weeks of a home goods shop's support agent: made traces, with or without planted faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from mlflow_analysis.demo import faults as known_faults
from mlflow_analysis.demo import wording
from mlflow_analysis.demo.agent import Turn, take_turn
from mlflow_analysis.demo.dialogue import ABOUT_ONE_ORDER, TOPICS, Exchange, exchange, weight_of
from mlflow_analysis.demo.faults import ALL_FAULTS, Fault
from mlflow_analysis.demo.manifest import Manifest, manifest_of
from mlflow_analysis.demo.recorder import Message
from mlflow_analysis.demo.sessions import Session, loads, sessions, stream
from mlflow_analysis.records import TraceRecord


@dataclass(frozen=True, slots=True)
class Scenario:
    """Traces in order of time, and what was planted in them."""

    records: list[TraceRecord]
    manifest: Manifest


def generate(
    seed: int = 0, traces: int = 1500, faults: Sequence[Fault] = ALL_FAULTS
) -> list[TraceRecord]:
    """The traces alone: see ``make_scenario``."""
    return make_scenario(seed, traces, faults).records


def make_scenario(
    seed: int = 0, traces: int = 1500, faults: Sequence[Fault] = ALL_FAULTS
) -> Scenario:
    """``traces`` traces of two weeks from ``sessions.EPOCH_MS`` on, the same for the same arguments.

    With ``faults`` empty nothing is wrong: there are only things that look like a fault and are
    none (a search without results, a request that mentions an error, a quote that the customer
    cancelled). A fault changes only the traces that show it, and what the customer says next.
    """
    found = sessions(seed, traces)
    load = loads(found)
    pairs = [pair for session in found for pair in _converse(seed, session, load, faults)]
    pairs.sort(key=lambda pair: (pair[0].info.start_ms, pair[0].info.trace_id))
    manifest = manifest_of(faults, ((record.info.trace_id, shown) for record, shown in pairs))
    return Scenario([record for record, _ in pairs], manifest)


def _converse(
    seed: int, session: Session, load: dict[int, int], faults: Sequence[Fault]
) -> list[tuple[TraceRecord, frozenset[str]]]:
    found: list[tuple[TraceRecord, frozenset[str]]] = []
    history: list[Message] = []
    used: list[str] = []
    current: Exchange | None = None
    """The last exchange about one order: the order that is talked about."""
    repeat: Exchange | None = None
    for number, start_ms in enumerate(session.starts_ms, 1):
        draw = stream(seed, session.number, number, "words")
        upcoming = _next_exchange(session, number, used, current, draw)
        used.append(upcoming.topic)
        if repeat is not None:
            upcoming = repeat
        if upcoming.topic in ABOUT_ONE_ORDER:
            current = upcoming
        turn = Turn(seed, session, number, start_ms, load[start_ms], upcoming, tuple(history))
        record, shown = take_turn(turn, faults)
        found.append((record, shown))
        history += [{"role": "user", "content": upcoming.request}]
        if record.info.state == "OK":
            answer = record.spans[0].outputs["content"]
            history += [{"role": "assistant", "content": answer}]
        repeat = None
        if known_faults.FORGOTTEN_ORDER.id in shown and upcoming.order is not None:
            words = wording.restated(upcoming.order.id, upcoming.question, draw)
            repeat = replace(upcoming, request=words, simple=False, from_memory=False)
    return found


def _next_exchange(
    session: Session, number: int, used: list[str], current: Exchange | None, draw: Random
) -> Exchange:
    """A topic that did not come up yet; often about the order that is being talked about."""
    open_topics = [topic for topic in TOPICS if topic not in used]
    if "refund" in used or "cancel" in used:
        open_topics = [topic for topic in open_topics if topic not in ("refund", "cancel")]
    about_order = [topic for topic in open_topics if topic in ABOUT_ONE_ORDER]
    long_session = len(session.starts_ms) >= 4 and number == 1
    if about_order and (long_session or (current is not None and draw.random() < 0.4)):
        open_topics = about_order
    (topic,) = draw.choices(open_topics, [weight_of(each) for each in open_topics])
    order = current.order if current is not None else None
    return exchange(
        topic,
        draw,
        session.customer,
        order or draw.choice(session.customer.orders),
        known=order is not None,
        spoken=session.channel == "voice",
    )
