"""Tool calls of the demo's agent, as they should go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlflow_analysis.demo import shop
from mlflow_analysis.demo.shop import Customer, Order

Words = tuple[str, tuple["Call", ...], str]
"""A request, the tool calls that it takes, and the answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as it should go."""

    tool: str
    arguments: dict[str, Any]
    outputs: Any
    kind: str = "TOOL"
    median_ms: float = 380.0


def order_lookup(order: Order) -> Call:
    """State, item and expected day."""
    outputs = {
        "order_id": order.id,
        "item": order.product.name,
        "state": order.state,
        "expected": order.day,
        "total": order.total,
    }
    return Call("order_lookup", {"order_id": order.id}, outputs, median_ms=520)


def carrier_status(order: Order) -> Call:
    """Where the parcel is."""
    outputs = {
        "order_id": order.id,
        "carrier": order.carrier,
        "last_scan": order.depot,
        "due": order.day,
    }
    return Call("carrier_status", {"order_id": order.id}, outputs)


def crm_lookup(customer: Customer) -> Call:
    """The customer record."""
    return Call("crm_lookup", {"customer_id": customer.id}, customer.crm(), median_ms=300)


def kb_search(question: str, key: str) -> Call:
    """Documents for a question; ``key`` as in ``shop.search``."""
    return Call("kb_search", {"query": question}, shop.search(question, key), "RETRIEVER", 290)


def loyalty_points(who: Customer) -> Call:
    """The balance of points."""
    outputs = {"customer_id": who.id, "points": who.points, "worth_vouchers": who.points // 100}
    return Call("loyalty_points", {"customer_id": who.id}, outputs)
