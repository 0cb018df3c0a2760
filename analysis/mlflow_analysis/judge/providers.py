"""One request to a model: an OpenAI-compatible endpoint by HTTP, every other provider by MLflow's own call."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests
import urllib3

from mlflow_analysis.judge.budget import Price
from mlflow_analysis.judge.provider import Answer, CallFailed, Provider
from mlflow_analysis.tracking.environment import Variables, load_mlflow, own_environment
from mlflow_analysis.untrusted import single_line

logger = logging.getLogger(__name__)

LARGEST_ANSWER = 1_000_000
"""Bytes of a response; more is no answer to what is asked here."""
_OPENAI = "https://api.openai.com/v1"
_PASSING = frozenset({408, 409, 425, 429})


def provider_for(model_uri: str, environment: Mapping[str, str] | None = None) -> Provider:
    """The provider of ``provider:/model``, signing in as ``environment`` says, or the process's own.

    Raises ``ValueError`` with a remedy if it cannot be asked.
    """
    environment = own_environment() if environment is None else environment
    name, _, model = model_uri.partition(":/")
    model = model.lstrip("/")
    if not name or not model:
        raise ValueError(
            f"{model_uri!r} is no model. Give provider:/model, for example openai:/gpt-4.1-mini."
        )
    if name != "openai":
        return MlflowProvider(model_uri, environment)
    base = environment.get("OPENAI_API_BASE") or environment.get("OPENAI_BASE_URL") or _OPENAI
    key = environment.get("OPENAI_API_KEY", "")
    if not key:
        raise ValueError(
            "OPENAI_API_KEY is not set. Set it, to any word if the endpoint asks for none."
        )
    if not base.startswith(("http://", "https://")):
        raise ValueError("OPENAI_API_BASE is no address; it starts with http:// or https://.")
    return OpenAiCompatible(base.rstrip("/"), model, key)


def price_of(model_uri: str) -> Price | None:
    """What MLflow's catalogue says a token costs; ``None`` for a model that it does not know."""
    load_mlflow()  # with our settings, its telemetry off among them
    try:
        from mlflow.utils.providers import cost_per_token
    except ImportError:  # MLflow before it had a catalogue
        return None
    provider, _, model = model_uri.partition(":/")
    cost = cost_per_token(
        model=model.lstrip("/"), prompt_tokens=1, completion_tokens=1, custom_llm_provider=provider
    )
    return Price(*cost) if cost and any(cost) else None  # without a price it says 0


class _Bearer(requests.auth.AuthBase):
    """The key in its header. Given as ``auth``, so that a .netrc file does not replace it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}".encode()
        return request


@dataclass
class OpenAiCompatible:
    """The chat completions of OpenAI's HTTP interface, which most servers speak."""

    base: str
    model: str
    key: str = field(repr=False)
    _limit_name: str = "max_tokens"
    _tuned: bool = True
    """Whether the model lets the temperature be chosen."""

    def ask(self, instructions: str, question: str, most_output: int, time_out_s: float) -> Answer:
        """As ``Provider.ask``. Redirects are not followed: the key is for this address."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": question},
            ],
            self._limit_name: most_output,
        }
        if self._tuned:
            body["temperature"] = 0
        status, headers, content = self._post(body, time_out_s)
        if status != 200:
            self._learn(body, status, content)
            raise _refused(status, headers.get("Retry-After"))
        return _answer(content)

    def _post(
        self, body: dict[str, Any], time_out_s: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and content. A server that sends slowly gets no longer than the time-out."""
        deadline = time.monotonic() + time_out_s
        try:
            with requests.post(
                f"{self.base}/chat/completions",
                data=orjson.dumps(body),
                headers={"Content-Type": "application/json"},
                auth=_Bearer(self.key),
                timeout=time_out_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                return response.status_code, response.headers, _content(response, deadline)
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise CallFailed(f"no answer within {time_out_s:g} s", passing=True) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise CallFailed("the endpoint cannot be reached", passing=True) from error

    def _learn(self, sent: dict[str, Any], status: int, content: bytes) -> None:
        """Some models refuse a parameter that others need; what is refused is not sent again."""
        if status != 400:
            return
        if b"max_completion_tokens" in content and "max_tokens" in sent:
            self._limit_name = "max_completion_tokens"
            raise CallFailed("max_tokens is not accepted", passing=True, wait_s=0)
        if b"temperature" in content and "temperature" in sent:
            self._tuned = False
            raise CallFailed("a temperature is not accepted", passing=True, wait_s=0)


def _content(response: requests.Response, deadline: float) -> bytes:
    """The whole body. Raises ``TimeoutError`` after ``deadline``, ``CallFailed`` if it is too long.

    ``read1`` gives what has come; the other ways wait for a whole block, a slow sender's for hours.
    """
    content = b""
    while part := response.raw.read1(65_536, decode_content=True):
        content += part
        if len(content) > LARGEST_ANSWER:
            raise CallFailed(f"its answer was longer than {LARGEST_ANSWER:,} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError
    return content


def _refused(status: int, retry_after: str | None) -> CallFailed:
    try:
        wait_s = None if retry_after is None else max(0.0, float(retry_after))
    except ValueError:  # a date
        wait_s = None
    passing = status in _PASSING or status >= 500
    final = status in (401, 403, 404) or 300 <= status < 400
    return CallFailed(
        f"the endpoint answered with status {status}", passing=passing, final=final, wait_s=wait_s
    )


def _answer(content: bytes) -> Answer:
    try:
        told = orjson.loads(content)
        message = told["choices"][0]["message"]
        text, refusal = message.get("content"), message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CallFailed("what came back is no chat completion") from error
    used = _used(told.get("usage"))
    if not isinstance(text, str) or not text:
        return Answer(refusal if isinstance(refusal, str) else "", used)
    return Answer(text, used)


def _used(usage: Any) -> tuple[int, int] | None:
    if not isinstance(usage, dict):
        return None
    into, out = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if type(into) is not int or type(out) is not int or into < 0 or out < 0:
        return None
    return into, out


class MlflowProvider:
    """A model by MLflow's own call for judges; it reports no tokens."""

    def __init__(self, model_uri: str, environment: Mapping[str, str]) -> None:
        self.model_uri = model_uri
        theirs = own_environment()
        self._variables = Variables(
            {name: value for name, value in environment.items() if name not in theirs}
        )

    def ask(self, instructions: str, question: str, most_output: int, time_out_s: float) -> Answer:
        """As ``Provider.ask``; the time-out is MLFLOW_GENAI_EVAL_LLM_TIMEOUT's."""
        load_mlflow()
        from mlflow.exceptions import MlflowException
        from mlflow.metrics.genai.model_utils import score_model_on_payload

        try:
            with self._variables.in_force():
                text = score_model_on_payload(
                    self.model_uri,
                    f"{instructions}\n\n{question}",
                    eval_parameters={"max_tokens": most_output},
                )
        except (MlflowException, requests.RequestException) as error:
            response = getattr(error.__cause__ or error, "response", None)
            if isinstance(response, requests.Response):
                raise _refused(response.status_code, response.headers.get("Retry-After")) from error
            if isinstance(error, requests.RequestException):
                raise CallFailed("the endpoint cannot be reached", passing=True) from error
            raise CallFailed(f"MLflow cannot ask it{_told_by(error)}", final=True) from error
        except Exception as error:
            logger.warning("MLflow's call of the judge failed.", exc_info=True)
            raise CallFailed(f"MLflow cannot ask it{_told_by(error)}", final=True) from error
        return Answer(text if isinstance(text, str) else "", None)


def _told_by(error: Exception) -> str:
    """What ``error`` says of the configuration; of a call that was made it would repeat what was sent."""
    told = single_line(str(error))
    return f" ({told[:160].rstrip('.')})" if told and error.__cause__ is None else ""
