"""What customers ask, which tools that takes, and what a good answer says.

Every number and name in an answer stands in a tool's output, and every wording of an answer gives
the same figures, so that nothing here looks like a fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from mlflow_analysis.demo import order_topics, shop_topics
from mlflow_analysis.demo.calls import Call, Words
from mlflow_analysis.demo.shop import Customer, Order


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and all that belongs to it."""

    topic: str
    question: str
    """Without the story around it."""
    request: str
    calls: tuple[Call, ...]
    answer: str
    simple: bool
    """One short question."""
    wants_json: bool = False
    order: Order | None = None
    """The order it is about."""
    from_memory: bool = False
    """The order number was given in an earlier turn."""


_Maker = Callable[[Random, Customer, Order, bool], Words]
"""From a draw, the customer, an order and whether it is known from before."""

_MAKERS: Mapping[str, tuple[_Maker, float]] = {
    "order status": (order_topics.order_status, 17),
    "several orders": (order_topics.several_orders, 23),
    "tracking": (order_topics.tracking, 12),
    "refund": (order_topics.refund, 17),
    "invoice": (order_topics.invoice, 8),
    "cancel": (order_topics.cancel, 5),
    "address": (order_topics.address, 8),
    "shipping quote": (shop_topics.shipping_quote, 34),
    "loyalty points": (shop_topics.loyalty, 9),
    "stock": (shop_topics.stock, 20),
    "product": (shop_topics.product, 8),
    "returns": (shop_topics.return_policy, 28),
    "policies": (shop_topics.policy, 7),
    "find product": (shop_topics.find_product, 5),
    "account": (shop_topics.account, 5),
}
TOPICS = tuple(_MAKERS)
ABOUT_ONE_ORDER = ("order status", "tracking", "refund", "invoice", "cancel", "address")
_AS_JSON = frozenset({"order status", "tracking", "shipping quote", "stock"})

_OPENINGS = ("Hello.", "Good morning.", "Good evening.", "Hi there.", "Hello, a quick one.")
_SIMPLE_WORDS = 15
_STORIES: Mapping[str, tuple[str, ...]] = {
    "order status": (
        "I placed an order as a birthday present, and the party is at the end of the week.",
        "My order confirmation came by mail, but since then I have heard nothing about the order.",
        "I get a login error in your app on my old phone, so I ask for the status of my order here.",
    ),
    "several orders": (
        "I placed these orders together for the guest rooms and would like one overview of all orders.",
        "My partner and I placed several orders last week and lost track of the orders.",
    ),
    "tracking": (
        "The parcel should go to my neighbour, who wants to know which carrier will ring.",
        "The carrier sent me a message about the parcel, but the link to the depot is cut off.",
    ),
    "refund": (
        "I unpacked it yesterday and was a little sad, for a refund is not what I had in mind.",
        "The refund may go to the card that I paid with, as for my last refund.",
    ),
    "invoice": (
        "My bookkeeper closes the quarter on Friday, and the invoice is missing from her folder.",
        "For the tax office I need each invoice with the full billing details on paper.",
    ),
    "cancel": (
        "I bought the same thing in a shop around the corner, so I would rather cancel here.",
        "Plans have changed, and I need to cancel as long as that is possible.",
    ),
    "address": (
        "We are moving house this month, and the delivery address in my account is the former flat.",
        "I will be at my parents' house on that day, so another delivery address suits me better.",
    ),
    "shipping quote": (
        "I want to send a present to friends abroad and compare the price of shipping first.",
        "For my small business I collect shipping prices of several shops in a sheet.",
    ),
    "loyalty points": (
        "I collect loyalty points with every purchase and plan to spend the points on a lamp.",
        "A friend told me that loyalty points can be turned into vouchers at the end of the season.",
    ),
    "stock": (
        "I saw it in your window in town, where the last piece in stock had just been sold.",
        "Before I drive to the shop I like to know what is in stock.",
    ),
    "product": (
        "I looked at the product page for a while, but the text there is rather brief.",
        "My flat is small and the product has to fit in well with what I own.",
    ),
    "returns": (
        "I bought a few things for the new flat, and one of them may have to be returned.",
        "A colleague told me that returns are easy with you, and I like to know before I buy.",
    ),
    "policies": (
        "I could not find the terms on your page, perhaps because I read it on a small screen.",
        "This is my first purchase in your shop, so the terms are new to me.",
    ),
    "find product": (
        "I have been looking through the range on your page without much luck.",
        "A friend has one from your range and is very fond of it.",
    ),
    "account": (
        "I moved my account to a new mail address, and the membership card got lost on the way.",
        "My card says one membership and the app says another membership.",
    ),
}
_ADVICE = (
    "Since you are planning ahead, you will also find this in your account.",
    "For your notes, the same details stand in the confirmation we sent.",
    "Your account shows it as well, should you want to look it up later on.",
    "If somebody else takes care of it, just give them these details.",
    "That should be all you need for the moment.",
    "You can write to this chat at any time should your plans change.",
)


def weight_of(topic: str) -> float:
    """How often a topic comes up, against the others."""
    return _MAKERS[topic][1]


def exchange(
    topic: str, draw: Random, who: Customer, order: Order, *, known: bool, spoken: bool
) -> Exchange:
    """A request about ``topic`` with its tools and answer.

    ``known``: the order number was given before, so that the request leaves it out. ``spoken``: on
    the telephone, where nobody asks for JSON.
    """
    known = known and topic in ABOUT_ONE_ORDER
    request, calls, answer = _MAKERS[topic][0](draw, who, order, known)
    about = order if topic in ABOUT_ONE_ORDER or topic == "several orders" else None
    style = draw.random()
    if topic in _AS_JSON and not known and style < 0.24 and not spoken:
        body = json.dumps({key: value for call in calls for key, value in call.outputs.items()})
        whole = f"{request} Answer as JSON only."
        return Exchange(topic, request, whole, calls, body, False, True, about)
    if style > 0.68:
        whole = f"{draw.choice(_OPENINGS)} {draw.choice(_STORIES[topic])} {request}"
        answer = f"{answer} {draw.choice(_ADVICE)}"
        return Exchange(topic, request, whole, calls, answer, False, False, about, known)
    simple = len(request.split()) <= _SIMPLE_WORDS
    return Exchange(topic, request, request, calls, answer, simple, False, about, known)
