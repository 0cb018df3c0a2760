"""What can be planted in the demo: one declaration a fault.

A fault is known by the hypothesis that should find it. ``also_shows_as`` lists the hypotheses that
are true as well once it is planted: a service that answers 500 is a regression, and also an API
failure, an unreliable tool, and a reason for bad feedback.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """An attribute of a trace and the value that goes with the fault."""

    attribute: str
    value: str
    """For ``topic`` a part of the label, case ignored: labels are made from the requests."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong (or, with ``strength``, something right) that the generator can plant."""

    id: str
    hypothesis: str
    causes: tuple[Cause, ...]
    """Every one of these holds for each planted trace."""
    rate: float
    """Share of the traces that meet ``causes`` and could show it, which do."""
    share: tuple[float, float]
    """Lowest and highest share of all traces that show it, in 1,500 traces of any seed."""
    description: str
    also_shows_as: frozenset[str] = frozenset()
    strength: bool = False


# What a call that fails and takes the whole answer down is, besides its own class.
_BROKEN_ANSWERS = frozenset(
    {
        "api-failure",
        "empty-or-raw-error-response",
        "error-burst",
        "error-cascade",
        "failing-assessment",
        "fast-and-slow-failures",
        "unreliable-tool",
        "user-dissatisfaction",
    }
)

EXPIRED_TOKEN = Fault(
    "expired-crm-token",
    "authentication-failure",
    (Cause("tool", "crm_lookup"), Cause("hour", "03–06")),
    1.0,
    (0.007, 0.05),
    "The token of crm_lookup expires every night and is renewed at 06:00 UTC: 401 from 03:00 on.",
    _BROKEN_ANSWERS - {"api-failure"},
)
CAMPAIGN_LIMIT = Fault(
    "campaign-rate-limit",
    "rate-limited",
    (Cause("load", "high"),),
    0.2,
    (0.01, 0.06),
    "At campaign peaks the model provider refuses calls with 429; half of them are tried again.",
    _BROKEN_ANSWERS | {"latency-outliers", "resource-contention"},
)
QUOTE_TIMEOUT = Fault(
    "shipping-quote-timeout",
    "timeout",
    (Cause("tool", "shipping_quote"),),
    0.08,
    (0.004, 0.02),
    "shipping_quote gives up after 30 s on one call in twelve.",
    _BROKEN_ANSWERS | {"latency-outliers", "slow-tool"},
)
ONE_BY_ONE = Fault(
    "order-lookups-one-by-one",
    "sequential-calls",
    (Cause("tool", "order_lookup"),),
    1.0,
    (0.1, 0.3),
    "order_lookup is called before or after other tools, never beside them, though none needs its result.",
    frozenset({"latency-outliers"}),
)
FAR_INVENTORY = Fault(
    "inventory-far-away",
    "slow-tool",
    (Cause("tag.region", "apac"),),
    1.0,
    (0.015, 0.08),
    "inventory_check takes 6 to 10 s for region apac, 0.4 s elsewhere.",
    frozenset({"latency-outliers", "failing-assessment"}),
)
REFUND_OUTAGE = Fault(
    "refund-service-broken",
    "regression",
    (Cause("app_version", "2.4.0"),),
    0.95,
    (0.02, 0.08),
    "Since version 2.4.0, out on the tenth day, refund_service answers 500 and the trace fails.",
    _BROKEN_ANSWERS,
)
LONG_WINDED = Fault(
    "long-winded-prompt",
    "verbose-response",
    (Cause("prompt_version", "p7"),),
    1.0,
    (0.2, 0.5),
    "Prompt p7 answers simple questions with 160 to 260 words.",
    frozenset({"failing-assessment", "token-growth", "costly-tail"}),
)
TWO_RETURN_PERIODS = Fault(
    "two-return-periods",
    "inconsistent-answers",
    (Cause("topic", "return"),),
    0.4,
    (0.01, 0.06),
    "The return policy in the knowledge base says 30 days; two of five answers say 14.",
)
BROKEN_JSON = Fault(
    "broken-json",
    "format-mismatch",
    (Cause("model", "sonata-mini"),),
    0.75,
    (0.01, 0.06),
    "Asked for JSON, sonata-mini leaves out the last brace or writes prose after it.",
    frozenset({"truncated-response", "failing-assessment"}),
)
SEARCH_LOOP = Fault(
    "voice-search-loop",
    "repeated-call",
    (Cause("tag.channel", "voice"),),
    0.75,
    (0.015, 0.08),
    "On the voice channel kb_search is called four to seven times with the same query.",
    frozenset({"latency-outliers", "llm-round-trips", "costly-tail", "failing-assessment"}),
)
FORGOTTEN_ORDER = Fault(
    "forgotten-order-number",
    "context-lost",
    (Cause("turn", "4+"),),
    0.8,
    (0.02, 0.08),
    "From the fourth turn on the agent asks for the order number that the customer gave before.",
    frozenset({"user-dissatisfaction", "failing-assessment"}),
)
MADE_UP_POINTS = Fault(
    "made-up-points",
    "swallowed-error",
    (Cause("tool", "loyalty_points"),),
    0.5,
    (0.015, 0.06),
    "loyalty_points fails half of the time, and the agent tells a balance that it made up.",
    frozenset({"api-failure", "unreliable-tool", "unsupported-by-tools", "failing-assessment"}),
)
CARRIER_RETRY = Fault(
    "carrier-tried-again",
    "error-recovery",
    (Cause("tool", "carrier_status"),),
    0.25,
    (0.012, 0.05),
    "carrier_status is unavailable now and then, is tried again after a pause, and answers.",
    frozenset({"api-failure", "unreliable-tool"}),
    strength=True,
)
HELPFUL_LOOKUPS = Fault(
    "helpful-order-lookups",
    "effective-tools",
    (Cause("tool", "order_lookup"),),
    1.0,
    (0.08, 0.25),
    "Answers that rest on order_lookup are found helpful more often than others.",
    frozenset({"failing-assessment", "reliable-topic"}),
    strength=True,
)

ALL_FAULTS = (
    EXPIRED_TOKEN,
    CAMPAIGN_LIMIT,
    QUOTE_TIMEOUT,
    ONE_BY_ONE,
    FAR_INVENTORY,
    REFUND_OUTAGE,
    LONG_WINDED,
    TWO_RETURN_PERIODS,
    BROKEN_JSON,
    SEARCH_LOOP,
    FORGOTTEN_ORDER,
    MADE_UP_POINTS,
    CARRIER_RETRY,
    HELPFUL_LOOKUPS,
)
"""Twelve faults and two strengths."""
