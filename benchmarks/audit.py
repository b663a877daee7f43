"""How `conformance audit` compares with Spectral and Redocly lint: seconds, processor time and memory, whole process.

Run `python benchmarks/audit.py --peers FOLDER [--also DOCUMENT]`. FOLDER holds the linters, installed there with
`npm install --prefix FOLDER @stoplight/spectral-cli @redocly/cli`; without it, only `conformance audit` is measured.
All of them read the same documents with the rules that their makers recommend, one after the other, in rounds; a figure is
the median of the rounds. Processor time is what to compare on a machine that others use.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SPECS = sorted((ROOT / "specs").glob("twilio_*"))
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
FAILED = 2
"""From this exit code on, all three say that they could not do their work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one run took."""

    wall: float
    """Seconds."""
    processor: float
    """Seconds of user and system time, of all its processes."""
    peak: float
    """Megabytes."""


def _environment() -> dict[str, str]:
    """What every tool is run with; an installed Python program has its bytecode beside it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | QUIET


def measure(command: list[str], folder: Path) -> Measured:
    """Run a command to its end.

    Raises:
        RuntimeError: it could not do its work.

    """
    with (folder / "output").open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, env=_environment())
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode >= FAILED or process.returncode < 0:
        told = f"{command[0]} ended with {process.returncode}: {(folder / 'output').read_text()[-500:]}"
        raise RuntimeError(told)
    return Measured(wall=wall, processor=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss / 1024)


def tools(peers: Path | None, folder: Path) -> dict[str, list[str]]:
    """Give the command of each tool, without its documents."""
    found = {"conformance": [sys.executable, "-m", "conformance", "audit", "--output", str(folder / "reports")]}
    if peers is None:
        return found
    ruleset = folder / "spectral.yaml"
    ruleset.write_text("extends: ['spectral:oas']\n")
    commands = peers / "node_modules" / ".bin"
    found["Spectral"] = [str(commands / "spectral"), "lint", "--quiet", "--ruleset", str(ruleset)]
    found["Redocly"] = [str(commands / "redocly"), "lint", "--extends", "recommended", "--max-problems", "100000"]
    return found


def versions(peers: Path) -> str:
    """Give the versions of the linters."""
    named = {"Spectral": "spectral", "Redocly": "redocly"}
    told = []
    for name, command in named.items():
        done = subprocess.run([peers / "node_modules" / ".bin" / command, "--version"], capture_output=True, check=True)
        told.append(f"{name} {done.stdout.decode().strip()}")
    return ", ".join(told)


def compare(commands: dict[str, list[str]], documents: list[Path], rounds: int, folder: Path) -> None:
    """Measure every tool on the same documents and print a line each."""
    taken: dict[str, list[Measured]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(measure([*command, *map(str, documents)], folder))
    ours = _median(taken["conformance"], "processor")
    peers = [name for name in commands if name != "conformance"]
    for name, runs in taken.items():
        wall, processor, peak = (_median(runs, field) for field in ("wall", "processor", "peak"))
        print(f"  {name:12} {wall:6.2f} s   {processor:6.2f} s processor ({processor / ours:4.1f}x)   {peak:4.0f} MB")
    if peers:
        both = sum(_median(taken[name], "processor") for name in peers)
        print(f"  {' and '.join(peers)} one after the other: {both:.2f} s processor ({both / ours:.1f}x)")


def _median(runs: list[Measured], field: str) -> float:
    return statistics.median(getattr(run, field) for run in runs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="the folder with the node_modules of the linters")
    parser.add_argument("--also", type=Path, action="append", default=[], help="a document to measure by itself, too")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands = tools(given.peers, folder)
        if given.peers is not None:
            print(versions(given.peers))
        for documents in (SPECS, *([each] for each in given.also)):
            told = documents[0].name if len(documents) == 1 else f"{len(documents)} documents"
            print(f"{told}, {sum(each.stat().st_size for each in documents) / 1000:,.0f} kB, {given.rounds} rounds")
            compare(commands, documents, given.rounds, folder)


if __name__ == "__main__":
    main()
