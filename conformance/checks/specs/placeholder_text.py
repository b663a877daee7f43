"""The check `placeholder-text`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.openapi.spelling import texts
from conformance.schemas.audited import Audited

_PLACEHOLDER: Final = re.compile(
    r"\bTODO\b|\bFIXME\b|\bTBD\b|\bXXX\b|\b[Ll]orem ipsum\b|^\W*(?:add )?(?:a )?description(?: here| goes here)?\W*$"
    r"|^\W*(?:to be (?:defined|written|documented)|placeholder|coming soon)\W*$",
    re.MULTILINE,
)


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="a description", document=path(description="List the things to do."))],
    objects_to=[
        DocumentExample(
            title="a description to come",
            document=path(description="TODO: describe this"),
            at=("/paths/~1things/get/description",),
        ),
    ],
)
def placeholder_text(audited: Audited) -> Iterator[Problem]:
    """A placeholder stands where a description should be.

    It is published as it is. The same placeholder in many places is one finding.
    """
    for node, field, text in texts(audited.survey):
        match = _PLACEHOLDER.search(text)
        if match is not None:
            message = f"{text.strip()!r} is a placeholder"
            yield flaw(node, message, keyword=field, actual=text, grounds=Grounds(cause=f"placeholder: {text.strip()}"))
