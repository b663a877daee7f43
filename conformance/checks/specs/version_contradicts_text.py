"""The check `version-contradicts-text`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited

_VERSION: Final = re.compile(r"\b[vV](?:ersion )?(\d+)(?:\.\d+)*\b")
_SEGMENT: Final = re.compile(r"/(?:v(\d+)(?:\.\d+)*|(\d{4}-\d{2}-\d{2}))(?=/|$)")


def _document(url: str, description: str) -> dict[str, Any]:
    return {"servers": [{"url": url, "description": description}]}


@audit(
    technique=Technique.TEXT,
    severity=Severity.NOTE,
    accepts=[DocumentExample(title="the same version", document=_document("https://x.test/v1", "The API, v1"))],
    objects_to=[
        DocumentExample(
            title="v1 in the text, v2 in the URL",
            document=_document("https://x.test/v2", "The API, v1"),
            at=("/servers/0/description",),
        ),
        DocumentExample(
            title="v1 in the text, a date in the URL",
            document=_document("https://x.test/2010-04-01", "REST API v1"),
            at=("/servers/0/description",),
        ),
    ],
)
def version_contradicts_text(audited: Audited) -> Iterator[Problem]:
    """The description of a server names another version than its URL.

    A reader who chooses by the text calls the wrong version.
    """
    for node in audited.survey.of(Kind.SERVER):
        text, url = node.get("description"), node.get("url")
        told = _VERSION.search(text) if isinstance(text, str) else None
        real = _SEGMENT.search(url) if isinstance(url, str) else None
        if told is not None and real is not None and told[1] != real[1]:
            evidence = Evidence(what="the URL", samples=(Witness(source=node.at("url"), value=url),))
            grounds = Grounds(confidence=Confidence.MEDIUM, evidence=(evidence,))
            message = f"the text says {told.group()!r}, the URL {real.group()[1:]!r}"
            yield flaw(node, message, keyword="description", expected=real.group()[1:], actual=told.group(),
                       grounds=grounds)  # fmt: skip
