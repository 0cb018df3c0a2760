"""Four made-up applications: what they are asked, what they call, what they say."""

from __future__ import annotations

from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """One kind of request. Templates take the slots and facts in braces."""

    name: str
    keywords: Words
    """Any of them in the label of a cluster says that the cluster is this topic."""
    requests: Words
    answers: Words
    facts: dict[str, tuple[int, int]]
    """Name and range of the numbers that the tools give."""
    tools: dict[str, float]
    """How often each tool serves it."""


@dataclass(frozen=True)
class Application:
    """An application and the framework that it is built on."""

    name: str
    framework: str
    """openai, langchain, plain or agents: decides shapes and span names."""
    tools: dict[str, str]
    """Name and span type."""
    models: Words
    topics: tuple[Topic, ...]
    slots: dict[str, Words]
    background: Words
    """Sentences that make a long request."""
    system: str

    def topic(self, name: str) -> Topic:
        """A topic by name. Raises ``KeyError``."""
        return {each.name: each for each in self.topics}[name]


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

HANDBOOK = Application(
    "handbook search",
    "langchain",
    {
        "policy_index": "RETRIEVER",
        "ticket_search": "TOOL",
        "people_directory": "TOOL",
        "glossary": "TOOL",
    },
    ("cedar-large", "cedar-small", "opal-2"),
    (
        Topic(
            "leave",
            ("leave", "vacation", "holiday", "parental"),
            (
                "How many days of leave do I have in {office} as a {role}?",
                "Can a {role} in {office} carry over vacation from {quarter}?",
                "What does the handbook say on parental leave in {office}?",
                "Who signs the holiday request of a {role} in {office}?",
                "Vacation rule for {office}, {quarter}, role {role}?",
            ),
            (
                "In {office} a {role} has {days} days of leave and may carry over {carry}.",
                "The rule for {office} gives {days} days, of which {carry} move to the next year.",
                "You have {days} days; up to {carry} days can be kept.",
            ),
            {"days": (22, 38), "carry": (3, 12)},
            {"policy_index": 0.7, "people_directory": 0.3},
        ),
        Topic(
            "expenses",
            ("expense", "receipt", "reimburse", "refund", "cost"),
            (
                "Up to which amount are meals reimbursed in {office}?",
                "I am a {role} and lost a receipt from {quarter}, what now?",
                "Where do I file expenses for {office} as a {role}?",
                "Is a taxi in {office} refunded for a {role}?",
                "Expense limit for a {role} in {quarter}?",
            ),
            (
                "Expenses up to {limit} euros are refunded within {period} days.",
                "The limit in {office} is {limit} euros, and the refund takes {period} days.",
                "A {role} may spend {limit} euros; file it within {period} days.",
            ),
            {"limit": (25, 480), "period": (5, 60)},
            {"policy_index": 0.55, "ticket_search": 0.45},
        ),
        Topic(
            "laptops",
            ("laptop", "device", "hardware", "monitor", "screen"),
            (
                "When will my laptop in {office} be replaced?",
                "Which device does a {role} get in {office}?",
                "My monitor in {office} is broken since {quarter}, whom do I ask?",
                "Hardware budget for a {role} in {quarter}?",
                "Can a {role} order a second screen in {office}?",
            ),
            (
                "A {role} gets a new device every {months} months; shelf {shelf} holds the spare ones.",
                "In {office} devices are replaced after {months} months. Pick one up at shelf {shelf}.",
                "After {months} months you may order another; collect it from shelf {shelf}.",
            ),
            {"months": (24, 60), "shelf": (3, 44)},
            {"ticket_search": 0.6, "policy_index": 0.25, "people_directory": 0.15},
        ),
        Topic(
            "training",
            ("course", "training", "learn", "certificate"),
            (
                "Which courses may a {role} book in {quarter}?",
                "Is there a safety training in {office}?",
                "How do I get a certificate paid as a {role}?",
                "Training hours for a {role} in {office}, {quarter}?",
                "Who teaches the course on contracts in {office}?",
            ),
            (
                "There are {hours} hours of training a year, and course {course} is open now.",
                "A {role} may use {hours} hours; course {course} still has places.",
                "Course {course} fits, and {hours} hours are paid.",
            ),
            {"hours": (12, 96), "course": (101, 960)},
            {"glossary": 0.5, "policy_index": 0.3, "people_directory": 0.2},
        ),
        Topic(
            "contacts",
            ("contact", "phone", "reach", "team", "responsible"),
            (
                "Who is responsible for payroll in {office}?",
                "How do I reach the {role} on duty in {office}?",
                "Phone extension of the facility team in {office}?",
                "Which team handles badges for a {role} in {office}?",
                "Whom do I contact about contracts in {quarter}?",
            ),
            (
                "Call extension {extension}; the desk is in room {room}.",
                "The team sits in room {room} in {office}, extension {extension}.",
                "Extension {extension} reaches them, or go to room {room}.",
            ),
            {"extension": (2100, 8900), "room": (110, 690)},
            {"people_directory": 0.65, "ticket_search": 0.2, "glossary": 0.15},
        ),
    ),
    {
        "office": ("Graz", "Turin", "Malmo", "Leeds", "Nantes", "Brno", "Utrecht", "Cork"),
        "role": ("welder", "nurse", "planner", "driver", "analyst", "cook", "tutor", "clerk"),
        "quarter": tuple(
            f"{part} {year}"
            for part in ("spring", "summer", "autumn", "winter")
            for year in (2024, 2025, 2026)
        ),
    },
    (
        "I moved here from another site and my file is still with them.",
        "My manager is away and could not say.",
        "Two colleagues gave me different answers over lunch.",
        "The intranet page that I had bookmarked is gone.",
        "I work part time, three mornings and one long day.",
        "In my previous job this was handled on paper.",
        "Payroll asked me to check before the end of the month.",
        "There was a note about this at the last assembly.",
        "I would like to have it settled before my surgery.",
        "The union representative suggested to ask here first.",
    ),
    "You answer questions of employees from the handbook and the ticket system. Be brief.",
)

ANALYST = Application(
    "sql analyst",
    "plain",
    {"run_sql": "TOOL", "python_sandbox": "TOOL", "list_tables": "TOOL", "metric_store": "TOOL"},
    ("quartz-9b", "opal-2", "basalt-70b"),
    (
        Topic(
            "revenue",
            ("revenue", "sales", "turnover", "income"),
            (
                "What was the revenue of {product} in {month}?",
                "Compare sales of {product} in {market} with the month before {month}.",
                "Total turnover for {market} in {month}, please.",
                "How much income did {product} bring in {market}?",
                "Revenue of {product} per customer in {month}?",
            ),
            (
                "{product} made {total} thousand in {month}, from {orders} orders.",
                "The total is {total} thousand over {orders} orders.",
                "In {market} it came to {total} thousand ({orders} orders).",
            ),
            {"total": (120, 9400), "orders": (300, 8800)},
            {"run_sql": 0.6, "metric_store": 0.25, "python_sandbox": 0.15},
        ),
        Topic(
            "churn",
            ("churn", "cancel", "leave", "lost"),
            (
                "How many customers cancelled {product} in {month}?",
                "What is the churn of {product} in {market}?",
                "Which customers did we lose in {market} during {month}?",
                "Churn trend for {product} since {month}?",
                "Count of lost accounts in {market} in {month}?",
            ),
            (
                "{lost} customers cancelled in {month}, out of {base}.",
                "We lost {lost} of {base} accounts in {market}.",
                "Churn for {product}: {lost} out of {base}.",
            ),
            {"lost": (11, 95), "base": (1100, 9900)},
            {"run_sql": 0.55, "python_sandbox": 0.3, "metric_store": 0.15},
        ),
        Topic(
            "stock",
            ("stock", "warehouse", "inventory", "unit"),
            (
                "How many units of {product} are in stock in {market}?",
                "Warehouse inventory of {product} at the end of {month}?",
                "Will the stock of {product} last until {month}?",
                "Inventory turnover for {market} in {month}?",
                "Which warehouse in {market} holds {product}?",
            ),
            (
                "{units} units of {product} are in stock, enough for {weeks} weeks.",
                "The warehouse in {market} holds {units} units ({weeks} weeks).",
                "Stock is {units} units. It lasts {weeks} weeks.",
            ),
            {"units": (140, 9700), "weeks": (3, 30)},
            {"metric_store": 0.6, "run_sql": 0.25, "list_tables": 0.15},
        ),
        Topic(
            "forecast",
            ("forecast", "predict", "expect", "projection"),
            (
                "Forecast the demand for {product} in {month}.",
                "What do you expect for {market} in {month}?",
                "Predict the orders of {product} after {month}.",
                "Projection for {product} in {market}, next quarter?",
                "Fit a trend to {product} in {market} and predict {month}.",
            ),
            (
                "The model expects {expected} orders for {product}, give or take {margin}.",
                "For {month} the projection is {expected} with a margin of {margin}.",
                "Demand should reach {expected}; the margin is {margin}.",
            ),
            {"expected": (400, 9100), "margin": (12, 190)},
            {"python_sandbox": 0.7, "run_sql": 0.15, "list_tables": 0.15},
        ),
        Topic(
            "schema",
            ("table", "column", "schema", "field"),
            (
                "Which table holds the orders of {product}?",
                "What columns describe {market} in the schema?",
                "Is there a field for returns of {product}?",
                "How many rows has the table for {market} since {month}?",
                "Where is {product} stored for {month}?",
            ),
            (
                "Table {table} has it, with {columns} columns.",
                "It is in table {table}; that one has {columns} columns.",
                "Look at table {table} ({columns} columns).",
            ),
            {"table": (101, 890), "columns": (6, 84)},
            {"list_tables": 0.7, "run_sql": 0.15, "metric_store": 0.15},
        ),
    ),
    {
        "product": ("kettles", "lamps", "saddles", "drills", "tents", "scales", "ovens", "skates"),
        "market": ("Iberia", "Benelux", "Nordics", "Balkans", "Andes", "Maghreb", "Alps"),
        "month": tuple(
            f"{name} {year}"
            for name in ("February", "April", "June", "September", "December")
            for year in (2022, 2023, 2024, 2025)
        ),
    },
    (
        "The board meets on Thursday and wants one number.",
        "Finance counts returns differently, keep that in mind.",
        "I tried the dashboard but it stops before that date.",
        "We had a promotion with a partner during those weeks.",
        "Please leave the pilot shops out of it.",
        "An older report named a figure that nobody can explain.",
        "My predecessor kept these numbers in a spreadsheet.",
        "It is for the yearly supplier talks.",
        "The regional lead doubts the figures from the warehouse.",
        "We changed the accounting calendar in the middle of it.",
    ),
    "You are a data analyst with SQL and Python. State figures as returned by the tools.",
)

RESEARCH = Application(
    "research crew",
    "agents",
    {
        "web_search": "TOOL",
        "fetch_page": "TOOL",
        "paper_index": "RETRIEVER",
        "patent_lookup": "TOOL",
    },
    ("opal-2", "cedar-large", "quartz-9b"),
    (
        Topic(
            "materials",
            ("material", "alloy", "battery", "ceramic"),
            (
                "What is known on {substance} as a battery material since {year}?",
                "Find studies of {substance} alloys from {country}.",
                "How hard is {substance} ceramic compared with steel?",
                "Summarise work on {substance} as a building material, {year} on.",
                "Which labs in {country} make {substance} alloys?",
            ),
            (
                "{papers} studies treat {substance}; the best sample held {value} cycles.",
                "I found {papers} papers, and the highest figure is {value} cycles.",
                "From {country} come {papers} studies. One reports {value} cycles.",
            ),
            {"papers": (4, 88), "value": (210, 7900)},
            {"paper_index": 0.6, "web_search": 0.4},
        ),
        Topic(
            "climate",
            ("climate", "rain", "drought", "flood"),
            (
                "How did rainfall in {country} change since {year}?",
                "Drought records of {country} after {year}?",
                "Which flood in {country} was the largest since {year}?",
                "Climate outlook for {substance} farming in {country}?",
                "Compare the climate of {country} today with {year}.",
            ),
            (
                "Rainfall in {country} changed by {change} mm; {stations} stations report it.",
                "{stations} stations show a change of {change} mm since {year}.",
                "It moved by {change} mm, by the records of {stations} stations.",
            ),
            {"change": (14, 310), "stations": (5, 94)},
            {"web_search": 0.55, "fetch_page": 0.45},
        ),
        Topic(
            "patents",
            ("patent", "filing", "inventor", "claim"),
            (
                "Who filed patents on {substance} in {country}?",
                "Is there a patent on {substance} from {year}?",
                "List the inventors behind {substance} filings of {year}.",
                "Has the claim on {substance} in {country} lapsed?",
                "Patent situation of {substance} after {year}?",
            ),
            (
                "{filings} filings name {substance}; the oldest runs for {rest} more months.",
                "There are {filings} patents, one with {rest} months to go.",
                "In {country} {filings} filings exist. The first lapses in {rest} months.",
            ),
            {"filings": (3, 92), "rest": (4, 210)},
            {"patent_lookup": 0.7, "web_search": 0.3},
        ),
        Topic(
            "health",
            ("health", "dose", "trial", "patient"),
            (
                "What dose of {substance} was used in trials since {year}?",
                "Were patients in {country} given {substance}?",
                "Health effects of {substance} at work in {country}?",
                "Which trial of {substance} had most patients after {year}?",
                "Is {substance} dust a health risk for miners?",
            ),
            (
                "The largest trial had {patients} patients and a dose of {dose} mg.",
                "{patients} patients took {dose} mg in that study.",
                "A dose of {dose} mg was given to {patients} patients.",
            ),
            {"patients": (30, 2900), "dose": (5, 480)},
            {"paper_index": 0.5, "fetch_page": 0.5},
        ),
        Topic(
            "history",
            ("history", "mine", "trade", "origin"),
            (
                "When did {country} begin to mine {substance}?",
                "History of the {substance} trade in {country}?",
                "Origin of the name {substance} and its first mine?",
                "How large was the {substance} trade before {year}?",
                "Which mine in {country} gave most {substance}?",
            ),
            (
                "Mining began {ago} years ago; the trade reached {tons} tons.",
                "The trade grew to {tons} tons over {ago} years.",
                "It goes back {ago} years, with {tons} tons at its height.",
            ),
            {"ago": (31, 390), "tons": (240, 8700)},
            {"fetch_page": 0.5, "web_search": 0.3, "patent_lookup": 0.2},
        ),
    ),
    {
        "substance": ("cobalt", "basalt", "zinc", "graphite", "lithium", "mica", "quartz", "talc"),
        "country": ("Chile", "Finland", "Ghana", "Laos", "Bolivia", "Latvia", "Oman", "Nepal"),
        "year": tuple(str(year) for year in range(1962, 2019)),
    },
    (
        "It is for the introduction of a museum guide.",
        "A reviewer asked for figures that can be traced.",
        "We have read the two standard textbooks already.",
        "Older sources in other languages are welcome.",
        "The exhibition opens with a room on everyday tools.",
        "Please keep apart what is measured and what is guessed.",
        "Our archive burned and most of the letters are lost.",
        "The donor cares a great deal about this chapter.",
        "I can wait until the end of the week.",
        "Someone on the team doubts the usual story.",
    ),
    "You lead a small research crew. Delegate to the researcher and report what it found.",
)

APPLICATIONS = (TRAVEL, HANDBOOK, ANALYST, RESEARCH)
