"""What every pipeline starts and ends with: descriptions and a judge, a report and its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from conformance import checks, results
from conformance.checks.gate import Gate
from conformance.checks.judge import Judge
from conformance.config import Settings
from conformance.errors import SettingsError
from conformance.model.operation import Contract, Operation
from conformance.model.report import Report, Subject
from conformance.model.rule import Check, Severity
from conformance.model.rule import Subject as Subjects
from conformance.model.value import Value
from conformance.openapi import operations as openapi
from conformance.openapi.document import shipped
from conformance.profiles.twilio.demands import demands
from conformance.profiles.twilio.formats import FORMATS
from conformance.profiles.twilio.sids import prefixes_of_pattern
from conformance.schemas.compiler import Compiler
from conformance.schemas.formats import STANDARD
from conformance.version import __version__

Progress = Callable[[int], None]
"""Told how many exchanges have been judged since it was last told."""


class Outcome(Value, frozen=True, kw_only=True):
    """What a command made."""

    report: Report
    fail_on: Severity
    seconds: float
    interrupted: bool = False
    """Whether it ended before everything was done."""


def compiler() -> Compiler:
    """Give a compiler that asserts every format this program knows."""
    return Compiler(
        formats={**STANDARD, **FORMATS}, is_identifier=lambda pattern: prefixes_of_pattern(pattern) is not None
    )


def load(settings: Settings, *, contract: Contract | None = None) -> tuple[Operation, ...]:
    """Give all operations that the settings name, under their contract or another one.

    Raises:
        ConformanceError: a description is missing or broken, or a glob names no operation.

    """
    paths = openapi.find(settings.specs or (shipped(),))
    held = contract or Contract(settings.contract)
    allowed = frozenset(settings.allow_references)
    found = tuple(each for path in paths for each in openapi.read(path, contract=held, allowed=allowed))
    seen: set[str] = set()
    for operation in found:
        if operation.key in seen:
            what = f"the operation {operation.key} a second time"
            raise SettingsError(where=operation.api.path, what=what, hint="give the descriptions different file names")
        seen.add(operation.key)
    return found


def chosen(operations: Iterable[Operation], globs: tuple[str, ...]) -> tuple[Operation, ...]:
    """Give the operations whose key a glob names; all of them where there is no glob.

    Raises:
        SettingsError: a glob names none.

    """
    known = tuple(operations)
    for glob in globs:
        if not any(fnmatchcase(operation.key, glob) for operation in known):
            hint = "`conformance list operations` shows the names"
            raise SettingsError(where="--operation", what=f"{glob!r} names no operation", hint=hint)
    return tuple(each for each in known if not globs or any(fnmatchcase(each.key, glob) for glob in globs))


def chosen_checks(settings: Settings, *, audits: bool = False) -> tuple[Check, ...]:
    """Give the checks that `--select` and `--ignore` leave: those of descriptions, or all others.

    Strict checks are left out, unless strictness is asked for, or one of them by its name.

    Raises:
        SettingsError: a name or glob names no check.

    """
    every = checks.every(Subjects.SPEC) if audits else checks.of_traffic(strict=True)
    for glob in (*settings.select, *settings.ignore, *settings.severity):
        if not any(fnmatchcase(check.id, glob) for check in every):
            hint = "`conformance list checks` shows the names"
            raise SettingsError(where="checks", what=f"{glob!r} names no check", hint=hint)
    return tuple(
        check
        for check in every
        if (not settings.select or any(fnmatchcase(check.id, glob) for glob in settings.select))
        and (settings.strict or not check.strict or check.id in settings.select)
        and not any(fnmatchcase(check.id, glob) for glob in settings.ignore)
    )


class Descriptions(Value, frozen=True, kw_only=True):
    """What was read of the descriptions: a value that travels to whoever judges."""

    operations: tuple[Operation, ...]
    corrected: tuple[Operation, ...] | None = None
    """Those of the second opinion, where there is one."""


def descriptions(settings: Settings) -> Descriptions:
    """Read the descriptions that the settings name.

    Raises:
        ConformanceError: one is missing or broken.

    """
    is_written = settings.contract == Contract.AS_WRITTEN.value
    corrected = load(settings, contract=Contract.CORRECTED) if is_written else None
    return Descriptions(operations=load(settings), corrected=corrected)


class Suite(Value, frozen=True, kw_only=True):
    """The descriptions and the judge that holds them."""

    settings: Settings
    descriptions: Descriptions
    operations: tuple[Operation, ...]
    """Every operation of the descriptions; matching needs them all."""
    chosen: tuple[Operation, ...]
    """Those that the report is about."""
    judge: Judge
    gate: Gate

    def subject(self, **decisive: Any) -> Subject:
        """Give what a report is about; `decisive` is whatever else decides the results."""
        return Subject(
            version=__version__,
            contract=self.settings.contract,
            apis=results.api_facts(self.operations),
            operations=tuple(results.facts(operation) for operation in self.chosen),
            rules={
                check.id: {
                    "title": check.title,
                    "severity": self.judge.severity(check).value,
                    "subject": check.subject.value,
                    "stage": check.stage.name.lower().replace("_", "-"),
                }
                for check in self.judge.checks
            },
            settings={**self._narrowed(), **decisive},
        )

    def _narrowed(self) -> dict[str, list[str]]:
        """The choices of operations and checks, where there are any: what was not chosen is not missing."""
        names = ("operation", "select", "ignore")
        return {name: list(chosen) for name in names if (chosen := getattr(self.settings, name))}


def suite(settings: Settings, read: Descriptions | None = None) -> Suite:
    """Load the descriptions, where nobody has `read` them yet, and plan the checks.

    Raises:
        ConformanceError: a description, a name or a glob is wrong.

    """
    known = descriptions(settings) if read is None else read
    operations = known.operations
    held = chosen_checks(settings)
    severities = {
        check.id: Severity(level)
        for glob, level in settings.severity.items()
        for check in held
        if fnmatchcase(check.id, glob)
    }
    second = None if known.corrected is None else Judge(known.corrected, checks=held, compiler=compiler())
    judge = Judge(operations, checks=held, compiler=compiler(), severities=severities, second=second)
    return Suite(
        settings=settings,
        descriptions=known,
        operations=operations,
        chosen=chosen(operations, settings.operation),
        judge=judge,
        gate=Gate(judge, tighten=demands),
    )
