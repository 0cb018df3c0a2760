"""The shop that the demo's agent works for: its customers, orders, goods and documents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

REGIONS = ("eu", "us", "apac")
_CURRENCY = {"eu": "EUR", "us": "USD", "apac": "SGD"}
_CITIES = {
    "eu": ("Lyon", "Porto", "Graz", "Ghent", "Malmö"),
    "us": ("Boise", "Tampa", "Omaha", "Tulsa", "Fresno"),
    "apac": ("Osaka", "Perth", "Cebu", "Busan", "Penang"),
}
_STREETS = ("Mill Lane", "Harbour Road", "Station Street", "Orchard Way", "Chapel Hill")
_CARRIERS = ("NordPost", "BlueVan", "ParcelOne")
_STATES = ("being packed", "on its way", "waiting at the depot", "out for delivery", "delivered")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


@dataclass(frozen=True, slots=True)
class Product:
    """Something on sale. Its description is what the knowledge base holds."""

    name: str
    sku: str
    price: int
    material: str
    weight: str
    care: str

    @property
    def description(self) -> str:
        """The document of the knowledge base."""
        return (
            f"{self.name} ({self.sku}). Made of {self.material}. Weight: {self.weight}. "
            f"Care: {self.care}."
        )


PRODUCTS = (
    Product(
        "Aurora desk lamp", "LMP-210", 59, "brushed aluminium", "1.4 kg", "wipe with a dry cloth"
    ),
    Product("Fjord wool blanket", "BLK-118", 89, "Norwegian lambswool", "1.1 kg", "hand wash cold"),
    Product(
        "Kestrel backpack", "BAG-332", 120, "recycled nylon", "0.9 kg", "sponge with mild soap"
    ),
    Product(
        "Tamarind tea set", "TEA-041", 75, "glazed stoneware", "2.3 kg", "dishwasher on low heat"
    ),
    Product(
        "Harbour wall clock", "CLK-507", 48, "oak and brass", "0.8 kg", "dust with a soft brush"
    ),
    Product(
        "Juniper candle trio", "CND-093", 32, "soy wax", "0.7 kg", "trim the wick before lighting"
    ),
    Product("Sable reading chair", "CHR-415", 310, "beech and linen", "11 kg", "vacuum the covers"),
    Product("Lumen string lights", "LGT-276", 27, "copper wire", "0.3 kg", "keep away from rain"),
    Product("Pebble bath mat", "MAT-150", 38, "natural rubber", "1.9 kg", "rinse and hang to dry"),
    Product("Orchid ceramic vase", "VAS-622", 44, "fired clay", "1.6 kg", "rinse with warm water"),
)

POLICIES = {
    "return": (
        "Returns. Goods may be returned within 30 days of delivery, unused and in their box. "
        "Opened software may be returned within 14 days only. "
        "The money is paid back 5 working days after the parcel reaches our warehouse."
    ),
    "warranty": (
        "Warranty. Every product has a warranty of 2 years from the day of purchase against faults "
        "of material and workmanship. Keep the receipt as proof."
    ),
    "payment": (
        "Payment. We take bank cards, bank transfer and gift cards. "
        "Purchases above 200 can be paid in 3 instalments without interest."
    ),
    "gift": (
        "Gift wrapping. Any order can be wrapped for 4.50, with a card of up to 200 characters. "
        "Choose it in the basket before you pay."
    ),
    "delivery": (
        "Delivery. Standard delivery takes 3 to 5 working days and is free above 50. "
        "Express delivery arrives the next working day and costs 9.90."
    ),
    "stores": (
        "Stores. Our shops open from 10 to 19 on weekdays and from 10 to 17 on Saturdays. "
        "They are closed on Sundays."
    ),
}


@dataclass(frozen=True, slots=True)
class Order:
    """What order_lookup and carrier_status know; it stays the same through the two weeks."""

    id: str
    product: Product
    state: str
    day: str
    total: str
    carrier: str
    depot: str


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes or calls."""

    id: str
    user: str
    region: str
    city: str
    tier: str
    points: int
    orders: tuple[Order, ...]
    street: str

    def crm(self) -> dict[str, Any]:
        """The answer of crm_lookup."""
        return {
            "customer_id": self.id,
            "membership": self.tier,
            "city": self.city,
            "street": self.street,
        }


@cache
def customers(count: int = 120) -> tuple[Customer, ...]:
    """The customers, always the same ones."""
    draw = Random("customers")
    numbers = iter(draw.sample(range(10_000, 99_999), count * 6))
    found = []
    for index in range(count):
        region = REGIONS[index % 3]
        city = draw.choice(_CITIES[region])
        orders = tuple(_order(f"ORD-{next(numbers)}", region, city, draw) for _ in range(6))
        found.append(
            Customer(
                f"C-{2000 + index}",
                f"user-{index:03d}",
                region,
                city,
                draw.choice(("basic", "silver", "gold")),
                draw.randrange(120, 4800),
                orders,
                f"{draw.randrange(1, 140)} {draw.choice(_STREETS)}",
            )
        )
    return tuple(found)


def _order(order_id: str, region: str, city: str, draw: Random) -> Order:
    product = draw.choice(PRODUCTS)
    return Order(
        order_id,
        product,
        draw.choice(_STATES),
        draw.choice(_DAYS),
        f"{product.price}.{draw.choice(('00', '50', '90'))} {_CURRENCY[region]}",
        draw.choice(_CARRIERS),
        city,
    )


@cache
def stock(sku: str, region: str) -> int:
    """Pieces at hand in a region; never nothing."""
    return Random(f"stock/{sku}/{region}").randrange(3, 90)


@cache
def quote(destination: str, weight: str) -> tuple[str, int]:
    """Price and working days of a shipment."""
    draw = Random(f"quote/{destination}/{weight}")
    return f"{draw.randrange(5, 28)}.{draw.choice(('20', '40', '60', '80'))} EUR", draw.randrange(
        2, 8
    )


def destinations() -> tuple[str, ...]:
    """Cities that goods are sent to."""
    return tuple(city for cities in _CITIES.values() for city in cities)


def search(question: str, key: str) -> list[dict[str, Any]]:
    """What the knowledge base finds for a question about a policy (``return``) or a product (its SKU).

    The same documents for the same key, whatever the wording.
    """
    draw = Random(f"search/{key}")
    pages = {**POLICIES, **{product.sku: product.description for product in PRODUCTS}}
    others = [name for name in pages if name != key and (name in POLICIES) == (key in POLICIES)]
    names = [key, *draw.sample(others, 2)]
    score = draw.uniform(0.86, 0.95)
    found = []
    for name in names:
        found.append(
            {
                "page_content": pages[name],
                "metadata": {"doc_uri": f"kb/{name.lower()}.md"},
                "score": round(score, 3),
            }
        )
        score -= draw.uniform(0.08, 0.14)
    return found
