"""A crew of agents that looks things up."""

from __future__ import annotations

from benchmarks.accuracy.applications.base import Application, Topic

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
