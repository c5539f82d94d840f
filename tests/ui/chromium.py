"""A headless Chromium, driven over its debugging pipe: no library, no port."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

ANSWER_LIMIT_S = 20.0
WAIT_LIMIT_S = 15.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)


def program() -> str | None:
    """The browser's command, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class PageError(AssertionError):
    """The page did not do what was asked; the message shows its text."""


class Chromium:
    """One browser with one page. Use it as a context manager."""

    def __init__(self, profile: Path, *, dark: bool = False, size: str = "1280,860") -> None:
        self._flags = [*FLAGS, f"--window-size={size}", f"--user-data-dir={profile}"]
        self._is_dark = dark
        self._last_id = 0
        self._buffer = b""
        self._session = ""
        self.complaints: list[str] = []
        """What the page wrote to its console as a warning or an error, or threw."""

    def __enter__(self) -> Self:
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        script = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", script, str(program()), *self._flags, "about:blank"],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._attach()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._commands)
        os.close(self._answers)

    def _attach(self) -> None:
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self._is_dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def call(self, method: str, **params: Any) -> Any:
        """A command of the DevTools protocol, answered."""
        self._last_id += 1
        asked: dict[str, Any] = {"id": self._last_id, "method": method, "params": params}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._commands, json.dumps(asked).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._last_id:
                if "error" in message:
                    raise PageError(f"{method}: {message['error']}")
                return message["result"]

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + ANSWER_LIMIT_S
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], deadline - time.monotonic())
            chunk = os.read(self._answers, 1 << 20) if ready else b""
            if not chunk:
                raise PageError("the browser does not answer")
            self._buffer += chunk
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        self._hear(message)
        return message

    def _hear(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"])[:2000])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("warning", "error"):
            entry = params["entry"]
            self.complaints.append(f"{entry['text']} {entry.get('url', '')}")

    # --- what a person does ---------------------------------------------------------------

    def open(self, url: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise PageError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, condition: str, what: str = "") -> Any:
        """Wait until an expression is true; its value."""
        deadline = time.monotonic() + WAIT_LIMIT_S
        while time.monotonic() < deadline:
            if value := self.run(condition):
                return value
            time.sleep(0.05)
        shown = self.run("document.body?.innerText")
        raise PageError(f"{what or condition} did not come; the page shows:\n{shown}")

    def wait_for_text(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.wait(f"document.body?.innerText.includes({json.dumps(text)})", text)

    def type(self, selector: str, text: str) -> None:
        """Type into an input, as a person would."""
        place = json.dumps(selector)
        self.wait(f"document.querySelector({place}) !== null", selector)
        self.run(f"document.querySelector({place}).focus()")
        self.run(f"document.querySelector({place}).select?.()")
        self.call("Input.insertText", text=text)

    def click(self, selector: str, text: str = "") -> None:
        """Press what a selector names: the first, or the first with a text."""
        found = (
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            f".find((e) => e.innerText.includes({json.dumps(text)}))"
        )
        self.wait(f"{found} !== undefined", f"{selector} {text}")
        self.run(f"{found}.click()")

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the page."""
        picture = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(picture))
