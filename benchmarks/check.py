"""How fast `conformance check` judges: against the floor, openapi-core and Redocly drift.

Run `python benchmarks/check.py --help`. Peers are installed into the folder that `--peers` names (never into the
repository); without it only the floor, the start and the memory are measured. Everything is compared side by side in
one run, and ratios are those of medians.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from traffic import exchanges, many

from conformance.config import Settings
from conformance.model.http import Exchange
from conformance.recordings import ndjson
from conformance.run.recorder import Recorder
from conformance.run.suite import Suite, suite

SINGLE = ("twilio_voice.fetchCall", "twilio_messaging.fetchMessage", "twilio_proxy_v1.FetchSession")
LISTS = {
    "twilio_voice.listCalls": "twilio_voice.fetchCall",
    "twilio_messaging.listMessages": "twilio_messaging.fetchMessage",
    "twilio_proxy_v1.ListService": "twilio_proxy_v1.FetchService",
}
"""Each with the operation that answers with one item."""
ITEMS = 50


def timed(function: Callable[[], Any], *, calls: int, rounds: int = 9) -> float:
    """Give the median time of a call in microseconds."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(calls):
            function()
        found.append((time.perf_counter() - start) / calls)
    return statistics.median(found) * 1e6


def _floor(decode: Callable[[bytes], Any], is_valid: Callable[[Any], bool], body: bytes) -> bool:
    return is_valid(decode(body))


def floor(made: Suite, found: dict[str, list[Exchange]]) -> None:
    """Print what judging costs beside decoding JSON and asking one compiled schema."""
    decode = msgspec.json.Decoder().decode
    print("floor: msgspec.json.decode + one compiled is_valid of the documented schema, routing free")
    for keys, calls, goal in ((SINGLE, 2000, "4, at most 6"), (tuple(LISTS), 200, "2, at most 4")):
        ratios = []
        for key in keys:
            exchange = found[key][0]
            matched = made.judge.judge(exchange).matched
            assert matched is not None
            assert matched.response.media_type is not None
            assert matched.response.media_type.schema is not None
            validator = made.judge.compiler.validator(matched.response.media_type.schema, api=matched.operation.api)
            recorder = Recorder("benchmark", made, None)
            body = exchange.response.body
            is_valid, add = validator.is_valid, recorder.add
            least = timed(partial(_floor, decode, is_valid, body), calls=calls)
            ours = timed(partial(add, exchange), calls=calls)
            ratios.append(ours / least)
            print(
                f"  {key:40} {len(body):6} bytes  floor {least:7.1f} us  ours {ours:7.1f} us  {ours / least:5.2f} times"
            )
        print(f"  median {statistics.median(ratios):.2f} times the floor (goal {goal})")


def with_lists(made: Suite) -> dict[str, list[Exchange]]:
    """Give exchanges by operation; the lists hold 50 items."""
    found: dict[str, list[Exchange]] = {}
    for exchange in exchanges(made, per_operation=1):
        judgement = made.judge.judge(exchange)
        assert judgement.operation is not None
        found.setdefault(judgement.operation.key, []).append(exchange)
    for key, one in LISTS.items():
        exchange = found[key][0]
        body = msgspec.json.decode(exchange.response.body)
        name = next(name for name, value in body.items() if isinstance(value, list))
        item = msgspec.json.decode(found[one][0].response.body)
        text = json.dumps(item)
        body[name] = [json.loads(text.replace(item["sid"], f"{item['sid'][:2]}{n:032x}")) for n in range(ITEMS)]
        if "end" in body:
            body["end"] = ITEMS - 1
        response = replace(exchange.response, body=msgspec.json.encode(body))
        found[key] = [replace(exchange, response=response)]
    return found


OPENAPI_CORE = """
import base64, json, statistics, sys, time
from pathlib import Path
import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from urllib.parse import urlsplit, parse_qs
specs = {}
for path in sys.argv[2:]:
    text = Path(path).read_text()
    specs[Path(path).stem] = OpenAPI.from_dict(json.loads(text) if path.endswith("json") else yaml.safe_load(text))
rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
def play(row):
    api = specs[row["api"]]
    parts = urlsplit(row["request"]["url"])
    headers = dict(row["request"]["headers"])
    body = row["request"].get("body")
    request = MockRequest(f"{parts.scheme}://{parts.netloc}", row["request"]["method"].lower(), parts.path,
        args=parse_qs(parts.query), headers=headers, data=body.encode() if body else None,
        content_type=headers.get("Content-Type", "application/json"))
    body = row["response"].get("body")
    response = MockResponse(data=(body or "").encode(), status_code=row["response"]["status"],
        content_type=dict(row["response"]["headers"]).get("Content-Type", "application/json"))
    valid = True
    for check in (lambda: api.validate_request(request), lambda: api.validate_response(request, response)):
        try:
            check()
        except Exception:
            valid = False
    return valid
for row in rows[:50]:
    play(row)
times = []
valid = 0
for row in rows:
    start = time.perf_counter()
    valid += play(row)
    times.append(time.perf_counter() - start)
print(json.dumps({"median": statistics.median(times) * 1e6, "mean": statistics.mean(times) * 1e6, "valid": valid, "count": len(times)}))
"""


def openapi_core(made: Suite, peers: Path) -> None:
    """Print the ratio to openapi-core's request and response validation on the same exchanges."""
    python = peers / "openapi-core" / "bin" / "python"
    if not python.exists():
        venv.create(python.parent.parent, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "openapi-core", "pyyaml"], check=True)
    sample = list(exchanges(made, per_operation=4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "traffic.ndjson")
        with path.open("wb") as file:
            for exchange in sample:
                judgement = made.judge.judge(exchange)
                assert judgement.operation is not None
                row = json.loads(ndjson.write(exchange))
                file.write(json.dumps({**row, "api": judgement.operation.api.name}).encode() + b"\n")
        script = Path(folder, "play.py")
        script.write_text(OPENAPI_CORE)
        paths = [str(Path("specs", file.name)) for file in sorted(Path("specs").glob("twilio_*"))]
        result = subprocess.run([python, script, path, *paths], check=True, capture_output=True, text=True)
    theirs = json.loads(result.stdout)
    recorder = Recorder("benchmark", made, None)
    ours = []
    for _ in range(20):
        for exchange in sample:
            start = time.perf_counter()
            recorder.add(exchange)
            ours.append((time.perf_counter() - start) * 1e6)
    median, mean = statistics.median(ours), statistics.mean(ours)
    print(f"openapi-core: {theirs['count']} exchanges of 90 operations, request and response, in memory, after warm-up")
    print(
        f"  median {theirs['median']:.0f} us, ours {median:.1f} us: {theirs['median'] / median:.0f} times (goal 50, at least 30)"
    )
    print(f"  mean   {theirs['mean']:.0f} us, ours {mean:.1f} us: {theirs['mean'] / mean:.0f} times")


def har(found: list[Exchange]) -> dict[str, Any]:
    """Give exchanges as HAR 1.2."""
    entries = []
    for exchange in found:
        request, response = exchange.request, exchange.response
        entries.append(
            {
                "startedDateTime": "2026-01-01T00:00:00.000Z",
                "time": 1,
                "request": {
                    "method": request.method,
                    "url": request.url,
                    "httpVersion": "HTTP/1.1",
                    "headers": [{"name": name, "value": value} for name, value in request.headers],
                    "queryString": [{"name": name, "value": value} for name, value in request.query_pairs],
                    "cookies": [],
                    "headersSize": -1,
                    "bodySize": len(request.body),
                    **(
                        {"postData": {"mimeType": request.headers.get("Content-Type"), "text": request.body.decode()}}
                        if request.body
                        else {}
                    ),
                },
                "response": {
                    "status": response.status,
                    "statusText": response.reason,
                    "httpVersion": "HTTP/1.1",
                    "headers": [{"name": name, "value": value} for name, value in response.headers],
                    "cookies": [],
                    "content": {
                        "size": len(response.body),
                        "mimeType": response.headers.get("Content-Type") or "",
                        "text": response.body.decode(),
                    },
                    "redirectURL": "",
                    "headersSize": -1,
                    "bodySize": len(response.body),
                },
                "cache": {},
                "timings": {"send": 0, "wait": 1, "receive": 0},
            }
        )
    return {"log": {"version": "1.2", "creator": {"name": "benchmark", "version": "1"}, "entries": entries}}


def cpu(command: list[str]) -> tuple[float, float, int]:
    """Run a command and give its CPU seconds, its wall seconds and its peak memory in MiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, wall, after.ru_maxrss // 1024


def drift(made: Suite, peers: Path, count: int) -> None:
    """Print the ratio to Redocly drift in exchanges a CPU second, both from the same HAR file."""
    folder = peers / "redocly"
    program = folder / "node_modules" / ".bin" / "redocly"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "init", "-y"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["npm", "install", "--silent", "@redocly/cli"], cwd=folder, check=True)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "traffic.har")
        path.write_text(json.dumps(har(list(many(made, count)))))
        lines = Path(scratch, "traffic.ndjson")
        with lines.open("wb") as file:
            file.writelines(ndjson.write(exchange) for exchange in many(made, count))
        output = str(Path(scratch, "reports"))
        theirs, _, _ = cpu(
            [str(program), "drift", str(path), "--api", "specs", "--format", "json", "-o", f"{output}.json"]
        )
        print(f"Redocly drift: {count:,} exchanges from one file, whole process, five descriptions")
        for name, source in (("HAR", path), ("NDJSON", lines)):
            command = [
                sys.executable,
                "-m",
                "conformance",
                "check",
                str(source),
                "--output",
                output,
                "--report",
                "json",
            ]
            ours, _, _ = cpu(command)
            print(
                f"  drift {count / theirs:,.0f} exchanges a CPU second, ours from {name} {count / ours:,.0f}: "
                f"{theirs / ours:.1f} times (goal 4)"
            )


def start(made: Suite) -> None:
    """Print what a whole run on 100 exchanges costs beside a bare interpreter."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "traffic.ndjson")
        path.write_bytes(b"".join(ndjson.write(exchange) for exchange in many(made, 100)))
        bare, whole, helped = [], [], []
        program = Path(sys.executable).parent / "conformance"
        command = [str(program), "check", str(path), "--output", str(Path(scratch, "reports"))]
        for _ in range(15):
            bare.append(cpu([sys.executable, "-c", "pass"])[1])
            helped.append(cpu([str(program), "--help"])[1])
            whole.append(cpu(command)[1])
        base = statistics.median(bare)
        print(f"start: a bare interpreter {base * 1000:.1f} ms")
        print(
            f"  --help {statistics.median(helped) * 1000:.1f} ms: {statistics.median(helped) / base:.1f} times (goal 5)"
        )
        print(
            f"  check of 100 exchanges {statistics.median(whole) * 1000:.1f} ms: {statistics.median(whole) / base:.1f} times (goal 15)"
        )


def memory(made: Suite, count: int) -> None:
    """Print throughput and peak memory for a tenth of the exchanges and for all of them."""
    with tempfile.TemporaryDirectory() as scratch:
        peaks = []
        for number in (count // 10, count):
            path = Path(scratch, f"{number}.ndjson")
            with path.open("wb") as file:
                file.writelines(ndjson.write(exchange) for exchange in many(made, number))
            command = [
                sys.executable,
                "-m",
                "conformance",
                "check",
                str(path),
                "--output",
                str(Path(scratch, "reports")),
            ]
            script = (
                "import resource,subprocess,sys,time; t=time.perf_counter(); subprocess.run(sys.argv[1:],stdout=-3); "
                "print(time.perf_counter()-t, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)"
            )
            out = subprocess.run([sys.executable, "-c", script, *command], check=True, capture_output=True, text=True)
            wall, peak = out.stdout.split()
            peaks.append(int(peak))
            print(
                f"memory: {number:,} exchanges in {float(wall):.1f} s ({number / float(wall):,.0f}/s), peak {peak} MiB"
            )
            path.unlink()
        print(f"  {peaks[1] / peaks[0]:.2f} times the memory for ten times the exchanges (goal 1.2)")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="where openapi-core and Redocly are, or are to be installed")
    parser.add_argument("--exchanges", type=int, default=100_000, help="for drift (default 100,000)")
    parser.add_argument("--memory", type=int, default=0, help="exchanges for the memory figure, such as 1000000")
    arguments = parser.parse_args()
    made = suite(Settings())
    floor(made, with_lists(made))
    start(made)
    if arguments.memory:
        memory(made, arguments.memory)
    if arguments.peers:
        peers = arguments.peers.resolve()
        openapi_core(made, peers)
        drift(made, peers, arguments.exchanges)


if __name__ == "__main__":
    main()
