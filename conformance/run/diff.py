"""The pipeline of `conformance diff`: two files of one kind, told by their content."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from conformance import results
from conformance.errors import SettingsError
from conformance.model.changes import Changes, compare
from conformance.model.rule import Severity


class Kind(Enum):
    """What a file is."""

    RESULTS = "a results file"
    DOCUMENT = "an OpenAPI document"


def kind(path: Path) -> Kind:
    """Tell by its content what a file is; everything that is no results file is taken for a document.

    Raises:
        SettingsError: it cannot be read.

    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(where=str(path), what=f"cannot be read ({error.strerror})", hint="name a file") from error
    return Kind.RESULTS if results.recognizes(content) else Kind.DOCUMENT


def common(base: Path, head: Path) -> Kind:
    """Tell what two files are.

    Raises:
        SettingsError: one cannot be read, or they are of different kinds.

    """
    first, second = kind(base), kind(head)
    if first is not second:
        what = f"{base} is {first.value}, {head} is {second.value}"
        raise SettingsError(where="diff", what=what, hint="name two results files or two documents")
    return first


def reports(base: Path, head: Path, *, fail_on: Severity) -> Changes:
    """Give what differs between two results files.

    Raises:
        ResultsError: one cannot be read.

    """
    return compare(results.read(base), results.read(head), fail_on=fail_on)
