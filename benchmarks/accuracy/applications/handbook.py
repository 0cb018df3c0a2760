"""A search in an employee handbook: retrieval and a ticket system."""

from __future__ import annotations

from benchmarks.accuracy.applications.base import Application, Topic

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
