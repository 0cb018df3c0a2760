"""Words around the facts: the prompts, the long-winded additions, and what the agent says of failures."""

from __future__ import annotations

from random import Random

SYSTEM_PROMPTS = {
    "p6": (
        "You are the customer support agent of a home goods shop and help with orders, shipping and products. "
        "Answer from the results of your tools."
    ),
    "p7": (
        "You are the customer support agent of a home goods shop and help with orders, shipping and products. "
        "Answer from the results of your tools, kindly and with the background a customer may want."
    ),
}

TOOLS = {
    "order_lookup": "State, item and expected day of an order",
    "carrier_status": "Where the carrier saw a parcel last",
    "crm_lookup": "Customer record",
    "kb_search": "Search the knowledge base of policies and products",
    "refund_service": "Refund an order",
    "invoice_service": "Invoice of an order",
    "cancel_order": "Cancel an order",
    "change_address": "Change the delivery address of an order",
    "shipping_quote": "Price of a shipment",
    "loyalty_points": "Balance of loyalty points",
    "inventory_check": "Pieces in stock in a region",
    "product_search": "Find products by words",
}

_SUBJECTS = (
    "our team", "the support desk", "everyone in the warehouse", "the clerk at the counter",
    "our small crew", "the service department", "whoever picks up your file", "the night shift",
)  # fmt: skip
_ACTIONS = (
    "takes great care to keep every record up to date",
    "checks what the systems say before anything is promised to a customer",
    "likes to explain how things came about and what follows from them",
    "is glad to go through the details step by step with anyone who wishes so",
    "reads the notes of earlier conversations in order to get the whole picture",
    "tries to think one step further than the question that was asked",
    "has learned over the years which little things cause confusion",
    "pays attention to wording, since a clear explanation saves a second letter",
    "compares the figures in several places before passing them on",
    "keeps the tone friendly even on the busiest afternoons of the season",
)
_REASONS = (
    "because a good overview makes later decisions so much easier",
    "since many customers have told us that they value the context",
    "as our founders believed that patience is the better part of service",
    "given that circumstances at home, at work or on the road may change",
    "for there is nothing more tiresome than having to look everything up alone",
    "which is something we have been proud of ever since the first shop opened",
    "and that holds for small matters just as it does for large ones",
    "so that you may lean back and enjoy the things you have chosen",
    "although we know, of course, that a busy day leaves little time for reading",
    "while the usual conditions, as printed in our brochure, remain as they are",
)
_OPENERS = (
    "By way of background,", "It may be of interest that", "To put this into a wider frame,",
    "As you may have noticed on an earlier occasion,", "On a more general note,", "Let me add that",
    "For the sake of completeness,", "In our experience", "Behind the scenes,", "As a rule,",
    "Quite apart from that,", "Looking at the whole journey of a purchase,",
)  # fmt: skip


def long_winded(answer: str, draw: Random) -> str:
    """``answer`` drawn out to between 160 and 260 words, adding no fact and repeating no sentence."""
    wanted = draw.randrange(165, 230)
    words = len(answer.split())
    sentences = [answer]
    openers, actions, reasons = (
        draw.sample(parts, len(parts)) for parts in (_OPENERS, _ACTIONS, _REASONS)
    )
    for opener, action, reason in zip(openers, actions, reasons, strict=False):
        if words >= wanted:
            break
        sentence = f"{opener} {draw.choice(_SUBJECTS)} {action}, {reason}."
        sentences.append(sentence)
        words += len(sentence.split())
    return " ".join(sentences)


_FAILED = (
    "I am sorry, {tool} failed with the message “{error}”, so this has to wait; please try later.",
    "Sorry, the call to {tool} did not go through ({error}). Please ask me later today.",
    "I could not finish this, since {tool} answered with “{error}”. I am sorry about the delay.",
)


def failed(tool: str, error: str, draw: Random) -> str:
    """An honest answer after a tool failed."""
    return draw.choice(_FAILED).format(tool=tool.replace("_", " "), error=error)


def ask_for_order(draw: Random) -> str:
    """The agent has forgotten which order it was."""
    return draw.choice(
        (
            "Gladly. Could you tell me your order number, please?",
            "Which order is it? Please give me the order number.",
            "I need your order number for that. What is it?",
        )
    )


def restated(order_id: str, request: str, draw: Random) -> str:
    """The customer gives the number once more and repeats the question."""
    opening = draw.choice(
        ("As I said, it is {}.", "I already gave you the number: {}.", "I told you, {}.")
    )
    return f"{opening.format(order_id)} {request}"


def broken_json(text: str, draw: Random) -> str:
    """JSON without its end, with a comma too many, or with prose behind it."""
    form = draw.random()
    if form < 0.7:
        return text[:-1] if form < 0.4 else f"{text[:-1]},}}"
    remarks = ("Let me know if you need another field.", "I hope this is the format you wanted!")
    return f"{text}\n\n{draw.choice(remarks)}"
