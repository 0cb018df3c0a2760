"""A travel desk that books and looks up."""

from __future__ import annotations

from benchmarks.accuracy.applications.base import Application, Topic

_CITIES = (
    "Lisbon", "Osaka", "Tallinn", "Porto", "Split", "Bergen", "Naples", "Cusco", "Hanoi", "Quito",
    "Ghent", "Valencia", "Bilbao", "Oaxaca", "Galway", "Krakow",
)  # fmt: skip
_DAYS = tuple(
    f"{day} {month}"
    for month in ("January", "March", "April", "May", "June", "August", "October", "November")
    for day in range(1, 29)
)

TRAVEL = Application(
    "travel desk",
    "openai",
    {
        "search_flights": "TOOL",
        "hotel_rates": "TOOL",
        "visa_rules": "TOOL",
        "rail_times": "TOOL",
        "loyalty_account": "TOOL",
    },
    ("opal-2", "opal-2-mini", "basalt-70b"),
    (
        Topic(
            "flights",
            ("flight", "fare", "fly", "plane"),
            (
                "What is the cheapest flight to {city} on {day}?",
                "I want to fly to {city} on {day}, how much is the fare?",
                "Find me a plane ticket to {city} leaving {day}.",
                "Are there direct flights to {city} on {day}, and at which price?",
                "Look up flights for {people} people to {city}, departure {day}.",
            ),
            (
                "The lowest fare to {city} is {fare} euros; {seats} seats are left at that price.",
                "For {day} I see {fare} euros to {city}, with {seats} seats still open.",
                "You can fly to {city} for {fare} euros. That flight has {seats} free seats.",
            ),
            {"fare": (80, 990), "seats": (3, 78)},
            {"search_flights": 0.6, "loyalty_account": 0.25, "rail_times": 0.15},
        ),
        Topic(
            "hotels",
            ("hotel", "room", "night", "stay"),
            (
                "Which hotel room in {city} is free from {day}?",
                "I need a room in {city} for {people} people, arriving {day}.",
                "How much does a night in a central hotel in {city} cost on {day}?",
                "Suggest a quiet place to stay in {city}, check-in {day}.",
                "Hotel in {city} for {day}, breakfast included, what are the rates?",
            ),
            (
                "A double room in {city} costs {rate} euros a night, {rooms} rooms are free.",
                "From {day} there are {rooms} rooms in {city}, the best at {rate} euros per night.",
                "In {city} the central house asks {rate} euros; it has {rooms} rooms left.",
            ),
            {"rate": (45, 390), "rooms": (3, 40)},
            {"hotel_rates": 0.65, "loyalty_account": 0.2, "search_flights": 0.15},
        ),
        Topic(
            "visas",
            ("visa", "passport", "entry", "border"),
            (
                "Do I need a visa for {city} when I arrive on {day}?",
                "What are the entry rules for {city} with a {nation} passport?",
                "How long may I stay in {city} without a visa as a {nation} citizen?",
                "Passport rules for {city}, travelling {day} with {people} people?",
                "Is my {nation} passport enough to cross the border near {city}?",
            ),
            (
                "With a {nation} passport you may stay {days} days; the form costs {fee} euros.",
                "Entry is possible for {days} days, and the fee at the border is {fee} euros.",
                "You can remain for {days} days. Carry {fee} euros for the entry fee.",
            ),
            {"days": (14, 180), "fee": (12, 95)},
            {"visa_rules": 0.7, "search_flights": 0.15, "loyalty_account": 0.15},
        ),
        Topic(
            "trains",
            ("train", "rail", "station", "platform"),
            (
                "When does the first train to {city} leave on {day}?",
                "Is there a night train to {city} on {day}?",
                "From which station do trains to {city} go on {day}?",
                "Rail connection to {city} for {people} people on {day}, please.",
                "How long does the train to {city} take on {day}?",
            ),
            (
                "The train to {city} takes {minutes} minutes and leaves from platform {platform}.",
                "It is {minutes} minutes by rail to {city}; go to platform {platform}.",
                "Platform {platform}, and the ride to {city} lasts {minutes} minutes.",
            ),
            {"minutes": (70, 690), "platform": (3, 29)},
            {"rail_times": 0.7, "hotel_rates": 0.15, "loyalty_account": 0.15},
        ),
        Topic(
            "points",
            ("point", "loyalty", "tier", "account", "mile"),
            (
                "How many loyalty points does a trip to {city} earn on {day}?",
                "Which tier will my account reach after {city} on {day}?",
                "Can I pay the trip to {city} on {day} with miles?",
                "My loyalty account should get points for {city}, travelled {day}.",
                "Points balance after booking {city} for {people} people?",
            ),
            (
                "That trip earns {points} points and leaves you {missing} points short of the next tier.",
                "You get {points} points for {city}; the next tier needs {missing} more.",
                "It adds {points} points. With {missing} more you move up a tier.",
            ),
            {"points": (210, 4800), "missing": (55, 9100)},
            {"loyalty_account": 0.6, "search_flights": 0.25, "visa_rules": 0.15},
        ),
    ),
    {
        "city": _CITIES,
        "day": _DAYS,
        "people": ("two", "three", "four", "five"),
        "nation": ("Dutch", "Peruvian", "Kenyan", "Irish", "Chilean", "Korean"),
    },
    (
        "We travel with my sister and her two children who get tired quickly.",
        "Last year the connection was missed and we slept at the airport.",
        "The budget was agreed with the whole family over several evenings.",
        "My father walks slowly, so short ways matter to us.",
        "We would rather leave in the morning than late at night.",
        "Luggage is one large case and a folded pushchair.",
        "A colleague told me that spring is the better season there.",
        "Our old travel agent has closed, hence this message.",
        "We already hold a rental car from the second day on.",
        "The trip is a present for a wedding anniversary.",
    ),
    "You are the travel desk of a mid-sized agency. Use the tools; give prices in euros.",
)
