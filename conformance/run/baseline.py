"""The pipeline of `conformance baseline`: today's findings become known ones."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from conformance import baseline
from conformance.baseline import Renewal
from conformance.errors import SettingsError
from conformance.run.report import merge


def accept(files: tuple[str, ...], to: Path, *, reason: str | None, expires: dt.date | None) -> Renewal:
    """Accept every finding of results files, and keep what the baseline says of those that it has.

    Raises:
        ConformanceError: a results file or the baseline cannot be read, or the baseline cannot be written.

    """
    before = baseline.read(to) if to.exists() else ()
    today = dt.datetime.now(tz=dt.UTC).date()
    renewal = baseline.renewed(merge(files), before, reason=reason, expires=expires, today=today)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(baseline.text(renewal.entries), encoding="utf-8")
    except OSError as error:
        hint = "name a file that can be written"
        raise SettingsError(where="--to", what=f"{to}: {error.strerror}", hint=hint) from error
    return renewal
