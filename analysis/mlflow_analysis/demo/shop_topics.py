"""What customers ask about goods, prices and terms, and what a good answer says."""

from __future__ import annotations

from random import Random

from mlflow_analysis.demo import shop
from mlflow_analysis.demo.calls import (
    Call,
    Words,
    crm_lookup,
    kb_search,
    loyalty_points,
)
from mlflow_analysis.demo.shop import Customer, Order


def shipping_quote(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About shipping quote."""
    city, weight = draw.choice(shop.destinations()), draw.choice(("2 kg", "5 kg", "12 kg"))
    price, days = shop.quote(city, weight)
    request = draw.choice(
        (
            f"How much is shipping {weight} to {city}?",
            f"What would shipping a box of {weight} to {city} cost?",
            f"I want to send {weight} to {city}, what is the shipping price?",
        )
    )
    if draw.random() < 0.02:  # the customer's own doing, not a time-out
        stopped = {"destination": city, "weight": weight, "state": "cancelled by the user"}
        call = Call("shipping_quote", {"destination": city, "weight": weight}, stopped)
        return (
            request,
            (call,),
            f"You cancelled the quote for {weight} to {city}, so I stopped it there.",
        )
    outputs = {"destination": city, "weight": weight, "price": price, "working_days": days}
    answer = draw.choice(
        (
            "Sending {weight} to {city} costs {price} and takes {days} working days.",
            "A parcel of {weight} to {city} is {price}, with {days} working days on the road.",
            "{price} for {weight} to {city}; it arrives after {days} working days.",
        )
    ).format(weight=weight, city=city, price=price, days=days)
    return (
        request,
        (Call("shipping_quote", {"destination": city, "weight": weight}, outputs),),
        answer,
    )


def loyalty(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About loyalty."""
    request = draw.choice(
        (
            "How many loyalty points do I have?",
            "What is my loyalty points balance?",
            "Did I earn enough loyalty points for a voucher?",
        )
    )
    answer = draw.choice(
        (
            "You have {points} points, enough for {vouchers} vouchers.",
            "Your balance is {points} points; that makes {vouchers} vouchers.",
            "There are {points} points on your card, worth {vouchers} vouchers.",
        )
    ).format(points=who.points, vouchers=who.points // 100)
    return request, (loyalty_points(who),), answer


def stock(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About stock."""
    product = draw.choice(shop.PRODUCTS)
    pieces = shop.stock(product.sku, who.region)
    request = draw.choice(
        (
            f"Is the {product.name} in stock?",
            f"Do you have the {product.name} in stock?",
            f"How many of the {product.name} are in stock?",
        )
    )
    outputs = {"sku": product.sku, "item": product.name, "region": who.region, "pieces": pieces}
    answer = draw.choice(
        (
            "Yes, the {name} is in stock: {pieces} pieces in your region.",
            "We have {pieces} pieces of the {name} for your region.",
            "The {name} is available, {pieces} pieces at the moment.",
        )
    ).format(name=product.name, pieces=pieces)
    call = Call("inventory_check", {"sku": product.sku, "region": who.region}, outputs)
    return request, (call,), answer


def product(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About product."""
    product = draw.choice(shop.PRODUCTS)
    request, answer = draw.choice(
        (
            ("What is the {name} made of?", "The {name} is made of {material}."),
            ("How much does the {name} weigh?", "The weight of the {name} is {weight}."),
            ("How do I take care of the {name}?", "For the care of the {name}: {care}."),
        )
    )
    values = {
        "name": product.name,
        "material": product.material,
        "weight": product.weight,
        "care": product.care,
    }
    request = request.format(**values)
    opening = draw.choice(("", "According to our product page: ", "With pleasure. "))
    return request, (kb_search(request, product.sku),), opening + answer.format(**values)


_RETURN_QUESTIONS = (
    "What is your return policy?",
    "How many days are there to return unused goods?",
    "Until when may an unused lamp be returned?",
    "What is the return window for a birthday gift?",
    "Is there a deadline for returns after delivery?",
    "How long after delivery is a return possible?",
    "What is the time limit for returning an order?",
    "When is it too late to return a chair?",
    "Within how many days must a return reach you?",
    "What are the terms for returns of gifts?",
    "How does the return of a lamp work, and by when?",
    "Are returns of unused goods possible after two weeks?",
)


_RETURN_ANSWERS = (
    "Goods may be returned within 30 days of delivery, unused and in their box.",
    "You have 30 days from delivery to return goods that are unused and in their box.",
    "A return is possible within 30 days of delivery if the goods are unused and boxed.",
)


def return_policy(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About return policy."""
    request = draw.choice(_RETURN_QUESTIONS)
    return request, (kb_search(request, "return"),), draw.choice(_RETURN_ANSWERS)


_POLICY_QUESTIONS = {
    "warranty": (
        ("How long is the warranty on your products?", "Which warranty do your lamps have?"),
        (
            "Every product has a warranty of 2 years from the day of purchase.",
            "The warranty lasts 2 years from purchase.",
        ),
    ),
    "payment": (
        ("Can I pay a chair in instalments?", "Do you take payment in instalments?"),
        (
            "Purchases above 200 can be paid in 3 instalments without interest.",
            "Above 200 you can pay in 3 instalments.",
        ),
    ),
    "gift": (
        ("Can you wrap my order as a gift?", "How does gift wrapping work?"),
        (
            "Gift wrapping is 4.50, with a card of up to 200 characters.",
            "We wrap it for 4.50, card of up to 200 characters.",
        ),
    ),
    "delivery": (
        ("How long does standard delivery take?", "How many working days does delivery need?"),
        (
            "Standard delivery takes 3 to 5 working days.",
            "Count on 3 to 5 working days for standard delivery.",
        ),
    ),
    "stores": (
        ("When are your shops open on Saturdays?", "Are the stores open on a Saturday?"),
        ("Our shops open from 10 to 17 on Saturdays.", "On Saturdays from 10 to 17."),
    ),
}


def policy(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About policy."""
    key = draw.choice(tuple(_POLICY_QUESTIONS))
    questions, answers = _POLICY_QUESTIONS[key]
    request = draw.choice(questions)
    return request, (kb_search(request, key),), draw.choice(answers)


def find_product(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About find product."""
    product = draw.choice(shop.PRODUCTS)
    word = product.name.split(" ", 1)[1]
    missing = draw.choice(("bicycle pump", "garden hose", "snow shovel", "waffle iron"))
    nothing = draw.random() < 0.25  # a search that finds nothing is an answer, not a fault
    wanted = missing if nothing else word
    request = draw.choice(
        (
            f"Do you sell a {wanted}?",
            f"I am looking for a {wanted}.",
            f"Which {wanted} can I buy from you?",
        )
    )
    results = (
        [] if nothing else [{"sku": product.sku, "name": product.name, "price": product.price}]
    )
    call = Call("product_search", {"text": wanted}, {"results": results, "total": len(results)})
    if nothing:
        answer = draw.choice((f"There is no {wanted} in our range.", f"Our range has no {wanted}."))
    else:
        answer = draw.choice(
            ("Yes, the {name} for {price}.", "We sell the {name} at {price}.")
        ).format(name=product.name, price=product.price)
    return request, (call,), answer


def account(draw: Random, who: Customer, order: Order, known: bool) -> Words:
    """About account."""
    request = draw.choice(
        (
            "Which membership do I have?",
            "What membership level is my account?",
            "Is my account a gold membership?",
        )
    )
    answer = draw.choice(
        (
            "Your account has the {tier} membership and {points} points.",
            "You have the {tier} membership, with {points} points on the account.",
            "The account is at level {tier} and holds {points} points.",
        )
    ).format(tier=who.tier, points=who.points)
    return request, (crm_lookup(who), loyalty_points(who)), answer
