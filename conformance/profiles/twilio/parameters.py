"""Parameters that Twilio's lists take beyond what a description declares."""

from __future__ import annotations

from typing import Final

from conformance.model.operation import Location, Operation
from conformance.profiles.twilio.answers import shape
from conformance.schemas.walk import keyword

PAGING: Final = frozenset({"Page", "PageSize", "PageToken", "Size", "Token"})
"""Which page of a list, and how long."""
_LINKED: Final = frozenset({"Page", "PageSize", "PageToken"})


def accepted(operation: Operation) -> frozenset[str]:
    """Give the query parameters that are right though no description declares them.

    A list's own links send `Page`, `PageSize` and `PageToken`. A filter by date takes a range as `Name<` and `Name>`,
    as the reference of Twilio's SDKs has it.
    """
    known = shape(operation)
    if known is None or known.items is None:
        return frozenset()
    dates = {
        f"{parameter.name}{sign}"
        for parameter in operation.parameters_in(Location.QUERY)
        if keyword(parameter.schema.json_schema, parameter.schema.json_schema, "format") in {"date", "date-time"}
        for sign in "<>"
    }
    return _LINKED | dates
