"""An OpenAI-compatible chat endpoint on loopback, which answers as a test says and remembers what came."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One response of the endpoint."""

    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Instead of a chat completion."""
    silent: bool = False
    """Never answered; the connection stays open until the double ends."""
    usage: dict[str, int] | None = field(
        default_factory=lambda: {"prompt_tokens": 300, "completion_tokens": 20}
    )

    def encoded(self) -> bytes:
        """The body of the response."""
        if self.body is not None:
            return self.body
        message = {"role": "assistant", "content": self.content}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        told: dict[str, Any] = {"id": "chat-1", "object": "chat.completion", "created": 1}
        told |= {"model": "m", "choices": [choice]}
        return json.dumps(told | ({"usage": self.usage} if self.usage else {})).encode()


Answering = Callable[[dict[str, Any]], Reply]


@dataclass
class Double:
    """The endpoint: its address, and each request's path, headers and body."""

    address: str
    seen: list[tuple[str, dict[str, str], dict[str, Any]]]

    @property
    def questions(self) -> list[str]:
        """What was asked, in the order of arrival."""
        return [body["messages"][-1]["content"] for _, _, body in self.seen]


@contextmanager
def double(answering: Answering) -> Iterator[Double]:
    """Within, the endpoint answers each request with what ``answering`` makes of its body."""
    seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
    ended = threading.Event()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                seen.append((self.path, dict(self.headers), body))
                reply = answering(body)
            if reply.silent:
                ended.wait()
                return
            content = reply.encoded()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):  # of a client that has read enough
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Double(f"http://127.0.0.1:{server.server_address[1]}/v1", seen)
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def right(body: dict[str, Any]) -> Reply:
    """What a good judge says to each kind of question."""
    question = body["messages"][-1]["content"]
    data = data_of(question)
    if '"shows"' in question:
        refused = any("429" in json.dumps(span) for span in data["trace"]["spans"])
        return Reply(
            json.dumps({"shows": "yes" if refused else "no", "why": "A call was refused."})
        )
    if '"paragraph"' in question:
        known = data["traces"][0]["trace_id"]
        return Reply(
            json.dumps(
                {
                    "paragraph": f"The limit of the order service is reached. [{known}] "
                    f"Nobody retries [{known}]. Everybody is tired. It is the moon [tr-made-up]. "
                    f"Both [{known}, tr-made-up]."
                }
            )
        )
    groups = [{"group": 1, "name": "Order status", "description": "Where an order is."}]
    return Reply(json.dumps({"description": "It tells where orders are.", "groups": groups}))


def data_of(question: str) -> dict[str, Any]:
    """The JSON in the one fence of a question."""
    assert question.count("```") == 2, "the data cannot end its fence"
    content = question.split("```json\n", 1)[1].rsplit("\n```", 1)[0]
    told: dict[str, Any] = json.loads(content)
    return told
