"""Known findings: a file that accepts them, each with a reason and perhaps an expiry.

The file is TOML, so that reasons can be edited and comments stay readable in a diff. An entry is matched by its
`fingerprint` alone; the other keys say to a reader what it is about.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.errors import SettingsError
from conformance.model.changes import looked
from conformance.model.known import Entry, Standing
from conformance.model.report import Recurring, Report
from conformance.model.value import Value

FORMAT: Final = 1
UNEXAMINED: Final = "accepted as it was found, not examined yet"
"""The reason of an entry for which nobody gave one."""
_HINT: Final = "write it with `conformance baseline RESULTS --to FILE`"
_UNWRITABLE: Final = re.compile("[\x7f\ud800-\udfff]")
_HEAD: Final = """\
# Findings that are known and accepted: they do not fail a run that is given this file with --baseline.
# The fingerprint decides; give each entry its reason, and `expires = 2030-12-31` where it shall not last.
"""
_TEXTS: Final = ("fingerprint", "rule", "operation", "place", "message", "reason")


def read(path: Path) -> tuple[Entry, ...]:
    """Read a baseline.

    Raises:
        SettingsError: it cannot be read, or an entry is wrong.

    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(where=str(path), what=f"cannot be read ({error.strerror})", hint=_HINT) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(where=str(path), what=f"no TOML ({error})", hint=_HINT) from error
    if data.get("format") != FORMAT:
        what = f"its format is {data.get('format')!r}, this version reads {FORMAT}"
        raise SettingsError(where=str(path), what=what, hint=_HINT)
    entries = data.get("accepted", [])
    if not isinstance(entries, list):
        raise SettingsError(where=f"{path}: accepted", what="no list", hint="write [[accepted]] before each entry")
    made = [_entry(f"{path}: accepted[{index}]", item) for index, item in enumerate(entries)]
    if len({entry.fingerprint for entry in made}) < len(made):
        raise SettingsError(where=str(path), what="a fingerprint occurs twice", hint="remove one of the entries")
    return tuple(made)


def _entry(where: str, item: Any) -> Entry:
    if not isinstance(item, Mapping):
        raise SettingsError(where=where, what="no table", hint=_HINT)
    for name in item.keys() - {*_TEXTS, "expires"}:
        raise SettingsError(
            where=f"{where}.{name}", what="no such key", hint=f"the keys are {', '.join(_TEXTS)}, expires"
        )
    for name in _TEXTS:
        if not isinstance(item.get(name, ""), str):
            raise SettingsError(where=f"{where}.{name}", what=f"{item[name]!r} is wrong", hint="write a string")
    expires = item.get("expires")
    if expires is not None and type(expires) is not dt.date:
        raise SettingsError(where=f"{where}.expires", what=f"{expires!r} is wrong", hint="write a date: 2030-12-31")
    if not item.get("fingerprint") or not item.get("reason"):
        raise SettingsError(where=where, what="no fingerprint or no reason", hint="an entry needs both")
    return Entry(
        fingerprint=item["fingerprint"],
        rule=item.get("rule", ""),
        operation=item.get("operation") or None,
        place=item.get("place", ""),
        message=item.get("message", ""),
        reason=item["reason"],
        expires=expires,
    )


def text(entries: Iterable[Entry]) -> str:
    """Give a baseline as text; reading it gives the same entries."""
    blocks = [f"{_HEAD}format = {FORMAT}\n"]
    for entry in entries:
        lines = [f"{name} = {_quoted(getattr(entry, name) or '')}" for name in _TEXTS]
        expires = [] if entry.expires is None else [f"expires = {entry.expires.isoformat()}"]
        blocks.append("\n".join(["[[accepted]]", *lines, *expires, ""]))
    return "\n".join(blocks)


def _quoted(value: str) -> str:
    """A TOML basic string: JSON's, save that TOML escapes DEL and has no half surrogate pairs."""
    return _UNWRITABLE.sub(
        lambda found: "\\u007F" if found[0] == "\x7f" else "\ufffd", json.dumps(value, ensure_ascii=False)
    )


def standing(report: Report, entries: Iterable[Entry], *, today: dt.date, part: bool = False) -> Standing:
    """Give what a report shows of a baseline.

    `part` says that the report is one of several shards, so that what is missing may stand in another.
    """
    found = {name for cell in report.cells.values() for name in cell.findings}
    keys = {operation.key for operation in report.subject.operations}
    narrowed = any(report.subject.settings.get(name) for name in ("operation", "select", "ignore"))
    tallies = report.tallies()
    sorted_out: dict[str, list[Entry]] = {name: [] for name in ("accepted", "expired", "fixed", "stale", "unseen")}
    for entry in entries:
        if entry.fingerprint in found:
            kind = "accepted" if entry.expires is None or entry.expires >= today else "expired"
        elif part:
            kind = "unseen"
        elif entry.rule not in report.subject.rules or (keys and entry.operation not in {*keys, None}):
            kind = "unseen" if narrowed else "stale"
        else:
            seen = looked(report, tallies, rule=entry.rule, operation=entry.operation)
            kind = "fixed" if seen else "unseen"
        sorted_out[kind].append(entry)
    accepted = {entry.fingerprint: entry for entry in sorted_out.pop("accepted")}
    return Standing(accepted=accepted, **{kind: tuple(found) for kind, found in sorted_out.items()})


class Renewal(Value, frozen=True, kw_only=True):
    """A baseline after a run: its entries, and what became of those before."""

    entries: tuple[Entry, ...]
    """By operation, rule and place."""
    added: int
    kept: int
    dropped: tuple[Entry, ...]
    """Fixed or stale."""


def renewed(
    report: Report, entries: Iterable[Entry], *, reason: str | None, expires: dt.date | None, today: dt.date
) -> Renewal:
    """Accept every finding of a report.

    Entries that are there keep their reason and their day, unless it has passed; those that are fixed or stale are
    dropped.
    """
    known = tuple(entries)
    state = standing(report, known, today=today)
    dropped = (*state.fixed, *state.stale)
    kept = {entry.fingerprint: entry for entry in known if entry not in dropped and entry not in state.expired}
    before = {entry.fingerprint: entry for entry in state.expired}
    made = dict(kept)
    for recurring in report.findings():
        name = recurring.finding.fingerprint
        if name not in made:
            old = before[name].reason if name in before else UNEXAMINED
            made[name] = _accepting(recurring, reason=reason or old, expires=expires)
    ordered = sorted(
        made.values(), key=lambda entry: (entry.operation or "", entry.rule, entry.place, entry.fingerprint)
    )
    return Renewal(entries=tuple(ordered), added=len(made) - len(kept), kept=len(kept), dropped=dropped)


def _accepting(recurring: Recurring, *, reason: str, expires: dt.date | None) -> Entry:
    finding = recurring.finding
    return Entry(
        fingerprint=finding.fingerprint,
        rule=finding.rule_id,
        operation=finding.operation,
        place=f"{finding.side.value} {finding.problem.instance_pointer}".rstrip(),
        message=finding.problem.message,
        reason=reason,
        expires=expires,
    )
