"""The path of a request as its operation's template has it, decoded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from conformance.model.rule import Matched

_PARAMETER: Final = re.compile(r"\{([^{}/]+)\}")


def filled(seen: Matched, instead: Mapping[str, str] | None = None) -> str | None:
    """Give the template of an operation with the values of the request; None where one of them is wrong.

    `instead` has values that come before those of the request.
    """
    values = {**seen.path_parameters, **instead} if instead else seen.path_parameters
    template = seen.operation.path
    if "{" not in template:
        return template
    try:
        return _PARAMETER.sub(lambda found: values[found[1]], template)
    except KeyError:
        return None
