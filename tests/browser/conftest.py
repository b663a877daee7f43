"""A headless Chromium, spoken to over the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/)."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
]
_PATIENCE = 30.0


class Page:
    """A tab."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Talk through a socket that is open; events are kept."""
        self._loop = loop
        self._socket = socket
        self._last = 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and give its result."""
        self._last += 1
        number = self._last
        self._loop.run_until_complete(self._socket.send_json({"id": number, "method": method, "params": params}))
        while True:
            message = self._receive()
            if message.get("id") == number:
                assert "error" not in message, message
                found: dict[str, Any] = message["result"]
                return found

    def _receive(self) -> dict[str, Any]:
        message = self._loop.run_until_complete(asyncio.wait_for(self._socket.receive(), _PATIENCE))
        found: dict[str, Any] = json.loads(message.data)
        if "method" in found:
            self.events.append(found)
        return found

    def open(self, url: str) -> float:
        """Open a URL and give the seconds until its script said that it is ready."""
        self.events.clear()
        self.call("Page.navigate", url="about:blank")
        started = time.perf_counter()
        self.call("Page.navigate", url=url)
        self.wait("document.documentElement?.dataset.ready !== undefined")
        return time.perf_counter() - started

    def wait(self, condition: str) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.perf_counter() + _PATIENCE
        while not self.run(condition):
            assert time.perf_counter() < deadline, condition

    def run(self, expression: str) -> Any:
        """Give the value of a JavaScript expression; a promise is awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key where the focus is."""
        codes = {"Enter": 13, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "End": 35}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=codes[key], **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=codes[key])

    def look(self, *, width: int, height: int = 900, media: str = "", dark: bool = False, phone: bool = False) -> None:
        """Take a window size, a medium and a colour scheme."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme, still])

    def picture(self, path: Path) -> None:
        """Save what is to be seen as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def pdf(self) -> bytes:
        """Give the page as it prints."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def requests(self) -> list[str]:
        """Give the URLs of everything that was asked for."""
        return [
            each["params"]["request"]["url"] for each in self.events if each["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Give exceptions, console errors and refusals by the Content-Security-Policy."""
        found = [json.dumps(each["params"]) for each in self.events if each["method"] == "Runtime.exceptionThrown"]
        logged = [each["params"]["entry"] for each in self.events if each["method"] == "Log.entryAdded"]
        return found + [entry["text"] for entry in logged if entry["level"] == "error"]


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """Start a browser that keeps its things in a folder; the benchmark of the report uses it, too."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    process = subprocess.Popen(  # noqa: S603 - the browser that was found
        [program, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    loop = asyncio.new_event_loop()
    session = None
    try:
        port = _port(folder / "DevToolsActivePort", process)
        session = loop.run_until_complete(_session())
        socket = loop.run_until_complete(_connect(session, port))
        yield Page(loop, socket)
        loop.run_until_complete(socket.close())
    finally:
        if session is not None:
            loop.run_until_complete(session.close())
        loop.close()
        process.terminate()
        process.wait(_PATIENCE)


def _port(file: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if file.exists() and "\n" in file.read_text():
            return int(file.read_text().partition("\n")[0])
        time.sleep(0.02)
    pytest.skip("Chromium does not start here")


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


async def _connect(session: aiohttp.ClientSession, port: int) -> aiohttp.ClientWebSocketResponse:
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        targets = await answer.json()
    target = next(each for each in targets if each["type"] == "page")
    return await session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0)
