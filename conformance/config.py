"""Settings: what flags and `[tool.conformance]` (or `conformance.toml`) say, checked once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, Final

from conformance.errors import SettingsError

SEVERITIES: Final = ("note", "warning", "error")
CONTRACTS: Final = ("corrected", "as-written")
_SIZE: Final = re.compile(r"(\d{1,12})([KMG]?)B?", re.IGNORECASE)
_SHARD: Final = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of several equal parts of a plan."""

    index: int = 1
    """From 1."""
    count: int = 1

    def holds(self, position: int) -> bool:
        """Tell whether the cell at a position (from 0) of the whole plan belongs to this part."""
        return position % self.count == self.index - 1


WHOLE: Final = Shard()
"""The only part of a plan that is not divided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that decides what a command does."""

    specs: tuple[Path, ...] = ()
    """Files or folders; empty for the five that ship."""
    contract: str = "corrected"
    allow_references: tuple[str, ...] = ()
    """Files beside a description that its references may lead to."""
    select: tuple[str, ...] = ()
    """Globs of rule ids; empty for all."""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    """Rule id to the severity that holds for it."""
    audit_ignore: Mapping[str, str] = field(default_factory=dict)
    """`RULE DOCUMENT#POINTER` to the reason why an audit need not say so."""
    fail_on: str = "error"
    output: Path = Path("reports")
    report: tuple[str, ...] = ("terminal", "junit")
    baseline: Path | None = None
    """Known findings, which do not fail."""
    previous: Path | None = None
    """The results to compare with; None for those that the output folder has from the run before."""
    verbosity: int = 0
    """-1: the summary only; 1: every finding, and everything unseen."""
    colour: bool = True
    findings: str | None = None
    """Where each occurrence goes as a line of NDJSON; `-` for standard output."""
    operation: tuple[str, ...] = ()
    """Globs of operation keys; empty for all."""
    strict: bool = False
    strict_input: bool = False
    shard: Shard = Shard()
    recordings: tuple[str, ...] | None = None
    """Recordings that `run` adds; None for `cassettes/` where it exists."""
    target: str = "mock"
    modes: tuple[str, ...] = ("positive",)
    max_cases: int = 20
    """For each operation and mode."""
    seed: int = 0
    engine: str = "fast"
    """`fast` or `hypothesis`: what makes the requests."""
    rate: float | None = None
    """Requests a second at most; None: as fast as it goes."""
    max_requests: int | None = None
    allow_writes: bool = False
    """Whether other methods than GET may go to hosts that are not loopback."""
    allow_costs: bool = False
    """Whether they may go to Twilio, where they cost money and reach people."""
    keep_host: bool = False
    """Whether a live target is sent the documented host in the `Host` field, not its own."""
    workers: int = 1
    """Processes that judge recordings, or conversations with a live target at the same time."""
    partition: int | None = None
    """Bytes of the parts that a recording is cut into; None: as many as suit its size and the workers."""
    scheduler: str | None = None
    """The cluster that judges recordings: the address of its scheduler, or `local`; None for processes."""
    resume: bool = False
    """Whether a check takes what an earlier one kept that was broken off."""
    auth: str | None = field(default=None, repr=False)
    """`USER:PASSWORD` for a live target; never written anywhere."""
    header: tuple[str, ...] = field(default=(), repr=False)
    """`Name: value`, sent with every request."""


class Kind(Enum):
    """What the value of a configuration key may be."""

    TEXT = "a string"
    TEXTS = "a list of strings"
    TABLE = "a table of strings"
    FLAG = "true or false"
    NUMBER = "an integer"

    def allows(self, value: Any) -> bool:
        """Tell whether a value is of this kind."""
        match self:
            case Kind.TEXT:
                return isinstance(value, str)
            case Kind.TEXTS:
                return isinstance(value, list) and all(isinstance(item, str) for item in value)
            case Kind.TABLE:
                return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
            case Kind.FLAG:
                return isinstance(value, bool)
            case Kind.NUMBER:
                return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a configuration file."""

    kind: Kind
    words: str
    """What it decides, for a comment."""
    example: str
    """A value as TOML."""


KEYS: Final[Mapping[str, Key]] = {
    "specs": Key(Kind.TEXTS, "OpenAPI documents: files or folders. Default: the five that ship.", '["openapi.yaml"]'),
    "contract": Key(
        Kind.TEXT, "Hold the descriptions with their overlays (corrected) or without (as-written).", '"corrected"'
    ),
    "allow-references": Key(
        Kind.TEXTS, "Files beside a description that its references may lead to.", '["schemas.yaml"]'
    ),
    "operation": Key(Kind.TEXTS, "Only operations whose key fits one of these globs.", '["twilio_voice.*"]'),
    "select": Key(Kind.TEXTS, "Only these checks (names or globs).", '["*-sid*", "unknown-enum-value"]'),
    "ignore": Key(Kind.TEXTS, "Not these checks.", '["plain-http"]'),
    "severity": Key(Kind.TABLE, "Re-grade checks: note, warning or error.", '{ wrong-sid-prefix = "error" }'),
    "audit-ignore": Key(
        Kind.TABLE,
        "What an audit need not say: rule, document and place to the reason.",
        '{ "unused-component openapi#/components/schemas/Old*" = "clients of 1.x use it" }',
    ),
    "fail-on": Key(Kind.TEXT, "The mildest severity that fails.", '"error"'),
    "baseline": Key(
        Kind.TEXT, "Known findings, which do not fail; `conformance baseline` writes it.", '"baseline.toml"'
    ),
    "output": Key(Kind.TEXT, "Where results.json and the views go.", '"reports"'),
    "report": Key(
        Kind.TEXTS,
        "Views: terminal, html, json, junit, sarif, markdown, github.",
        '["terminal", "junit", "html"]',
    ),
    "target": Key(Kind.TEXT, "Where `run` sends: mock, http(s)://host, asgi:module:app or wsgi:module:app.", '"mock"'),
    "recordings": Key(Kind.TEXTS, "Recordings that `run` adds. Default: cassettes/ where it exists.", '["cassettes"]'),
    "modes": Key(Kind.TEXTS, "Modes of generation.", '["positive"]'),
    "max-cases": Key(Kind.NUMBER, "Cases for each operation and mode.", "20"),
    "seed": Key(Kind.NUMBER, "The same seed sends the same bytes.", "0"),
    "workers": Key(Kind.NUMBER, "Recordings, or conversations with a live target, at the same time.", "1"),
    "strict": Key(Kind.FLAG, "Read recordings strictly.", "false"),
    "strict-input": Key(Kind.FLAG, "Fail with exit code 2 if any entry of a recording cannot be read.", "false"),
}
"""What a configuration file may say."""
_FILES: Final = frozenset({"baseline", "output"})
_FILE_LISTS: Final = frozenset({"recordings", "specs"})


def find(start: Path) -> Path | None:
    """Give the nearest `conformance.toml`, or `pyproject.toml` with `[tool.conformance]`, from a folder upwards."""
    for folder in (start, *start.parents):
        own = folder / "conformance.toml"
        if own.is_file():
            return own
        project = folder / "pyproject.toml"
        if project.is_file():
            return project if "[tool.conformance" in project.read_text(encoding="utf-8", errors="replace") else None
    return None


def read(path: Path) -> dict[str, Any]:
    """Give the values of a configuration file by the names of `Settings`.

    Raises:
        SettingsError: it is no TOML, or a key or value is wrong.

    """
    name = os.path.relpath(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(where=name, what=f"cannot be read ({error})", hint="write TOML") from error
    tool = data.get("tool", {}) if path.name != "conformance.toml" else {"conformance": data}
    table = tool.get("conformance", {}) if isinstance(tool, dict) else tool
    if not isinstance(table, dict):
        raise SettingsError(where=name, what="[tool.conformance] is no table", hint="write keys below it")
    for key, value in table.items():
        if key not in KEYS:
            raise SettingsError(where=f"{name}: {key}", what="no such key", hint=nearest(key, KEYS))
        if not KEYS[key].kind.allows(value):
            hint = f"write {KEYS[key].kind.value}: {key} = {KEYS[key].example}"
            raise SettingsError(where=f"{name}: {key}", what=f"{value!r} is wrong", hint=hint)
    return {key.replace("-", "_"): _value(key, value, path.parent) for key, value in table.items()}


def nearest(name: str, known: Iterable[str]) -> str:
    """Give the hint for a name that is not known: the nearest one, or all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(names)}"


def _value(key: str, value: Any, folder: Path) -> Any:
    """Paths in a file are meant from its folder; they are kept as seen from the current one, which reports name."""
    if key in _FILES:
        return Path(os.path.relpath(folder / value))
    if key in _FILE_LISTS:
        found = [os.path.relpath(folder / item) for item in value]
        return tuple(map(Path, found)) if key == "specs" else tuple(found)
    return tuple(value) if isinstance(value, list) else value


def settings(file: Path | None, flags: Mapping[str, Any]) -> Settings:
    """Give the settings: flags before the file, the file before the defaults.

    Raises:
        SettingsError: a value is wrong.

    """
    values = read(file) if file is not None else {}
    values.update({name: value for name, value in flags.items() if value is not None and value != ()})
    made = replace(Settings(), **values)
    _one_of("contract", made.contract, CONTRACTS)
    _one_of("fail-on", made.fail_on, SEVERITIES)
    for rule, level in made.severity.items():
        _one_of(f"severity of {rule}", level, SEVERITIES)
    return made


def _one_of(where: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(where=where, what=f"{value!r} is wrong", hint=f"choose one of {', '.join(allowed)}")


def shard(text: str) -> Shard:
    """Read `i/n`.

    Raises:
        SettingsError: it is not `i/n` with i from 1 to n.

    """
    found = _SHARD.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise SettingsError(
            where="--shard", what=f"{text!r} is wrong", hint="write i/n with i from 1 to n, such as 1/4"
        )
    return Shard(index=int(found[1]), count=int(found[2]))


def size(text: str) -> int:
    """Read a number of bytes, such as `64M`; the units are 1024, 1024² and 1024³ bytes.

    Raises:
        SettingsError: it is none, or nothing.

    """
    found = _SIZE.fullmatch(text)
    bytes_ = int(found[1]) * 1024 ** " KMG".index(found[2].upper() or " ") if found is not None else 0
    if bytes_ == 0:
        raise SettingsError(
            where="--partition-size", what=f"{text!r} is wrong", hint="write a number of bytes, such as 64M"
        )
    return bytes_
