"""The shapes in which frameworks write down tool calls and failures."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.accuracy.plan import Call, Failure


def tool_calls(calls: list[Call]) -> list[dict[str, Any]]:
    """As a chat message holds them."""
    return [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": call.tool, "arguments": json.dumps(call.arguments)},
        }
        for number, call in enumerate(calls)
    ]


def stack(failure: Failure) -> str:
    """A traceback that ends in it."""
    return (
        "Traceback (most recent call last):\n"
        '  File "service/runner.py", line 141, in invoke\n    return target(**arguments)\n'
        f"{failure.kind}: {failure.message}"
    )


def failed_output(failure: Failure, form: str) -> Any:
    """What a failed call returns where its framework does not raise."""
    if form == "text":
        return {
            "type": "tool",
            "content": f"Error: {failure.kind}('{failure.message}')\n Please fix your mistakes.",
            "status": "error",
        }
    if form == "structured":
        error: dict[str, Any] = {"type": failure.kind, "message": failure.message}
        if failure.code is not None:
            error["code"] = failure.code
        return {"ok": False, "error": error}
    return stack(failure) if form == "traceback" else None
