"""A description under audit, with everything that may be asked about it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.openapi.changes import Change
from conformance.openapi.survey import Survey
from conformance.schemas.observed import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What another description of the same API says differently; that one is the `new` side of the change."""

    other: str
    """The name of the other description."""
    change: Change
    survey: Survey
    """The other description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What an audit check looks at."""

    survey: Survey
    sisters: tuple[Survey, ...] = ()
    """The other descriptions of the same run."""
    differences: tuple[Difference, ...] | None = None
    """Against other descriptions of the same API; None where none was given or none has the same operations."""
    observed: Observed | None = None
    """What recordings show; None where none was given."""
    crowd: tuple[Survey, ...] = ()
    """The description and its sisters, in the order of the run."""
