"""A judge as the user asks for it, checked before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from platformdirs import user_cache_path, user_log_path

from mlflow_analysis.judge.answers import KeptAnswers
from mlflow_analysis.judge.budget import DEFAULT, Budget, parse_limit
from mlflow_analysis.judge.model import Judge, Patience
from mlflow_analysis.judge.providers import price_of, provider_for
from mlflow_analysis.judge.transcript import Transcript
from mlflow_analysis.tracking.environment import own_environment


def open_judge(
    model_uri: str,
    budget: str = "",
    *,
    cache: bool = True,
    redact: Callable[[str], str] = str,
    patience: Patience | None = None,
    variables: Mapping[str, str] | None = None,
) -> Judge:
    """The judge ``provider:/model``; nothing is asked yet. Raises ``ValueError`` with a remedy.

    ``variables`` (an env file's) hold where the environment says nothing.
    """
    limit = parse_limit(budget) if budget else DEFAULT
    environment = {**(variables or {}), **own_environment()}
    provider = provider_for(model_uri, environment)
    price = price_of(model_uri)
    if limit.usd is not None and price is None:
        raise ValueError(
            f"MLflow does not know what {model_uri} costs. Give a budget in calls or tokens."
        )
    key = environment.get("OPENAI_API_KEY", "")

    def without_key(text: str) -> str:
        text = redact(text)
        return text.replace(key, "…[masked]") if len(key) >= 8 else text

    return Judge(
        model_uri,
        provider,
        Budget(limit, price),
        Transcript(Path(user_log_path("mlflow-tui"))),
        KeptAnswers(Path(user_cache_path("mlflow-tui")) / "judge") if cache else None,
        patience,
        without_key,
    )
