"""Parts of sentences that people put around a request: 160,000 combinations."""

from __future__ import annotations

WHO = (
    "My neighbour", "Our secretary", "The new apprentice", "A cousin of mine", "The caretaker",
    "An old friend", "My partner", "The landlord", "Somebody in the choir", "The accountant",
    "Our former director", "A customer", "The night shift", "My daughter", "The council",
    "A supplier", "The lady next door", "One of the drivers", "The insurance", "My doctor",
)  # fmt: skip
VERBS = (
    "mentioned", "forgot", "wrote down", "promised", "questioned", "repeated", "brought up",
    "misplaced", "recommended", "dismissed", "sketched", "borrowed", "returned", "praised",
    "described", "measured", "kept", "announced", "translated", "doubted",
)  # fmt: skip
WHAT = (
    "a similar case", "the blue folder", "an earlier letter", "the usual procedure", "half of it",
    "a drawing of the plan", "three different versions", "the minutes", "a photograph",
    "the wrong address", "an unsigned draft", "the long way round", "a cheaper idea", "the keys",
    "everything but the end", "a rough guess", "some leaflets", "the opposite", "a shorter list",
    "the small print",
)  # fmt: skip
WHEN = (
    "on a Sunday", "before lunch", "after the storm", "during the fair", "at the last minute",
    "in the corridor", "over the telephone", "between two meetings", "at the barber's",
    "late at night", "with a smile", "without being asked", "in front of everyone", "by mistake",
    "on the way home", "under the old roof", "in pencil", "twice", "near the fountain",
    "at the harbour",
)  # fmt: skip
