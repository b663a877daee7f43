"""What `pytest --conformance` adds to an exchange: with stand-ins for a server, so that nothing else is measured.

Run by hand: `python benchmarks/pytest_plugin.py [exchanges]`. Gives microseconds an exchange: the client alone, the
client watched, and watched and judged, for requests and httpx, with a body that conforms and one that does not.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import requests
import urllib3
from requests.adapters import HTTPAdapter

from conformance.config import Settings
from conformance.pytest_plugin.traffic import Traffic
from conformance.run.recorder import Recorder
from conformance.run.suite import suite

ROUND = 50
"""Calls of one round."""
SID = "CA" + "0123456789abcdef" * 2
USER = (f"AC{SID[2:]}", "a-visibly-fake-token")
URL = f"https://api.twilio.com/2010-04-01/Accounts/AC{'0123456789abcdef' * 2}/Calls/{SID}.json"
CALL = {"sid": SID, "account_sid": f"AC{SID[2:]}", "status": "queued", "to": "+15005550006", "from": "+15005550006"}


class StandIn(HTTPAdapter):
    """Answers at once."""

    body = b""

    def send(self, request: Any, *_: Any, **__: Any) -> Any:
        """Give the body."""
        headers = {"Content-Type": "application/json"}
        raw = urllib3.HTTPResponse(io.BytesIO(self.body), headers=headers, status=200, preload_content=False)
        return self.build_response(request, raw)


def clients(body: bytes) -> dict[str, Callable[[], Any]]:
    """Give a function that sends a request for each client."""
    session = requests.Session()
    adapter = StandIn()
    adapter.body = body
    session.mount("https://", adapter)
    answer = {"Content-Type": "application/json"}
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=answer, content=body)))
    return {"requests": lambda: session.get(URL, auth=USER), "httpx": lambda: client.get(URL, auth=USER)}


def micro(work: Callable[[], Any], count: int) -> float:
    """Give the microseconds that one call takes: the best of many short rounds, in processor time, so that other work does not count."""
    rounds = [_round(work) for _ in range(max(1, count // ROUND))]
    return min(rounds) / ROUND * 1e6


def _round(work: Callable[[], Any]) -> float:
    started = time.process_time()
    for _ in range(ROUND):
        work()
    return time.process_time() - started


def main(count: int) -> None:
    """Measure and print."""
    made = suite(Settings())
    print(f"{'client':10}{'body':14}{'alone':>8}{'watched':>9}{'judged':>8}{'added':>8}  microseconds an exchange")
    for kind, changes in (("conforms", {}), ("does not", {"status": "no-such-status"})):
        for name, send in clients(json.dumps({**CALL, **changes}).encode()).items():
            send()
            alone = micro(send, count)
            traffic = Traffic()
            traffic.watch()
            watched = micro(send, count)
            traffic.drain(final=True)
            recorder = Recorder("benchmark", made, None)

            def judged(recorder: Recorder = recorder, traffic: Traffic = traffic, send: Any = send) -> None:
                send()
                for seen in traffic.drain(final=True):
                    exchange = seen.exchange(path="test", index=0)
                    if exchange is not None:
                        recorder.add(exchange)

            whole = micro(judged, count)
            traffic.unwatch()
            assert bool(recorder.cell().findings) is (kind != "conforms"), "the bodies are not what they are called"
            print(f"{name:10}{kind:14}{alone:8.0f}{watched:9.0f}{whole:8.0f}{whole - alone:8.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
