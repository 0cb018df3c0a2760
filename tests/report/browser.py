"""A headless Chromium, spoken to through its DevTools pipe: what a page does when it is opened."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_SECONDS = 60
_ARGUMENTS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # it cannot be had as root, in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
)


@dataclass
class Opened:
    """What happened while a page was loaded."""

    requests: list[str] = field(default_factory=list)
    """Addresses asked for, apart from the page's own."""
    complaints: list[str] = field(default_factory=list)
    """What the console says, uncaught exceptions included."""


class Browser:
    """One page. Every method waits for Chromium's answer."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to = os.fdopen(to_browser, "wb", buffering=0)
        self._from = os.fdopen(from_browser, "rb", buffering=0)
        self._buffer = b""
        self._number = 0
        self._events: list[dict[str, Any]] = []
        self._session = ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")

    def open(self, page: Path) -> Opened:
        """Load ``page`` and say what happened until its load event and a moment after."""
        self._events.clear()
        self._ask("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._events.append(self._read())
        # two frames: by then whatever the page starts by itself has begun
        self.run("new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))")
        seen = Opened()
        for event in self._events:
            told = event.get("params", {})
            if event["method"] == "Network.requestWillBeSent":
                seen.requests.append(told["request"]["url"])
            elif event["method"] == "Runtime.consoleAPICalled":
                seen.complaints.append(str(told["args"]))
            elif event["method"] == "Runtime.exceptionThrown":
                seen.complaints.append(str(told["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded":
                seen.complaints.append(told["entry"]["text"])
        seen.requests.remove(page.as_uri())
        return seen

    def visit(self, address: str, awaited: str) -> str:
        """Go to a page of an application that draws itself; its text once ``awaited`` is in it."""
        self._ask("Page.navigate", url="about:blank")  # or else another fragment loads nothing
        self._ask("Page.navigate", url=address)
        return self.wait_for(awaited)

    def wait_for(self, awaited: str) -> str:
        """The text of the page once ``awaited`` is in it. Fails if that takes too long."""
        found = self.run(
            f"""new Promise(done => {{
                const until = Date.now() + {PATIENCE_SECONDS * 1000};
                const look = () => {{
                    const text = document.body ? document.body.innerText : "";
                    if (text.includes({json.dumps(awaited)}) || Date.now() > until) done(text);
                    else setTimeout(look, 50);
                }};
                look();
            }})"""
        )
        assert awaited in found, found
        return str(found)

    @property
    def asked_for(self) -> list[str]:
        """Addresses asked for since a page was opened last with ``open``."""
        return [
            event["params"]["request"]["url"]
            for event in self._events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self._ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """Make the window as large as this, in CSS pixels, in light or dark colours."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])

    def pdf(self) -> bytes:
        """The page on paper."""
        return base64.b64decode(self._ask("Page.printToPDF")["data"])

    def screenshot(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self._ask("Page.captureScreenshot")["data"])

    def close(self) -> None:
        """Give the pipe back."""
        self._to.close()
        self._from.close()

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = self._from.read(65536)
            assert chunk, "Chromium ended"
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A Chromium of the test's own; the test is skipped, and says so, where none is installed."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("Chromium is not installed: no page was opened in a browser")
    child_reads, to_browser = os.pipe()
    from_browser, child_writes = os.pipe()
    # the pipe has to be at 3 and 4; a shell puts it there without code between fork and exec
    command = f'exec "$0" "$@" 3<&{child_reads} 4>&{child_writes}'
    arguments = [*_ARGUMENTS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(
        ["/bin/bash", "-c", command, program, *arguments],
        pass_fds=(child_reads, child_writes),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(profile)},
    ) as process:
        os.close(child_reads)
        os.close(child_writes)
        browser = None
        try:
            browser = Browser(to_browser, from_browser)
            yield browser
        finally:
            process.terminate()
            try:
                process.wait(timeout=PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            if browser is not None:
                browser.close()
