"""Settings: what flags and `[tool.conformance]` (or `conformance.toml`) say, checked once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from conformance.errors import SettingsError

SEVERITIES: Final = ("note", "warning", "error")
CONTRACTS: Final = ("corrected", "as-written")
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
    fail_on: str = "error"
    output: Path = Path("reports")
    report: tuple[str, ...] = ("terminal", "junit")
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
    auth: str | None = field(default=None, repr=False)
    """`USER:PASSWORD` for a live target; never written anywhere."""
    header: tuple[str, ...] = field(default=(), repr=False)
    """`Name: value`, sent with every request."""


_KEYS: Final[Mapping[str, type]] = {
    "specs": list,
    "contract": str,
    "allow-references": list,
    "select": list,
    "ignore": list,
    "severity": dict,
    "fail-on": str,
    "output": str,
    "report": list,
    "operation": list,
    "strict": bool,
    "strict-input": bool,
    "recordings": list,
    "target": str,
    "modes": list,
    "max-cases": int,
    "seed": int,
}
"""What a configuration file may say."""


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
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(where=str(path), what=f"cannot be read ({error})", hint="write TOML") from error
    table = data if path.name == "conformance.toml" else data.get("tool", {}).get("conformance", {})
    for key, value in table.items():
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(sorted(_KEYS))}"
            raise SettingsError(where=f"{path}: {key}", what="no such key", hint=hint)
        if not isinstance(value, _KEYS[key]) or (isinstance(value, bool) and _KEYS[key] is not bool):
            wanted = {list: "a list", dict: "a table", str: "a string", bool: "true or false", int: "an integer"}
            raise SettingsError(where=f"{path}: {key}", what=f"{value!r} is wrong", hint=f"write {wanted[_KEYS[key]]}")
    return {key.replace("-", "_"): _value(key, value, path.parent) for key, value in table.items()}


def _value(key: str, value: Any, folder: Path) -> Any:
    if key == "specs":
        return tuple(folder / item for item in value)
    if key == "output":
        return folder / value
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
