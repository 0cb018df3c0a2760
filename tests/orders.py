"""Traces of an application that answers questions about orders, with one planted fault."""

from __future__ import annotations

from mlflow_analysis.records import TraceRecord
from trace_factory import model, tool, trace

EXPERIMENT = "orders"


def orders() -> list[TraceRecord]:
    """Eighty traces of forty sessions; every fifth fails because ``lookup_order`` is refused."""
    records = []
    for number in range(1, 81):
        refused = number % 5 == 0
        call = (
            tool(
                "lookup_order",
                status="ERROR",
                message="429 Too Many Requests",
                exception=("HTTPError", "429 Too Many Requests: rate limit exceeded"),
            )
            if refused
            else tool("lookup_order", outputs={"state": "shipped"})
        )
        records.append(
            trace(
                model("plan"),
                call,
                request=f"Where is my order {1000 + number}?",
                response="" if refused else "It was shipped yesterday.",
                state="ERROR" if refused else "OK",
                session=f"session-{number // 2}",
                number=number,
            )
        )
    return records
