"""One request: by HTTP to an OpenAI-compatible endpoint, by MLflow's own call to any other provider."""

from __future__ import annotations

from pathlib import Path

import pytest
from chat_double import Reply, double

from mlflow_analysis.judge.provider import Answer, CallFailed
from mlflow_analysis.judge.providers import provider_for


def _azure(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AZURE_API_KEY", "any-word")
    monkeypatch.setenv("AZURE_API_BASE", address)
    monkeypatch.setenv("AZURE_API_VERSION", "2024-06-01")


def test_other_providers_are_asked_by_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    with double(lambda _: Reply("An answer.")) as there:
        _azure(monkeypatch, there.address)
        answer = provider_for("azure:/m").ask("Be brief.", "What is it?", 50, 20.0)
    assert answer == Answer("An answer.", None)
    ((path, headers, body),) = there.seen
    assert "/deployments/m/chat/completions" in path
    assert {name.lower(): value for name, value in headers.items()}["api-key"] == "any-word"
    assert body["messages"] == [{"role": "user", "content": "Be brief.\n\nWhat is it?"}]


@pytest.mark.parametrize(("status", "passing", "final"), [(429, True, False), (401, False, True)])
def test_mlflows_failures_are_told_apart(
    status: int, passing: bool, final: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with double(lambda _: Reply(status=status, headers={"Retry-After": "7"})) as there:
        _azure(monkeypatch, there.address)
        with pytest.raises(CallFailed, match=f"status {status}") as failed:
            provider_for("azure:/m").ask("Be brief.", "What is it?", 50, 20.0)
    assert (failed.value.passing, failed.value.final) == (passing, final)
    assert failed.value.wait_s == 7.0
    assert "What is it?" not in str(failed.value)


def test_a_provider_without_its_key_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_API_KEY", raising=False)
    with pytest.raises(CallFailed, match="AZURE_API_KEY") as failed:
        provider_for("azure:/m").ask("Be brief.", "What is it?", 50, 20.0)
    assert failed.value.final


def test_a_provider_that_mlflow_does_not_know_is_final() -> None:
    with pytest.raises(CallFailed, match="nowhere") as failed:
        provider_for("nowhere:/m").ask("Be brief.", "What is it?", 50, 20.0)
    assert failed.value.final


def test_garbage_by_way_of_mlflow_is_a_failed_call(monkeypatch: pytest.MonkeyPatch) -> None:
    for body in (b"{}", b"[]", b"<html>"):
        with double(lambda _, body=body: Reply(body=body)) as there:
            _azure(monkeypatch, there.address)
            with pytest.raises(CallFailed):
                provider_for("azure:/m").ask("Be brief.", "What is it?", 50, 20.0)


def test_a_netrc_file_does_not_replace_the_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    with double(lambda _: Reply("Yes.")) as there:
        openai = provider_for(
            "openai:/m", {"OPENAI_API_KEY": "mine", "OPENAI_API_BASE": there.address}
        )
        openai.ask("Be brief.", "Is it?", 50, 20.0)
    assert there.seen[0][1]["Authorization"] == "Bearer mine"


def test_a_redirect_is_not_followed() -> None:
    with double(lambda _: Reply("stolen")) as elsewhere:
        moved = Reply(status=307, headers={"Location": f"{elsewhere.address}/chat/completions"})
        with double(lambda _: moved) as there:
            openai = provider_for(
                "openai:/m", {"OPENAI_API_KEY": "mine", "OPENAI_API_BASE": there.address}
            )
            with pytest.raises(CallFailed, match="status 307"):
                openai.ask("Be brief.", "Is it?", 50, 20.0)
    assert elsewhere.seen == []
