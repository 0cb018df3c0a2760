"""Credentials are masked in what leaves the program; what only looks a little like one is not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import sample_analysis as sample
from mlflow_analysis.contract.writing import analysis_to_json, to_text
from mlflow_analysis.report import render_markdown
from mlflow_analysis.review import Review
from mlflow_analysis.review.acceptance import AcceptPolicy
from mlflow_analysis.secrets import HINT, found, masked, masked_text

# put together here, so that scanners of this repository do not take them for real ones
SECRETS = {
    "AWS": "AKIA" + "ABCDEFGHIJKLMNOP",
    "model provider": "sk-" + "proj-abcdefghijklmnopqrstuvwx",
    "GitHub": "ghp_" + "a1" * 18,
    "GitLab": "glpat-" + "a1b2" * 5,
    "Slack": "xoxb-" + "123456789012-abcdef",
    "Google": "AIza" + "b" * 35,
    "Databricks": "dapi" + "0123456789abcdef" * 2,
    "web token": "eyJ" + "hbGciOiJI.eyJ" + "zdWIiOiIx." + "c2lnbmF0dXJl",
    "bearer": "abcdef0123456789ABCDEF",
    "password": "hunter22",
    "private key": "MIIEpAIBAAKCAQEA",
    "Stripe": "sk_live_" + "a1b2" * 5,
    "assigned": "correct-h0rse-battery",
    "in JSON": "s3cr3tV4lue",
    "card": "4539 1488 0343 6467",
    "card without gaps": "4539148803436467",
    "IBAN": "GB82 WEST 1234 5698 7654 32",
    "social security": "219-09-9999",
    "GitLab deploy": "gldt-" + "a1b2" * 5,
    "npm": "npm_" + "a1B2" * 9,
    "package index": "pypi-" + "AgEIcHlwaS5vcmc" + "a1b2" * 14,
    "Azure storage": "a1B/" * 21 + "ab==",
    "mail service": "SG." + "a1b2" * 5 + "." + "c3d4" * 10,
    "Twilio": "SK" + "0123456789abcdef" * 2,
    "Telegram": "123456789:" + "AA" + "a1B2c3D4" * 4 + "x",
    "chat hook": "T00000000/B00000000/" + "a1B2" * 6,
    "basic": "dXNlcjpwYXNzd29yZA==",
    "Vault": "hvs." + "a1B2" * 7,
    "other model provider": "gsk_" + "a1B2" * 13,
}
MASKED_ONLY = {
    "short password": ("The password is {}.", "hunter2"),
    "password in JSON": ('{{"password": "{}"}}', "swordfish"),
    "password in JSON in JSON": ('"{{\\"api_key\\": \\"{}\\"}}"', "abcdefgh"),
    "password in a form": ("password={}&next=one", "swordfish"),
    "token in an address": ("https://example.org/file?token={}&page=2", "abcdef123456"),
    "card that nothing names": ("It was {} then", "4111111111111111"),
    "e-mail": ("Write to {} today", "silva7872@example.com"),
    "e-mail with a plus": ("<{}>", "ann.lee+orders@mail.example.co.uk"),
}
"""Masked to be on the safe side, though no claim that something leaked rests on it."""
TEXTS = {
    "Azure storage": "AccountName=logs;AccountKey={};",
    "chat hook": "https://hooks.slack.com/services/{}",
    "basic": "Authorization: Basic {}",
    "bearer": "Authorization: Bearer {}",
    "password": "postgresql://me:{}@host/traces",
    "assigned": "The password is {}.",
    "in JSON": '{{"user": "ann", "api_key": "{}"}}',
    "card": "Card number {}",
    "card without gaps": "Visa {}",
    "IBAN": "IBAN: {}",
    "social security": "SSN {}",
    "private key": "-----BEGIN RSA PRIVATE " + "KEY-----\n{}\n-----END RSA PRIVATE " + "KEY-----",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_credential_is_masked_and_the_rest_stays(kind: str) -> None:
    text = "before " + TEXTS.get(kind, "key={}").format(SECRETS[kind]) + " after"
    shown = masked_text(text)
    assert re.search(HINT, text)
    assert SECRETS[kind] not in shown
    assert "[masked]" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("kind", MASKED_ONLY)
def test_what_may_be_a_secret_is_masked_and_not_reported(kind: str) -> None:
    text, secret = MASKED_ONLY[kind]
    shown = masked_text(text.format(secret))
    assert secret not in shown
    assert masked_text(shown) == shown
    assert list(found(text.format(secret))) == []


def test_an_address_keeps_its_first_letter_and_domain() -> None:
    assert masked_text("from ann@example.com") == "from a…[masked]@example.com"


def test_ids_and_the_name_of_the_experiment_stay() -> None:
    digits = "4111111111111111"
    plain = sample.finding(fingerprint=digits, trace_ids=(digits,))
    analysis = sample.analysis(plain, experiment_name="/Users/ann@example.com/support")
    shown = masked(analysis)
    assert shown.experiment_name == analysis.experiment_name
    assert (shown.findings[0].fingerprint, shown.findings[0].trace_ids) == (digits, (digits,))


@pytest.mark.parametrize(
    "text",
    [
        "tr-c9ea01baef2eab27a287fc453ab8b6db",
        "order #W2586676",
        "risk-averse task-scheduling-in-distributed-systems",
        "https://example.org/a:b/c@d",
        "The bearer of good news",
        "Your password is incorrect, please reset it.",
        "password: string, required",
        'token = os.environ["SERVICE_TOKEN_1"]',
        "Card number 4539 1488 0343 6468",
        "order 4539148803436468",
        "git@code.example.com:team/app.git",
        "npm install left-pad@1.3.0",
        '{"total_tokens": 1234, "password": null}',
        "The access key is under the mat.",
        "password: ********",
        "IBAN: GB83 WEST 1234 5698 7654 32",
        "219-09-9999 is a part number",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert masked_text(text) == text


def test_report_and_json_hold_no_credential_unless_asked_to() -> None:
    secret = SECRETS["model provider"]
    plain = sample.finding()
    leaking = replace(
        plain,
        statement=f"The answer shows {secret}.",
        examples=tuple(replace(each, request=secret, excerpt=secret) for each in plain.examples),
        assessments=tuple(replace(each, rationale=secret) for each in plain.assessments),
    )
    analysis, review = sample.analysis(leaking), Review(None, "me")

    def written(show_secrets: bool) -> tuple[str, str]:
        accept = AcceptPolicy.CONFIRMED
        return (
            render_markdown(analysis, review, accept=accept, show_secrets=show_secrets),
            to_text(analysis_to_json(analysis, review, accept=accept, show_secrets=show_secrets)),
        )

    assert not any(secret in text for text in written(show_secrets=False))
    assert all(secret in text for text in written(show_secrets=True))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("PASSWORD: hunter22x", "hunter22x"),
        ("pa\u017f\u017fword: hunter22x", "hunter22x"),  # ſ is an s where case is ignored
        ("api_\u212aey=hunter22x", "hunter22x"),  # so is the Kelvin sign a k,
        ("soc\u0130al security 219-09-9999", "219-09-9999"),  # and each of these an i
        ("soc\u0131al security 219-09-9999", "219-09-9999"),
        ("M\u00fcller pays by CREDIT card 4539148803436467", "4539148803436467"),
    ],
)
def test_the_quick_look_misses_no_spelling(text: str, secret: str) -> None:
    assert secret not in masked_text(text)


def test_what_holds_no_credential_is_not_copied() -> None:
    plain = sample.finding()
    leaking = replace(plain.assessments[0], rationale="the key is " + SECRETS["model provider"])
    shown = masked(replace(plain, assessments=(*plain.assessments, leaking)))
    assert shown.examples is plain.examples
    assert shown.assessments[:-1] == plain.assessments
    assert shown.assessments[0] is plain.assessments[0]
    assert shown.assessments[-1].rationale == "the key is sk-p…[masked]"
