"""How a budget is written, and that it is never exceeded."""

from __future__ import annotations

import pytest

from mlflow_analysis.judge.budget import Budget, BudgetSpent, Limit, Price, parse_limit
from mlflow_analysis.judge.opening import open_judge


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("200 calls", Limit(calls=200)),
        ("1 call", Limit(calls=1)),
        ("500k tokens", Limit(tokens=500_000)),
        ("1.5M tokens", Limit(tokens=1_500_000)),
        ("$2", Limit(usd=2.0)),
        ("$0.50, 30 calls", Limit(calls=30, usd=0.5)),
    ],
)
def test_a_budget_is_calls_tokens_or_money(text: str, limit: Limit) -> None:
    assert parse_limit(text) == limit


@pytest.mark.parametrize("text", ["", "200", "2 euros", "-1 calls", "$", "k tokens", "calls"])
def test_anything_else_is_refused_with_how_to_say_it(text: str) -> None:
    with pytest.raises(ValueError, match="Say it like"):
        parse_limit(text)


def test_calls_under_way_count_at_their_most() -> None:
    budget = Budget(Limit(tokens=1_000), None)
    budget.set_aside(400, 100)
    with pytest.raises(BudgetSpent):
        budget.set_aside(400, 101)
    budget.settle(400, 100, (50, 10))
    budget.set_aside(800, 140)


def test_money_is_tokens_at_their_price() -> None:
    budget = Budget(Limit(usd=0.01), Price(0.00001, 0.00002))
    budget.set_aside(500, 250)
    budget.settle(500, 250, (100, 50))
    assert budget.usd == pytest.approx(0.002)
    with pytest.raises(BudgetSpent):
        budget.set_aside(801, 0)


def test_money_needs_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    with pytest.raises(ValueError, match="does not know what openai:/own costs"):
        open_judge("openai:/own", "$2")
    assert open_judge("openai:/gpt-4.1-mini", "$2").spent.usd == 0.0


@pytest.mark.parametrize(
    ("model", "told"), [("gpt", "no model"), ("openai:/", "no model"), (":/gpt", "no model")]
)
def test_what_is_no_model_is_refused(model: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        open_judge(model)


def test_a_key_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ValueError, match="OPENAI_API_KEY is not set"):
        open_judge("openai:/gpt-4.1-mini")
