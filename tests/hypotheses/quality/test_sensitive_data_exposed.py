"""Secrets and other people's data in answers and logs."""

import pytest

from mlflow_analysis.hypotheses.quality.sensitive_data_exposed import SensitiveDataExposed
from mlflow_analysis.records import TraceRecord
from trace_factory import affected_traces, features_of, model, retriever, tool, trace

# put together here, so that scanners of this repository do not take them for real ones
KEY = "sk-" + "proj-Zt81LqWm04nVrB72yKdPc9Xs"
AWS = "AKIA" + "Z7QWLM42RTNB9KPD"
CARD = "4539 1488 0343 6467"


def fired(*records: TraceRecord) -> set[str]:
    return affected_traces(SensitiveDataExposed(), features_of(*records))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"Use the key {KEY} for now.", "An API key"),
        (f"The access key id is {AWS}.", "An AWS key"),
        ("Connect to postgres://app:Tr0ub4dor@db/main to see it.", "A password in an address"),
        ("Your password is Xk29-vbLq77 from now on.", "A password or key"),
        (f"The card on file is {CARD}.", "A card number"),
        ("Their IBAN is GB82 WEST 1234 5698 7654 32.", "An IBAN"),
        ("The social security number on file: 219-09-4821.", "A social security number"),
    ],
)
def test_fires_on_an_answer_and_never_shows_the_value(text: str, kind: str) -> None:
    record = trace(response=text)
    features = features_of(record)

    (case,) = SensitiveDataExposed().cases(features)

    (row,) = case.affected.to_dict("records")
    shown, masked, _ = row["excerpt"].partition("…[masked]")
    assert masked
    assert text[row["offset"] :].startswith(shown)
    assert row["rationale"].startswith(kind)
    assert "the answer" in row["rationale"]
    secret = text[row["offset"] + len(shown) :].split()[0].rstrip(".")
    assert secret not in row["excerpt"] + row["rationale"] + case.statement


@pytest.mark.parametrize(
    ("span", "place"),
    [
        (tool("fetch", outputs={"config": {"api_key": "q8Zr71LmWx02"}}), "the output of fetch"),
        (tool("call", inputs={"headers": f"Bearer {KEY[3:]}"}), "the arguments of call"),
        (model(outputs={"content": f"Calling with {KEY}"}), "the output of chat"),
        (
            model(inputs={"messages": [{"role": "system", "content": f"Authenticate with {KEY}"}]}),
            "the instructions of chat",
        ),
    ],
)
def test_fires_on_what_is_logged(span: object, place: str) -> None:
    (case,) = SensitiveDataExposed().cases(features_of(trace(span)))  # type: ignore[arg-type]
    (row,) = case.affected.to_dict("records")
    assert place in row["rationale"]
    assert place in case.statement
    assert KEY[3:] not in row["excerpt"]
    assert "q8Zr71LmWx02" not in row["excerpt"]


@pytest.mark.parametrize(
    "text",
    [
        "Set api_key=YOUR_API_KEY_123 first.",
        "Put it like sk-xxxxxxxxxxxxxxxxxxxxxxxx there.",
        "For example AKIA" + "IOSFODNN7EXAMPLE is an id.",
        "password: ********12",
        "Your password is incorrect.",
        "The test card is 4242 4242 4242 4242.",
        "Order 4539148803436467 is on its way.",
        "Write to support@shop.com or +49 30 1234567.",
        "Trace 7f3b1c9e-2a44-4d8e-9a51-0c2f6b7d8e90, commit 9fceb02d0ae598e95dc970b74767f19372d61af8.",
        "Order ORD-12345678 has tracking number 1Z999AA10123456784.",
        "https://bucket.example/x?X-Amz-Credential=" + AWS + "%2F2026",
    ],
)
def test_placeholders_and_ordinary_ids_are_not_flagged(text: str) -> None:
    assert not fired(trace(tool("read", outputs=text), response=text))


def test_what_the_user_gave_in_the_session_is_not_flagged() -> None:
    first = trace(request=f"My card is {CARD}", response="Thank you.", session="s1")
    later = trace(
        tool("pay", inputs={"card": f"card {CARD.replace(' ', '')}"}),
        request="Pay now",
        response=f"I charged your card {CARD}.",
        session="s1",
    )
    assert not fired(first, later)
    assert fired(trace(request="Pay", response=f"I charged your card {CARD}.", session="s2"), first)


def test_what_stands_earlier_in_the_conversation_is_not_flagged() -> None:
    said = [
        {"role": "user", "content": f"My key is {KEY}"},
        {"role": "assistant", "content": "Thanks."},
        {"role": "user", "content": "Use it"},
    ]
    used = tool("call", inputs={"token": f"key {KEY}"})
    assert not fired(trace(model(inputs={"messages": said}), used, request="Use it"))
    assert fired(trace(model(inputs={"messages": said[1:]}), used, request="Use it"))


def test_a_key_of_a_fetched_page_is_only_flagged_in_an_answer() -> None:
    page = "AIza" + "SyD81mQ2vLk07RtWzN4cXbYpE93hJfGs6uT"
    assert not fired(trace(tool("browse", outputs=f"<script>key={page}</script>")))
    assert fired(trace(response=f"Use {page}."))


def one_users_address(answer: str, **details: str) -> list[TraceRecord]:
    asked = details.pop("request", "Where is my parcel?")
    return [
        trace(request="I am kim.lee@mail.net, help", response="Hello.", session="a", user="kim"),
        trace(request=asked, response=answer, **{"session": "b", "user": "ann", **details}),
    ]


def test_fires_on_another_users_address() -> None:
    records = one_users_address("It goes to kim.lee@mail.net as you said.")
    (case,) = SensitiveDataExposed().cases(features_of(*records))
    (row,) = case.affected.to_dict("records")
    assert row["trace_id"] == records[1].info.trace_id
    assert "kim.lee@mail.net" not in row["excerpt"]
    assert "An e-mail address of another user" in row["rationale"]


@pytest.mark.parametrize(
    "records",
    [
        one_users_address("It goes to kim.lee@mail.net.", user="kim"),
        one_users_address("It goes to kim.lee@mail.net.", session="a"),
        one_users_address("It is kim.lee@mail.net.", request="What is the address of Kim Lee?"),
        one_users_address("It goes to kim.lee@mail.net.", request="I am kim.lee@mail.net too"),
        one_users_address("It is on its way."),
        one_users_address("Write to kim.lee@mail.net.")
        + [
            trace(request="Hi", response="Write to kim.lee@mail.net.", session=f"c{number}")
            for number in range(2)
        ],
    ],
    ids=["same user", "same session", "named", "given", "not shown", "general"],
)
def test_addresses_that_may_be_shown_are_not_flagged(records: list[TraceRecord]) -> None:
    assert not fired(*records)


def test_a_retrievers_documents_are_read_too() -> None:
    assert fired(trace(retriever("search", outputs=[{"page_content": f"deploy with {AWS}"}])))
