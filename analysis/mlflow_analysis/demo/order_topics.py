"""What customers say of their orders, and what a good answer says."""

from __future__ import annotations

from random import Random

from mlflow_analysis.demo.calls import (
    Call,
    Words,
    carrier_status,
    crm_lookup,
    order_lookup,
)
from mlflow_analysis.demo.shop import Customer, Order


def order_status(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About order status."""
    request = draw.choice(
        ("And on which day will the order be here?", "Has the order left your warehouse yet?")
        if known
        else (
            f"Where is my order {order.id}?",
            f"When will order {order.id} arrive?",
            f"What is the status of order {order.id}?",
            f"Hi, could you check on order {order.id} for me?",
        )
    )
    answer = draw.choice(
        (
            "Your {item}, order {id}, is {state}; the expected day is {day}.",
            "Order {id} with the {item} is {state}, and we expect it on {day}.",
            "I looked up {id}: the {item} is {state}. The day given for it is {day}.",
        )
    ).format(item=order.product.name, id=order.id, state=order.state, day=order.day)
    calls = (
        (order_lookup(order), crm_lookup(who)) if draw.random() < 0.4 else (order_lookup(order),)
    )
    return request, calls, answer


def several_orders(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About several orders."""
    others = [each for each in who.orders if each is not order]
    chosen = [order, *draw.sample(others, draw.choice((2, 2, 3)))]
    ids = ", ".join(each.id for each in chosen[:-1]) + f" and {chosen[-1].id}"
    request = draw.choice(
        (
            "How far along are {}?",
            "Please check these orders together: {}.",
            "Which of {} come this week?",
        )
    ).format(ids)
    lines = "; ".join(
        f"{each.id} ({each.product.name}) is {each.state}, expected {each.day}" for each in chosen
    )
    answer = draw.choice(
        ("Here is where they stand: {}.", "I checked all of them: {}.", "{}.")
    ).format(lines)
    return request, tuple(order_lookup(each) for each in chosen), answer


def tracking(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About tracking."""
    request = draw.choice(
        ("Who carries the parcel?", "Which depot scanned the parcel last?")
        if known
        else (
            f"Which carrier has the parcel of order {order.id}?",
            f"Can you track the parcel of order {order.id}?",
            f"Which depot saw order {order.id} last?",
        )
    )
    answer = draw.choice(
        (
            "{carrier} has the parcel for {id}. It was last scanned in {depot} and is due on {day}.",
            "The parcel for {id} travels with {carrier}; last scan in {depot}, due on {day}.",
            "{carrier} scanned {id} last in {depot}. They give {day} as the day of delivery.",
        )
    ).format(carrier=order.carrier, id=order.id, depot=order.depot, day=order.day)
    return request, _with_order(draw, order, carrier_status(order)), answer


def refund(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About refund."""
    reason = draw.choice(
        ("arrived with a crack", "looks darker than on the picture", "is smaller than I thought")
    )
    about = "it" if known else f"order {order.id}"
    request = draw.choice(
        (
            f"The {order.product.name} {reason}, may I have a refund for {about}?",
            f"Please refund {about}, the {order.product.name} {reason}.",
            f"I ask for a refund of {about} because it {reason}.",
        )
    )
    number = f"RF-{order.id[4:]}"
    outputs = {
        "order_id": order.id,
        "refund_id": number,
        "amount": order.total,
        "state": "accepted",
    }
    answer = draw.choice(
        (
            "The refund for {id} is accepted: {total} under number {number}.",
            "I have arranged it. {total} for {id} will be paid back, number {number}.",
            "Done: refund {number} over {total} is accepted for {id}.",
        )
    ).format(id=order.id, total=order.total, number=number)
    return (
        request,
        (Call("refund_service", {"order_id": order.id, "reason": reason}, outputs),),
        answer,
    )


def invoice(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About invoice."""
    about = "that purchase" if known else f"order {order.id}"
    request = draw.choice(
        (
            f"Can I get an invoice for {about}?",
            f"I need the invoice for {about}.",
            f"Send me the invoice of {about}, please.",
        )
    )
    number = f"INV-{order.id[4:]}"
    call = Call(
        "invoice_service",
        {"order_id": order.id},
        {"order_id": order.id, "invoice": number, "total": order.total},
    )
    answer = draw.choice(
        (
            "Invoice {number} for {id} over {total} is now in your account.",
            "I have put invoice {number} into your account: order {id}, {total}.",
            "Here it is: {number}, order {id}, total {total}.",
        )
    ).format(number=number, id=order.id, total=order.total)
    return request, _with_order(draw, order, call, crm_lookup(who)), answer


def cancel(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About cancel."""
    about = "the purchase" if known else f"order {order.id}"
    request = draw.choice(
        (
            f"Please cancel {about}.",
            f"Can you cancel {about} before it ships?",
            f"I would like to cancel {about}.",
        )
    )
    outputs = {"order_id": order.id, "state": "cancelled", "returned_amount": order.total}
    answer = draw.choice(
        (
            "Order {id} is cancelled, and {total} goes back to you.",
            "I have cancelled {id}. You get {total} back.",
            "Cancelled: {id}. The amount of {total} is returned.",
        )
    ).format(id=order.id, total=order.total)
    call = Call("cancel_order", {"order_id": order.id}, outputs)
    return request, _with_order(draw, order, call), answer


def address(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About address."""
    street = f"{draw.randrange(1, 140)} {draw.choice(('Canal Street', 'Hill Road', 'Park Row'))}"
    about = "it" if known else f"order {order.id}"
    request = draw.choice(
        (
            f"Change the delivery address of {about} to {street}, please.",
            f"I have moved: can {about} go to the new address {street}?",
        )
    )
    outputs = {"order_id": order.id, "delivery_to": street, "state": "changed"}
    answer = draw.choice(
        (
            "The delivery of {id} now goes to {street}.",
            "I have changed it: {id} will be delivered to {street}.",
            "{street} is noted as the address for {id}.",
        )
    ).format(id=order.id, street=street)
    call = Call("change_address", {"order_id": order.id, "street": street}, outputs)
    return request, _with_order(draw, order, call, crm_lookup(who)), answer


def _with_order(draw: Random, order: Order, *calls: Call) -> tuple[Call, ...]:
    """``calls``; now and then the agent looks the order up as well."""
    return (*calls, order_lookup(order)) if draw.random() < 0.4 else calls
