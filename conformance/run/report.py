"""The pipeline of `conformance report`: results files in, one report out."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from conformance import results
from conformance.config import Settings
from conformance.model import parts
from conformance.model.report import Report, unite_named
from conformance.model.rule import Severity
from conformance.run.suite import Outcome


def merge(files: tuple[str, ...]) -> Report:
    """Unite results files.

    Raises:
        ResultsError: one cannot be read, or they cannot be united.

    """
    united = unite_named((file, results.read(Path(file))) for file in files)
    return replace(united, cells=parts.joined(united.cells))


def report(settings: Settings, files: tuple[str, ...]) -> Outcome:
    """Unite results files.

    Raises:
        ResultsError: one cannot be read, or they cannot be united.

    """
    return Outcome(report=merge(files), fail_on=Severity(settings.fail_on), seconds=0.0)
